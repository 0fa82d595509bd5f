"""Stored devices joined with their live state. Used by the API, the status page and the MQTT telemetry."""

from collections.abc import Iterable, Mapping

from skerry_agent.api.view import DeviceState, LiveDevice
from skerry_agent.store import DeviceRow

__all__ = ["device_counts", "live_device"]


def live_device(row: DeviceRow, live: Mapping[str, LiveDevice]) -> LiveDevice:
    """Return a stored device's live state: unknown when it was not seen since the start."""
    unknown = LiveDevice(
        id=row.id, state=DeviceState.UNKNOWN, reason="not seen since the start", values={}, as_of_ns=row.last_seen_ns
    )
    return live.get(row.id, unknown)


def device_counts(rows: Iterable[DeviceRow], live: Mapping[str, LiveDevice]) -> dict[str, int]:
    """Return how many devices are in each state, by the state's name."""
    counts = {state.value: 0 for state in DeviceState}
    for row in rows:
        counts[live_device(row, live).state.value] += 1
    return counts
