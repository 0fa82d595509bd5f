from dataclasses import replace
from pathlib import Path

from skerry_agent.api.view import DeviceState
from skerry_agent.metric_sources import MetricSources
from skerry_agent.store import RewardState
from skerry_core import __version__
from skerry_core.clock import SystemClock
from skerry_testing.api import NOW_NS, fill, serve_api


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
