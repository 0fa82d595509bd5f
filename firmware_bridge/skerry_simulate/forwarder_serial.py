"""A gateway on a UART: the packet forwarder's emulator, its datagrams framed as docs/gwmp-over-serial.md says.

It stands for microcontroller firmware that has no network: what its forwarder sends to a socket of this module goes out
on a pseudo-terminal, and the other way round.
"""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind
from skerry_firmware_bridge.gwmp.hdlc import Deframer, frame
from skerry_simulate.accidents import Accidents
from skerry_simulate.faults import NO_FAULTS, Faults
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import RfMedium
from skerry_simulate.pty import PtyPort

__all__ = ["SerialForwarderEmulator"]

LARGEST_BYTES = 65_536


class SerialForwarderEmulator:
    """`async with SerialForwarderEmulator(...) as gateway:` runs it at `gateway.port.path`.

    `faults` spoil its side of the line; `single_bytes` lets each byte come alone.
    """

    def __init__(
        self, *, eui: bytes, name: str, cell: str, medium: RfMedium, clock: Clock, seed: int,
        folder: Path | None = None, faults: Faults = NO_FAULTS, single_bytes: bool = False, keepalive_s: float = 10,
    ) -> None:  # fmt: skip
        self.faults = replace(faults, delay_s=0.0)  # the forwarder waits before it speaks
        self.port = PtyPort(name=name, clock=clock, on_data=self._from_agent, folder=folder)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.forwarder = PacketForwarderEmulator(
            eui=eui, cell=cell, medium=medium, clock=clock, server=self._socket.getsockname(), seed=seed,
            keepalive_s=keepalive_s, faults=Faults(delay_s=faults.delay_s),
        )  # fmt: skip
        self._accidents = Accidents(
            faults, clock=clock, reset=self.forwarder.restart, unplug=self.port.unplug, plug=self.port.plug
        )
        self._up: tuple[str, int] | None = None
        self._down: tuple[str, int] | None = None
        self._deframer = Deframer()
        self._single_bytes = single_bytes
        self._random = Random(f"{seed}/{name}")  # noqa: S311 - a simulation must repeat itself

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._from_forwarder)
        await self.port.__aenter__()
        await self.forwarder.__aenter__()
        self._accidents.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._accidents.stop()
        await self.forwarder.__aexit__(kind, error, trace)
        await self.port.__aexit__(kind, error, trace)
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _from_forwarder(self) -> None:
        while True:
            try:
                raw, source = self._socket.recvfrom(LARGEST_BYTES)
            except OSError:  # empty, or the forwarder has closed a socket of its own
                return
            if raw[3] == Kind.PUSH_DATA:
                self._up = source
            else:
                self._down = source
            for piece in self.faults.pieces(frame(raw), self._random):
                for data in _bytewise(piece.data) if self._single_bytes else [piece.data]:
                    self.port.write(data)

    def _from_agent(self, data: bytes) -> None:
        for raw in self._deframer.feed(data):
            try:
                kind = Datagram.from_bytes(raw).kind
            except FrameRejected:
                continue
            target = self._up if kind is Kind.PUSH_ACK else self._down
            if target is not None:
                self._socket.sendto(raw, target)


def _bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]
