"""What is worth an alert, from the agent's view. Limits have a lower edge: a value on the brink must not flap."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skerry_agent.alerts.book import Condition
from skerry_agent.alerts.credits import CreditWatch
from skerry_agent.api.view import AgentView
from skerry_agent.store import Stores
from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.radio import DeviceState
from skerry_firmware_bridge.sentinel.sentinel import Condition as Hearing

__all__ = ["Limits", "conditions"]

DISK_TRIPS, DISK_CLEARS = 0.90, 0.85  # share of the disk in use
HOT_TRIPS_C, HOT_CLEARS_C = 75.0, 70.0
HOUR_S = 3600
BACKLOG_TRIPS_S = 3600  # reports that wait longer may come too late to be paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner's settings say; 0 switches a check off."""

    silent_hours: int = 0
    beacon_interval_s: int = 0


async def conditions(
    view: AgentView,
    stores: Stores,
    *,
    standing: Mapping[str, str],
    now_ns: int,
    limits: Limits,
    credits: CreditWatch | None = None,
) -> list[Condition]:
    """Return every condition as it is now; `credits` is given where the operator is in this folder."""
    found = [*_devices(view), *_links(view), *_machine(stores.main.path.parent, standing)]
    oldest_ns = min((one.oldest_ns for one in await stores.outbox.backlog()), default=now_ns)
    waited_s = (now_ns - oldest_ns) // NS_PER_S
    found.append(
        Condition(
            key="outbox",
            firing=waited_s > BACKLOG_TRIPS_S,
            text=f"Reports have been waiting to be sent for {waited_s // 60} minutes.",
        )
    )
    found += [await _silence(view, stores, limits, now_ns), await _beacons(view, stores, limits, now_ns)]
    if credits is not None:
        time_is_known = view.status().clock.synchronised is True
        found += await credits.conditions(standing=standing, now_ns=now_ns, time_is_known=time_is_known)
    return found


async def _silence(view: AgentView, stores: Stores, limits: Limits, now_ns: int) -> Condition:
    newest = (await stores.packets.page(limit=1)).rows
    since_ns = max(view.status().started_ns, newest[0].at_ns if newest else 0)
    hours = (now_ns - since_ns) // (HOUR_S * NS_PER_S)
    firing = hours >= limits.silent_hours if limits.silent_hours and view.devices() else None
    return Condition(key="silence", firing=firing, text=f"No radio has heard a frame for {hours} hours.")


async def _beacons(view: AgentView, stores: Stores, limits: Limits, now_ns: int) -> Condition:
    """One beacon per interval at a random moment of it: two intervals without any are one too many."""
    status = view.status()
    since_ns = max(status.started_ns, await stores.beacons.last_at_ns() or 0)
    due = limits.beacon_interval_s > 0 and status.operator.is_set and any(one.region for one in status.hotspots)
    firing = now_ns - since_ns > 2 * limits.beacon_interval_s * NS_PER_S if due else None
    hours = (now_ns - since_ns) // (HOUR_S * NS_PER_S)
    return Condition(key="beacon", firing=firing, text=f"No beacon has been sent for {hours} hours.")


def _devices(view: AgentView) -> Iterator[Condition]:
    for device_id, live in view.devices().items():
        if not live.is_known:  # whoever reaches the port can let any number of gateways come and go
            continue
        firing = {DeviceState.UP: False, DeviceState.DOWN: True, DeviceState.UNKNOWN: None}[live.state]
        yield Condition(key=f"device {device_id}", firing=firing, text=f"{device_id}: {live.reason}")
        hearing = live.values.get("radio_condition")
        if hearing is not None and live.state is DeviceState.UP:
            finding = f"{device_id} is {hearing}: {live.values.get('radio_finding')}"
            yield Condition(key=f"radio {device_id}", firing=Hearing(hearing).is_ill, text=finding)


def _links(view: AgentView) -> Iterator[Condition]:
    status = view.status()
    operator = status.operator
    if operator.is_set:
        firing = {DeviceState.UP: False, DeviceState.DOWN: True, DeviceState.UNKNOWN: None}[operator.state]
        yield Condition(key="operator", firing=firing, text=f"Operator of {operator.network}: {operator.reason}")
    for network in status.networks:
        firing = {DeviceState.UP: False, DeviceState.DOWN: True, DeviceState.UNKNOWN: None}[network.state]
        yield Condition(key=f"network {network.name}", firing=firing, text=f"Network {network.name}: {network.reason}")
    synchronised = status.clock.synchronised
    yield Condition(
        key="clock",
        firing=None if synchronised is None else not synchronised,
        text="The clock is not synchronised; nothing is signed until it is.",
    )


def _machine(folder: Path, standing: Mapping[str, str]) -> Iterator[Condition]:
    usage = shutil.disk_usage(folder)
    used = 1 - usage.free / usage.total
    limit = DISK_CLEARS if "disk" in standing else DISK_TRIPS
    yield Condition(key="disk", firing=used >= limit, text=f"The disk is {used:.0%} full.")
    try:
        celsius = int(Path("/sys/class/thermal/thermal_zone0/temp").read_text()) / 1000
    except (OSError, ValueError):
        return
    hot = celsius >= (HOT_CLEARS_C if "temperature" in standing else HOT_TRIPS_C)
    yield Condition(key="temperature", firing=hot, text=f"The processor is at {celsius:.0f} C.")
