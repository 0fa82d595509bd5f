"""The live state of every device of this agent, from the events that its drivers send.

The API and doctor read it; the stored list of devices (names, regions, first sight) is `store.devices`, the log's lines
are `device_log`. How many devices there are the settings bound, and for gateways that come by themselves `guests`: who
gives way is forgotten here too.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from skerry_agent.api.view import LiveDevice
from skerry_agent.events import EventHub
from skerry_agent.runtime.device_log import DeviceLog
from skerry_agent.store import DeviceRow, Devices
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.radio import (
    DeviceEvent,
    DeviceForgotten,
    DeviceState,
    DeviceTrouble,
    FrameHeard,
    StateChanged,
    StatusReported,
)
from skerry_firmware_bridge.sentinel.sentinel import Condition, Judgement
from skerry_wire.frames import ReceivedFrame

__all__ = ["DeviceBoard"]

REFUSED_LATELY_NS = 300 * NS_PER_S  # a gateway that is refused says so at least once a minute
STORE_EVERY_NS = 3600 * NS_PER_S  # how exactly the last sight of a device that is up is known after a power cut
MAX_FORGOTTEN = 1000  # rows that wait for a disk to take their end; what is above stays until `store.devices` is full
FRESH_NS = NS_PER_S  # ages are shown in seconds: a gateway that hears 80 frames in one is not noted 80 times
_log = logging.getLogger(__name__)


class DeviceBoard:
    """Takes device events (`take` is an `EventSink`), keeps states, hands frames to `frame_heard`."""

    def __init__(
        self,
        *,
        clock: Clock,
        hub: EventHub,
        frame_heard: Callable[[str, ReceivedFrame], None],
        forgotten: Callable[[str], None] = lambda _device_id: None,
    ) -> None:
        self._clock = clock
        self._hub = hub
        self._frame_heard = frame_heard
        self._forgotten = forgotten
        self._live: dict[str, LiveDevice] = {}
        self._lines = DeviceLog(clock)
        self._unsaved: dict[str, DeviceRow] = {}
        self._noted_ns: dict[str, int] = {}
        self._gone: deque[str] = deque(maxlen=MAX_FORGOTTEN)
        self._refused: DeviceTrouble | None = None
        self._came = asyncio.Event()

    def live(self) -> Mapping[str, LiveDevice]:
        """Return the state of every device heard of since the start."""
        return dict(self._live)

    def expect(self, device_id: str, reason: str) -> None:
        """List a configured device that has not been heard yet: its state is unknown."""
        self._live.setdefault(device_id, self._unknown(device_id, reason))

    def judged(self, device_id: str, judgement: Judgement) -> None:
        """Show the sentinel's word on a radio beside its values; the illness of one that is up is its reason."""
        old = self._live.get(device_id)
        if old is None:
            return
        values = {**old.values, "radio_condition": judgement.condition.value, "radio_finding": judgement.reason}
        reason = old.reason
        if old.state is DeviceState.UP and judgement.condition.is_ill:
            reason = judgement.reason
        elif old.state is DeviceState.UP and Condition(old.values.get("radio_condition", "healthy")).is_ill:
            reason = "The radio hears as usual again."
        self._live[device_id] = replace(old, values=values, reason=reason)
        if old.values.get("radio_condition") != judgement.condition.value:
            told = {"id": device_id, "condition": judgement.condition.value, "reason": judgement.reason}
            self._hub.publish("devices", told)

    def take(self, event: DeviceEvent) -> None:
        """Accept one event from a driver; never blocks."""
        match event:
            case FrameHeard():
                self._seen(event.device_id)
                self._frame_heard(event.device_id, event.frame)
            case StateChanged():
                self._change(event)
            case StatusReported():
                old = self._live.get(event.device_id) or self._unknown(event.device_id, "status received")
                self._live[event.device_id] = replace(
                    old, values={**old.values, **event.values}, as_of_ns=event.wall_ns
                )
                self._hub.publish("devices", {"id": event.device_id, "values": dict(event.values)})
            case DeviceForgotten():
                self._forget(event.device_id)
            case DeviceTrouble():
                self._lines.trouble(event, is_listed=event.device_id in self._live)
                self._note_trouble(event)
                self._hub.publish("devices", {"id": event.device_id, "trouble": event.code, "detail": event.detail})
            case DeviceEvent():
                _log.debug("%s: %s", event.device_id, event)
            case _:
                assert_never(event)

    async def run(self, devices: Devices) -> None:
        """Store every device as soon as it is heard of, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            try:
                await self.save(devices)
            except SkerryError as error:  # they are stored with the next housekeeping, or the one after
                _log.error("devices: not stored (%s)", error)

    async def save(self, devices: Devices) -> None:
        """Store devices that came or changed since the last call. Raises `StoreUnavailable`; nothing is forgotten."""
        self._note_again()
        while self._gone:
            device_id = self._gone.popleft()
            try:
                await devices.forget(device_id)
            except SkerryError:
                self._gone.appendleft(device_id)
                raise
        for device_id, row in list(self._unsaved.items()):
            await devices.seen(row)
            if self._unsaved.get(device_id) is row:
                del self._unsaved[device_id]

    def refused_lately(self) -> str | None:
        """Return what was last told of a device that is none of ours, so that nobody waits for it in vain."""
        if self._refused is None or self._clock.wall_ns() - self._refused.wall_ns > REFUSED_LATELY_NS:
            return None
        return self._refused.detail

    def _note_trouble(self, event: DeviceTrouble) -> None:
        """Show a trouble beside the values until the device's state changes for the better."""
        old = self._live.get(event.device_id)
        if old is None:
            self._refused = event
            return
        at = datetime.fromtimestamp(event.wall_ns // NS_PER_S, UTC).isoformat()
        trouble = {"trouble": event.code, "trouble_detail": event.detail, "trouble_at": at}
        self._live[event.device_id] = replace(old, values={**old.values, **trouble})

    def _change(self, event: StateChanged) -> None:
        before = self._live.get(event.device_id)
        old = before or self._unknown(event.device_id, event.reason)
        values, as_of_ns = old.values, event.wall_ns
        if event.state is DeviceState.UP:
            over = ("trouble", "radio_") if values.get("radio_condition") == Condition.GONE.value else ("trouble",)
            values = {name: value for name, value in values.items() if not name.startswith(over)}
        elif before is not None and old.state is not DeviceState.UP:
            as_of_ns = old.as_of_ns  # another reason for its silence: it was not heard meanwhile
        self._live[event.device_id] = replace(
            old, state=event.state, reason=event.reason, values=values, as_of_ns=as_of_ns, is_known=event.is_known
        )
        self._lines.changed(event)
        if before is None or old.state is not event.state:
            self._note(event.device_id)
        change = {"id": event.device_id, "state": event.state.value, "reason": event.reason}
        self._hub.publish("devices", change)

    def _forget(self, device_id: str) -> None:
        for kept in (self._live, self._unsaved, self._noted_ns):
            kept.pop(device_id, None)
        self._lines.forget(device_id)
        self._forgotten(device_id)
        self._gone.append(device_id)
        self._came.set()

    def _seen(self, device_id: str) -> None:
        now_ns = self._clock.wall_ns()
        old = self._live.get(device_id)
        if old is None or old.state is not DeviceState.UP:
            reason = "It hears frames."
            self._change(StateChanged(device_id=device_id, state=DeviceState.UP, reason=reason, wall_ns=now_ns))
        elif not 0 <= now_ns - old.as_of_ns < FRESH_NS:
            self._live[device_id] = replace(old, as_of_ns=now_ns)

    def _note_again(self) -> None:
        """Note the last sight of devices that are up, and so do not change."""
        now_ns = self._clock.wall_ns()
        for device_id, live in self._live.items():
            if live.state is DeviceState.UP and now_ns - self._noted_ns.get(device_id, 0) >= STORE_EVERY_NS:
                self._note(device_id)

    def _note(self, device_id: str) -> None:
        now_ns = self._noted_ns[device_id] = self._clock.wall_ns()
        kind, _, name = device_id.partition(":")
        self._unsaved[device_id] = DeviceRow(
            id=device_id, kind=kind, name=name or device_id, first_seen_ns=now_ns, last_seen_ns=now_ns, details={}
        )
        self._came.set()

    def _unknown(self, device_id: str, reason: str) -> LiveDevice:
        return LiveDevice(
            id=device_id, state=DeviceState.UNKNOWN, reason=reason, values={}, as_of_ns=self._clock.wall_ns()
        )
