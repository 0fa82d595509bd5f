"""Silence and missing beacons as conditions."""

from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.alerts.conditions import Limits, conditions
from skerry_agent.api.view import AgentStatus
from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.radio import DeviceState
from skerry_testing.api import NOW_NS, FakeView, Served, fill, serve_api

HOUR_NS = 3600 * NS_PER_S


async def firing(served: Served, key: str, *, hours: int, **limits: int) -> bool | None:
    found = await conditions(
        served.view, served.stores, standing={}, now_ns=NOW_NS + hours * HOUR_NS, limits=Limits(**limits)
    )
    (condition,) = [one for one in found if one.key == key]
    return condition.firing


async def test_silence_fires_after_the_hours_that_the_owner_set(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        assert await firing(served, "silence", hours=9, silent_hours=6) is None  # no radio was ever there
        await fill(served)
        assert await firing(served, "silence", hours=5, silent_hours=6) is False
        assert await firing(served, "silence", hours=7, silent_hours=6) is True
        assert await firing(served, "silence", hours=7, silent_hours=0) is None


async def test_a_beacon_is_overdue_after_two_intervals_with_an_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        assert await firing(served, "beacon", hours=20, beacon_interval_s=6 * 3600) is None  # nobody asks for beacons
        with_operator = working(served.view)
        monkeypatch.setattr(FakeView, "status", lambda _: with_operator)
        assert await firing(served, "beacon", hours=11, beacon_interval_s=6 * 3600) is False
        assert await firing(served, "beacon", hours=13, beacon_interval_s=6 * 3600) is True
        assert await firing(served, "beacon", hours=13, beacon_interval_s=0) is None


async def test_a_radio_that_is_up_and_ill_is_worth_an_alert_and_one_that_is_down_only_its_own(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        up = served.view.live["d1"]
        for condition, expected in (("healthy", False), ("quiet", False), ("deaf", True), ("noisy", True)):
            served.view.live["d1"] = replace(up, values={"radio_condition": condition, "radio_finding": "So it is."})
            assert await firing(served, "radio d1", hours=0) is expected
        served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.DOWN)
        found = await conditions(served.view, served.stores, standing={}, now_ns=NOW_NS, limits=Limits())
        assert [one.key for one in found if "d1" in one.key] == ["device d1"]


async def test_a_gateway_that_nobody_knows_is_worth_no_alert(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.DOWN, is_known=False)
        found = await conditions(served.view, served.stores, standing={}, now_ns=NOW_NS, limits=Limits())
        assert [one.key for one in found if "d1" in one.key] == []


def working(view: FakeView) -> AgentStatus:
    """Return the view's status with an operator and a confirmed region."""
    status = view.status()
    hotspots = tuple(replace(one, region="EU868") for one in status.hotspots)
    return replace(status, operator=replace(status.operator, is_set=True), hotspots=hotspots)
