"""GWMP over a serial link: any microcontroller can be a gateway on a UART (docs/gwmp-over-serial.md).

`run` is given to a `Reconnector` as `use`. The port is a device of its own beside the gateways that speak on it, so
that an owner sees a port that is open and silent, or full of noise.
"""

import asyncio
from collections.abc import Callable, Collection

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.errors import BridgeError, LinkLost
from skerry_firmware_bridge.gwmp.gateway import Address
from skerry_firmware_bridge.gwmp.hdlc import MAX_FRAME_BYTES, Deframer, frame
from skerry_firmware_bridge.gwmp.host import GwmpHost
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.reopening import first_of
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, EventSink, StateChanged

__all__ = ["GwmpSerial"]

MAX_WAITING = 64  # frames that the port has not taken yet; more are dropped and counted
NOISE_BYTES = MAX_FRAME_BYTES  # without one good frame among them: no frame is longer
NOISE_FRAMES = 10  # broken ones in a row: a line that loses now and then has good ones between
TELL_EVERY_NS = 60 * NS_PER_S
_REASONS = {
    DeviceState.UP: "A gateway speaks on the port.",
    DeviceState.UNKNOWN: "The port is open, but no gateway speaks on it: see that it is on, and sends at 115200 baud.",
}


class GwmpSerial(GwmpHost):
    """One serial link with a gateway, or several that share it, at its far end."""

    def __init__(
        self,
        *,
        device_id: str,
        clock: Clock,
        sink: EventSink,
        elsewhere: Callable[[bytes], str | None] = lambda _eui: None,
        known: Collection[bytes] = (),
    ) -> None:
        super().__init__(clock=clock, sink=sink, elsewhere=elsewhere, known=known)
        self.rejected_frames = 0
        self.send_failed = 0
        self._device_id = device_id
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)
        self._told_noise_ns: int | None = None
        self._state = DeviceState.DOWN

    async def run(self, link: Link) -> None:
        """Serve an open link until it is lost. Raises `LinkLost`; everything in progress has failed by then."""
        lost: BridgeError | None = None
        self._outgoing = asyncio.Queue(MAX_WAITING)
        self._state = DeviceState.DOWN
        self._tell_state(DeviceState.UNKNOWN)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(link), name=f"{link.key}: write")
                await self._read(link)
        except* LinkLost as errors:
            lost = first_of(errors)
        finally:
            self._state = DeviceState.DOWN  # whoever opens the port tells why
            self.stop("The serial port was closed." if lost is None else "Its serial port was lost.")
        if lost is not None:
            raise lost

    def put(self, raw: bytes, target: Address) -> None:
        del target  # there is one far end
        try:
            self._outgoing.put_nowait(frame(raw))
        except asyncio.QueueFull:
            self.send_failed += 1

    async def _read(self, link: Link) -> None:
        deframer = Deframer()
        source: Address = (f"serial {link.key}", 0)
        noise_bytes = noise_frames = 0
        while True:
            data = await link.read()
            datagrams = deframer.feed(data)
            noise_bytes, noise_frames = noise_bytes + len(data), noise_frames + deframer.rejected
            self.rejected_frames += deframer.rejected
            deframer.rejected = 0
            if datagrams:
                noise_bytes = noise_frames = 0
            elif noise_bytes > NOISE_BYTES or noise_frames >= NOISE_FRAMES:
                noise_bytes = noise_frames = 0
                self._tell_noise()
            for datagram in datagrams:
                self.take(datagram, source)

    async def _write(self, link: Link) -> None:
        while True:
            await link.write(await self._outgoing.get())

    def deliver(self, events: list[DeviceEvent]) -> None:
        super().deliver(events)
        if self._state is not DeviceState.DOWN and any(isinstance(event, StateChanged) for event in events):
            is_up = any(gateway.state is DeviceState.UP for gateway in self.session.gateways.values())
            self._tell_state(DeviceState.UP if is_up else DeviceState.UNKNOWN)

    def _tell_state(self, state: DeviceState) -> None:
        """Tell how the port is: up while a gateway speaks on it."""
        if state is self._state:
            return
        self._state = state
        self._sink(
            StateChanged(
                device_id=self._device_id,
                state=state,
                reason=_REASONS[state],
                wall_ns=self._clock.wall_ns(),
                is_echo=state is DeviceState.UP,  # of its gateway, which says where it speaks
            )
        )

    def _tell_noise(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if self._told_noise_ns is not None and now_ns - self._told_noise_ns < TELL_EVERY_NS:
            return
        self._told_noise_ns = now_ns
        detail = (
            "Bytes come in, but no frame among them is right: let both sides use 115200 baud 8N1 and the framing of "
            "docs/gwmp-over-serial.md, and check ground and cable."
        )
        self._sink(
            DeviceTrouble(device_id=self._device_id, code="serial_noise", detail=detail, wall_ns=self._clock.wall_ns())
        )
