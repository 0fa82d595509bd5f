"""Scans take turns: the second waits for the first, says so, and does not wait for ever."""

import os
from pathlib import Path

import pytest

from skerry_core.errors import RefusedError
from skerry_core.file_lock import FileLock
from skerry_firmware_bridge.discovery.scan import Scope, scan
from skerry_firmware_bridge.discovery.turn import scan_turn
from skerry_simulate.clock import SimulatedClock
from skerry_testing.simulated import LINES, Bench, simulated


def test_the_second_waits_and_says_for_whom(tmp_path: Path) -> None:
    told: list[str] = []
    first = FileLock(tmp_path / "lock")

    def note(_fraction: float, words: str) -> None:
        told.append(words)
        if len(told) == 3:
            first.free()

    async def main(clock: SimulatedClock) -> None:
        assert first.take()
        async with scan_turn(tmp_path / "lock", clock=clock, on_progress=note):
            assert not FileLock(tmp_path / "lock").take()

    simulated(main)
    assert told == [f"waiting for another scan (process {os.getpid()}) to end"] * 3
    assert first.take()


def test_another_that_does_not_end_is_named_in_the_refusal(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with scan_turn(tmp_path / "lock", clock=clock, on_progress=lambda *_: None, wait_s=3.0):
            raise AssertionError

    first = FileLock(tmp_path / "lock")
    assert first.take()
    with pytest.raises(RefusedError) as caught:
        simulated(main)
    assert caught.value.code == "E_SCAN_RUNNING"
    assert str(os.getpid()) in caught.value.detail
    first.free()


def test_a_list_of_ports_waits_for_nobody(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> list[object]:
        around = Bench(lambda *_: None, clock=clock, faults=LINES["plain"]).around  # type: ignore[arg-type]  # nothing is opened
        return list(await scan(Scope(probing=False), around=around, lock=tmp_path / "lock", ports=lambda announced: []))

    first = FileLock(tmp_path / "lock")
    assert first.take()
    assert simulated(main) == []
    first.free()


def test_a_scan_leaves_the_lock_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")

    async def main(clock: SimulatedClock) -> None:
        around = Bench(lambda *_: None, clock=clock, faults=LINES["plain"]).around  # type: ignore[arg-type]  # nothing is opened
        await scan(Scope(), around=around, lock=tmp_path / "lock", ports=lambda announced: [])

    simulated(main)
    assert (tmp_path / "lock").exists()
    lock = FileLock(tmp_path / "lock")
    assert lock.take()
    lock.free()
