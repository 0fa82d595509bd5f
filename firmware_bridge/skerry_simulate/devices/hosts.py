"""Where emulators meet the outside: a pseudo-terminal that can be unplugged, or a TCP port on the loopback address."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from skerry_core.clock import Clock
from skerry_simulate.accidents import Accidents
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, Firmware, LineFaults, Stage
from skerry_simulate.pty import PtyPort

__all__ = ["PtyHost", "TcpHost", "open_pty", "open_tcp"]


class PtyHost:
    """An emulator behind a pseudo-terminal. `path` is what a driver opens; lasting across replugs with a `folder`."""

    def __init__(
        self, firmware: Firmware, *, name: str, clock: Clock, random: Random, folder: Path | None = None
    ) -> None:
        self._port = PtyPort(name=name, clock=clock, on_data=self._receive, folder=folder)
        self.stage = Stage(firmware, clock=clock, random=random, send=self._port.write)
        self._clock = clock
        self._accidents: Accidents | None = None

    @property
    def path(self) -> str:
        """The port to open; raises `OSError` while unplugged."""
        return self._port.path

    def start(self) -> None:
        """Plug it in, and let happen to it again and again what the faults of its stage say."""
        self._accidents = Accidents(
            replace(self.stage.faults, reset_s=0.0), clock=self._clock, reset=self.stage.reset, unplug=self.unplug,
            plug=self.plug,
        )  # fmt: skip
        self.plug()
        self._accidents.start()

    def stop(self) -> None:
        """Take it away for good."""
        if self._accidents is not None:
            self._accidents.stop()
        self.unplug()

    def plug(self) -> None:
        """Make the port appear."""
        self._port.plug()
        self.stage.start()

    def unplug(self) -> None:
        """Make the port disappear, as pulling the cable does."""
        self.stage.stop()
        self._port.unplug()

    def _receive(self, data: bytes) -> None:
        self.stage.receive(data)


class TcpHost:
    """An emulator behind a TCP port; every connection gets its own firmware."""

    def __init__(self, make: Callable[[], Firmware], *, clock: Clock, random: Random, faults: LineFaults) -> None:
        self.port = 0
        self.faults = faults
        self.clients: set[_Client] = set()
        self.is_plugged = True
        self.accidents = Accidents(
            replace(faults, reset_s=0.0), clock=clock, reset=lambda: None, unplug=self.unplug, plug=self.plug
        )
        self._make = make
        self._clock = clock
        self._random = random

    def answer(self) -> "_Client":
        """Return what answers one client until it leaves."""
        return _Client(self, self._make(), clock=self._clock, random=self._random)

    def plug(self) -> None:
        """Let clients in."""
        self.is_plugged = True

    def unplug(self) -> None:
        """Throw every client out and let none in."""
        self.is_plugged = False
        self.leave()

    def leave(self) -> None:
        """Throw every client out."""
        for client in list(self.clients):
            client.close()


class _Client(asyncio.Protocol):
    """One connection, with a firmware of its own."""

    def __init__(self, host: TcpHost, firmware: Firmware, *, clock: Clock, random: Random) -> None:
        self._host = host
        self._transport: asyncio.Transport | None = None
        self._stage = Stage(firmware, clock=clock, random=random, send=self._send, faults=host.faults)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._host.is_plugged:
            transport.abort()
            return
        self._host.clients.add(self)
        self._stage.start()

    def data_received(self, data: bytes) -> None:
        self._stage.faults = self._host.faults
        self._stage.receive(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stage.stop()
        self._host.clients.discard(self)

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


@asynccontextmanager
async def open_pty(
    firmware: Firmware,
    *,
    clock: Clock,
    random: Random,
    name: str = "device",
    faults: LineFaults = NO_LINE_FAULTS,
    folder: Path | None = None,
) -> AsyncIterator[PtyHost]:
    """Run an emulator on a pseudo-terminal for the length of the body; `folder` gets a symlink `name` to it."""
    host = PtyHost(firmware, name=name, clock=clock, random=random, folder=folder)
    host.stage.faults = faults
    host.start()
    try:
        yield host
    finally:
        host.stop()


@asynccontextmanager
async def open_tcp(
    make: Callable[[], Firmware],
    *,
    clock: Clock,
    random: Random,
    faults: LineFaults = NO_LINE_FAULTS,
    port: int = 0,
) -> AsyncIterator[TcpHost]:
    """Run an emulator on a loopback TCP port (0: any free one) for the length of the body."""
    host = TcpHost(make, clock=clock, random=random, faults=faults)
    server = await asyncio.get_running_loop().create_server(host.answer, "127.0.0.1", port)
    host.port = server.sockets[0].getsockname()[1]
    host.accidents.start()
    try:
        async with server:
            yield host
    finally:
        host.accidents.stop()
        server.close()
        host.leave()
