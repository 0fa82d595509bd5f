"""What the log says of devices: once per change. The board, which sees every event, asks for each line.

A device that stops working is one line, with the reason and what to do; another when a person has something else to
mend meanwhile; the last when it works again. What is told again and again is one line as long as it lasts.
"""

import logging

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.radio import DeviceState, DeviceTrouble, StateChanged

__all__ = ["DeviceLog"]

TROUBLE_LASTS_NS = 600 * NS_PER_S  # told again within that time it is the same trouble
CROWD = "too_many_gateways"  # the trouble of a server, whichever gateway it names
_log = logging.getLogger(__name__)


class DeviceLog:
    """Remembers what was told; `forget` what was told of a device."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._outages: dict[str, str] = {}  # devices that are told not to work, with the refusal that was told
        self._troubles: dict[tuple[str, str], int] = {}  # when the trouble of a device, or a kind, was told last

    def changed(self, event: StateChanged) -> None:
        """Tell a change of state or reason, where it is worth a line."""
        told = self._outages.get(event.device_id)
        level = logging.DEBUG
        if event.state is DeviceState.UP:
            self._outages.pop(event.device_id, None)
            level = logging.INFO
        else:
            self._outages[event.device_id] = event.refusal or told or ""
            if told is None or event.refusal not in {"", told}:
                level = logging.WARNING
        if event.is_echo or (not event.is_known and self._is_told((_kind(event.device_id), CROWD))):
            level = logging.DEBUG
        _log.log(level, "%s: %s (%s)", event.device_id, event.state.value, event.reason)

    def trouble(self, event: DeviceTrouble, *, is_listed: bool) -> None:
        """Tell a trouble, once for all devices of a kind that are not listed: their ids may be invented."""
        is_its_own = is_listed and event.code != CROWD
        key = (event.device_id if is_its_own else _kind(event.device_id), event.code)
        level = logging.DEBUG if self._is_told(key) else logging.WARNING
        self._troubles[key] = self._clock.monotonic_ns()
        _log.log(level, "%s: %s (%s)", event.device_id, event.detail, event.code)

    def forget(self, device_id: str) -> None:
        """Let go of a device that is there no more."""
        self._outages.pop(device_id, None)
        for key in [key for key in self._troubles if key[0] == device_id]:
            del self._troubles[key]
        _log.debug("%s: forgotten", device_id)

    def _is_told(self, trouble: tuple[str, str]) -> bool:
        """Return whether a trouble was told and has lasted since."""
        told_ns = self._troubles.get(trouble)
        return told_ns is not None and self._clock.monotonic_ns() - told_ns <= TROUBLE_LASTS_NS


def _kind(device_id: str) -> str:
    return device_id.partition(":")[0]
