"""Fills the gauges that are read rather than counted, right before a scrape. Used by the API's /metrics."""

import shutil
from collections import Counter
from pathlib import Path

from skerry_agent.api.view import AgentView
from skerry_agent.metrics import Metrics
from skerry_agent.store import RewardState, Stores
from skerry_core import __version__
from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.duty import WINDOW_NS, WINDOW_S, name_of
from skerry_firmware_bridge.radio import DeviceState
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import region_limits

__all__ = ["MetricSources"]

_UP = {DeviceState.UP: 1.0, DeviceState.DOWN: 0.0, DeviceState.UNKNOWN: None}
_TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")


class MetricSources:
    """What the gauges are read from."""

    def __init__(self, *, view: AgentView, stores: Stores, metrics: Metrics, clock: Clock) -> None:
        self._view = view
        self._stores = stores
        self._metrics = metrics
        self._clock = clock
        self._on_air: set[tuple[str, str]] = set()  # radios and sub-bands that have sent since the start

    async def refresh(self) -> None:
        """Read everything; what is unknown is removed, never set to zero."""
        self._machine()
        self._devices()
        await self._duty()
        await self._queues()
        await self._money()

    def _machine(self) -> None:
        metrics, status = self._metrics, self._view.status()
        metrics.set("skerry_build_info", 1, version=__version__)
        metrics.set("skerry_uptime_seconds", max(0, self._clock.wall_ns() - status.started_ns) // NS_PER_S)
        offset_ms = status.clock.offset_ms
        metrics.set("skerry_clock_offset_seconds", None if offset_ms is None else offset_ms / 1000)
        operator = status.operator
        metrics.set("skerry_link_up", _UP[operator.state] if operator.is_set else None, network=operator.network)
        metrics.set("skerry_disk_free_bytes", shutil.disk_usage(self._stores.main.path.parent).free)
        metrics.set("skerry_cpu_temperature_celsius", _temperature())

    def _devices(self) -> None:
        for device_id, live in self._view.devices().items():
            self._metrics.set("skerry_device_up", _UP[live.state], device=device_id)
            seconds = live.as_of_ns / NS_PER_S if live.as_of_ns else None
            self._metrics.set("skerry_device_last_frame_timestamp_seconds", seconds, device=device_id)

    async def _duty(self) -> None:
        """Show how much of the last hour's allowed air time each radio has used, by sub-band."""
        budgets_us = _budgets_us({hotspot.region for hotspot in self._view.status().hotspots})
        spent_us: Counter[tuple[str, str]] = Counter()
        for entry in await self._stores.duty.since(self._clock.wall_ns() - WINDOW_NS):
            spent_us[entry.device_id, entry.band] += entry.airtime_us
        self._on_air |= spent_us.keys()
        for device, band in self._on_air:
            budget_us = budgets_us.get(band)
            ratio = spent_us[device, band] / budget_us if budget_us else None
            self._metrics.set("skerry_duty_cycle_ratio", ratio, device=device, band=band)

    async def _queues(self) -> None:
        waiting = {one.class_: one.waiting for one in await self._stores.outbox.backlog()}
        for queue in {*waiting, "beacon", "witness"}:
            self._metrics.set("skerry_queue_depth", waiting.get(queue, 0), queue=queue)
        last_ns = await self._stores.beacons.last_at_ns()
        self._metrics.set("skerry_last_beacon_timestamp_seconds", None if last_ns is None else last_ns / NS_PER_S)
        for (verdict, reason), count in (await self._stores.witnesses.counts()).items():
            self._metrics.set_counter("skerry_witnesses_total", count, verdict=verdict, reason=reason or "")
        for (verdict, reason), count in (await self._stores.beacons.counts()).items():
            self._metrics.set_counter("skerry_beacons_total", count, outcome=reason or verdict)

    async def _money(self) -> None:
        network = self._view.status().operator.network
        for (token, state), amount in (await self._stores.rewards.totals()).items():
            if state == RewardState.PENDING.value:
                self._metrics.set("skerry_rewards_pending", amount, network=network, token=token)


def _budgets_us(regions: set[str | None]) -> dict[str, int]:
    """Return the air time that each sub-band allows in an hour; a region without duty limits has none."""
    found: dict[str, int] = {}
    for region in regions - {None}:
        try:
            bands = region_limits(region or "").duty_bands or ()
        except UnknownRegion:
            continue
        found |= {name_of(band): band.limit_ppm * WINDOW_S for band in bands}
    return found


def _temperature() -> float | None:
    try:
        return int(_TEMPERATURE.read_text()) / 1000
    except (OSError, ValueError):
        return None
