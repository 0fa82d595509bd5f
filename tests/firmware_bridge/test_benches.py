"""The benchmarks of the device side run and count what they say; how fast they are is no matter of a test."""

from pathlib import Path

import pytest

from skerry_testing.bench import device_load, gateway_load, replug


async def test_a_gateways_frames_are_all_stored_by_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_load, "SECONDS", 1)
    monkeypatch.setattr(gateway_load, "IDLE_S", 0.5)
    cost = await gateway_load.measure(tmp_path / "agent")
    assert all(share >= 0 for share in cost.busy.values())
    assert cost.stored == len(cost.busy) * gateway_load.FRAMES_PER_S


async def test_devices_of_every_kind_are_read_while_they_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_load, "DEVICES", 3)
    monkeypatch.setattr(device_load, "SETTLE_S", 3)
    monkeypatch.setattr(device_load, "SECONDS", 1)
    assert await device_load.measure(tmp_path / "agent") >= 0
    assert device_load.devices_up(tmp_path / "agent") == 3


async def test_every_device_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replug, "ABSENCES_S", (0.1,))
    assert all(seconds > 0 for seconds in (await replug.measure(tmp_path)).values())
