from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.api.view import AgentStatus, DeviceState
from skerry_agent.metric_sources import MetricSources
from skerry_agent.store import RewardState
from skerry_core import __version__
from skerry_core.clock import SystemClock
from skerry_firmware_bridge.duty import DutyEntry, name_of
from skerry_radio.regions import region_limits
from skerry_testing.api import NOW_NS, FakeView, fill, serve_api


async def test_a_scrape_shows_devices_queues_verdicts_and_pending_rewards(tmp_path: Path) -> None:
    async with serve_api(tmp_path) as served:
        await fill(served)
        row = await served.stores.rewards.get("r1")
        assert row is not None
        await served.stores.rewards.put([replace(row, id="r9", state=RewardState.PENDING, amount=5)])
        sources = MetricSources(view=served.view, stores=served.stores, metrics=served.metrics, clock=SystemClock())
        await sources.refresh()
        text = served.metrics.text()
        for line in (
            f'skerry_build_info{{version="{__version__}"}} 1',
            'skerry_device_up{device="d1"} 1',
            f'skerry_device_last_frame_timestamp_seconds{{device="d1"}} {NOW_NS // 10**9}',
            'skerry_queue_depth{queue="witness"} 1',
            'skerry_queue_depth{queue="beacon"} 0',
            'skerry_witnesses_total{verdict="invalid",reason="too_close"} 3',
            'skerry_beacons_total{outcome="unknown"} 3',
            f"skerry_last_beacon_timestamp_seconds {NOW_NS // 10**9 + 3}",
            'skerry_rewards_pending{network="none",token="demo-IOT"} 5',
        ):
            assert line + "\n" in text, line
        assert "skerry_link_up" not in text  # no operator is set: unknown, not down
        assert "skerry_clock_offset_seconds" not in text

        served.view.live["d1"] = replace(served.view.live["d1"], state=DeviceState.UNKNOWN)
        await sources.refresh()
        assert "skerry_device_up" not in served.metrics.text()


async def test_the_duty_cycle_is_the_share_of_the_last_hours_allowed_air_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FakeView.status

    def status(self: FakeView) -> AgentStatus:
        found = original(self)
        return replace(found, hotspots=(replace(found.hotspots[0], region="EU868"),))

    monkeypatch.setattr(FakeView, "status", status)
    clock = SystemClock()
    now_ns = clock.wall_ns()
    band = next(one for one in region_limits("EU868").duty_bands or () if one.limit_ppm == 10_000)
    ratio = f'skerry_duty_cycle_ratio{{device="d1",band="{name_of(band)}"}}'
    async with serve_api(tmp_path) as served:
        for age_s, airtime_us in ((10, 6_000_000), (1000, 3_000_000), (4000, 36_000_000)):
            entry = DutyEntry(
                device_id="d1", band=name_of(band), start_ns=now_ns - age_s * 10**9, airtime_us=airtime_us
            )
            await served.stores.duty.add(entry)
        sources = MetricSources(view=served.view, stores=served.stores, metrics=served.metrics, clock=clock)
        await sources.refresh()
        assert f"{ratio} 0.25\n" in served.metrics.text()
        await served.stores.duty.prune(before_ns=now_ns)
        await sources.refresh()
        assert f"{ratio} 0\n" in served.metrics.text()  # known to be nothing, and not unknown
        monkeypatch.setattr(FakeView, "status", original)
        await sources.refresh()
        assert "skerry_duty_cycle_ratio" not in served.metrics.text()
