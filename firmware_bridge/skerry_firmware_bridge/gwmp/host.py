"""What every way of receiving GWMP shares: a session, its events to the agent, its time limits, waiting transmissions.

`server.GwmpServer` (UDP) and `serial.GwmpSerial` stand on it and add how bytes come and go.
"""

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace

from skerry_core.clock import Clock, Timer
from skerry_firmware_bridge.gwmp.gateway import KEEPALIVE_S, Address, device_id
from skerry_firmware_bridge.gwmp.radio import GwmpRadio
from skerry_firmware_bridge.gwmp.session import DownlinkConcluded, GwmpSession
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, EventSink, FrameHeard, StateChanged
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["GwmpHost"]

ANSWER_S = 0.05  # real time in which a forwarder on this machine answers; simulated time stands still for it


def _random_token() -> int:
    return secrets.randbelow(1 << 16)


class GwmpHost(ABC):
    """Events go to `sink`, in order, on the event loop; `sink` must not block. Downlinks through `radio(eui).send`."""

    def __init__(
        self,
        *,
        clock: Clock,
        sink: EventSink,
        random_token: Callable[[], int] = _random_token,
        keepalive_s: int = KEEPALIVE_S,
        pins: Mapping[bytes, str] | None = None,
        elsewhere: Callable[[bytes], str | None] = lambda _eui: None,
        known: Collection[bytes] = (),
    ) -> None:
        self.session = GwmpSession(
            random_token=random_token, keepalive_s=keepalive_s, pins=pins, elsewhere=elsewhere, known=known
        )
        self._clock = clock
        self._sink = sink
        self._radios: dict[bytes, GwmpRadio] = {}
        self._waiting: dict[int, asyncio.Future[TransmitOutcome]] = {}
        self._timer: Timer | None = None

    @abstractmethod
    def put(self, raw: bytes, target: Address) -> None:
        """Send one datagram; a datagram that cannot be sent is lost, as on any network."""

    @property
    def radios(self) -> list[GwmpRadio]:
        """Every gateway that is up or silent."""
        return list(self._radios.values())

    def radio(self, eui: bytes) -> GwmpRadio:
        """Return the radio of a gateway, whether it has been heard yet or not."""
        return self._radios.setdefault(eui, GwmpRadio(eui=eui, send=self._transmit))

    def place_of(self, eui: bytes) -> str | None:
        """Return where a gateway speaks from that is up or silent here, None for any other."""
        gateway = self.session.gateways.get(eui)
        return None if gateway is None else gateway.host

    async def _transmit(self, eui: bytes, request: TransmitRequest) -> TransmitOutcome:
        token = self.session.transmit(eui, request, now_ns=self._clock.monotonic_ns())
        waiting: asyncio.Future[TransmitOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[token] = waiting
        with ExitStack() as in_flight:
            in_flight.enter_context(self._clock.hold(f"{device_id(eui)}: PULL_RESP"))
            answered = asyncio.get_running_loop().call_later(ANSWER_S, in_flight.close)
            in_flight.callback(answered.cancel)
            self._send_all()
            self._arm()
            try:
                return await waiting  # ended by a TX_ACK, by the session's time limit, or with its gateway
            finally:
                self._waiting.pop(token, None)

    def take(self, raw: bytes, source: Address) -> None:
        """Process one received datagram."""
        clock = self._clock
        events = self.session.receive(raw, source, now_ns=clock.monotonic_ns(), wall_ns=clock.wall_ns())
        self._send_all()
        if events:
            self.deliver(events)

    def stop(self, reason: str = "The server was stopped.") -> None:
        """End every gateway and every transmission; `reason` is a sentence for people."""
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        events = self.session.close(reason=reason, now_ns=now_ns, wall_ns=wall_ns)
        self.deliver([replace(event, is_echo=True) if isinstance(event, StateChanged) else event for event in events])
        if self._timer is not None:
            self._timer.cancel()

    def _send_all(self) -> None:
        for raw, target in self.session.to_send():
            self.put(raw, target)

    def deliver(self, events: list[DeviceEvent]) -> None:
        """Hand events on, and end the transmissions that they conclude."""
        for event in events:
            match event:
                case FrameHeard():
                    self._sink(event)
                case DownlinkConcluded(token=token, outcome=outcome):
                    waiting = self._waiting.get(token)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(outcome)
                case StateChanged(state=state):
                    self._note(bytes.fromhex(event.device_id.removeprefix("gwmp:")), state)
                    self._sink(event)
                case _:
                    self._sink(event)

    def _note(self, eui: bytes, state: DeviceState) -> None:
        if state is DeviceState.DOWN:
            self._radios.pop(eui, None)  # whoever holds it may keep it: it works again when the gateway is back
        else:
            self.radio(eui)
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_ns = self.session.next_deadline_ns()
        self._timer = None if due_ns is None else self._clock.call_at(due_ns, self._expire)

    def _expire(self) -> None:
        events = self.session.expire(now_ns=self._clock.monotonic_ns(), wall_ns=self._clock.wall_ns())
        self.deliver(events)
        self._arm()
