"""GWMP over a serial link: any microcontroller can be a gateway on a UART (docs/gwmp-over-serial.md).

`run` is given to a `Reconnector` as `use`.
"""

import asyncio

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.gwmp.gateway import Address
from skerry_firmware_bridge.gwmp.hdlc import Deframer, frame
from skerry_firmware_bridge.gwmp.host import GwmpHost
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.radio import EventSink

__all__ = ["GwmpSerial"]

MAX_WAITING = 64  # frames that the port has not taken yet; more are dropped and counted


class GwmpSerial(GwmpHost):
    """One serial link with a gateway, or several that share it, at its far end."""

    def __init__(self, *, clock: Clock, sink: EventSink) -> None:
        super().__init__(clock=clock, sink=sink)
        self.rejected_frames = 0
        self.send_failed = 0
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)

    async def run(self, link: Link) -> None:
        """Serve an open link until it is lost. Raises `LinkLost`; everything in progress has failed by then."""
        lost: LinkLost | None = None
        self._outgoing = asyncio.Queue(MAX_WAITING)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(link), name=f"{link.key}: write")
                await self._read(link)
        except* LinkLost as errors:
            lost = LinkLost(str(errors.exceptions[0]))
        finally:
            self.stop()
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
        while True:
            for datagram in deframer.feed(await link.read()):
                self.take(datagram, source)
            self.rejected_frames += deframer.rejected
            deframer.rejected = 0

    async def _write(self, link: Link) -> None:
        while True:
            await link.write(await self._outgoing.get())
