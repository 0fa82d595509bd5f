"""Where emulators meet the outside: a pseudo-terminal that can be unplugged, or a TCP port on the loopback address."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

from skerry_core.clock import Clock
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, Firmware, LineFaults, Stage

__all__ = ["PtyHost", "TcpHost", "open_pty", "open_tcp"]

READ_BYTES = 4096


class PtyHost:
    """An emulator behind a pseudo-terminal. `path` is what a driver opens; a symlink keeps it stable across replugs."""

    def __init__(self, firmware: Firmware, *, clock: Clock, random: Random, link: Path | None = None) -> None:
        self.stage = Stage(firmware, clock=clock, random=random, send=self._send)
        self.overrun_bytes = 0  # sent while nobody read
        self._link = link
        self._master = self._slave = -1
        self._name = ""

    @property
    def path(self) -> str:
        """The port to open."""
        return str(self._link or self._name)

    @property
    def plugged(self) -> bool:
        """Tell whether the port exists."""
        return self._master >= 0

    def plug(self) -> None:
        """Make the port appear."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._name = os.ttyname(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._name)
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        self.stage.start()

    def unplug(self) -> None:
        """Make the port disappear, as pulling the cable does."""
        if not self.plugged:
            return
        self.stage.stop()
        asyncio.get_running_loop().remove_reader(self._master)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def _readable(self) -> None:
        with suppress(BlockingIOError):
            self.stage.receive(os.read(self._master, READ_BYTES))

    def _send(self, data: bytes) -> None:
        sent = 0
        with suppress(BlockingIOError, OSError):
            sent = os.write(self._master, data)
        self.overrun_bytes += len(data) - sent


class TcpHost:
    """An emulator behind a TCP port; every connection gets its own firmware."""

    def __init__(self, make: Callable[[], Firmware], *, clock: Clock, random: Random, faults: LineFaults) -> None:
        self.port = 0
        self.faults = faults
        self._make = make
        self._clock = clock
        self._random = random

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it leaves."""
        stage = Stage(
            self._make(),
            clock=self._clock,
            random=self._random,
            send=lambda data: _send(writer, data),
            faults=self.faults,
        )
        stage.start()
        try:
            while data := await reader.read(READ_BYTES):
                stage.faults = self.faults
                stage.receive(data)
        except ConnectionError:
            pass
        finally:
            stage.stop()
            writer.close()


@asynccontextmanager
async def open_pty(
    firmware: Firmware,
    *,
    clock: Clock,
    random: Random,
    faults: LineFaults = NO_LINE_FAULTS,
    link: Path | None = None,
) -> AsyncIterator[PtyHost]:
    """Run an emulator on a pseudo-terminal for the length of the body."""
    host = PtyHost(firmware, clock=clock, random=random, link=link)
    host.stage.faults = faults
    host.plug()
    try:
        yield host
    finally:
        host.unplug()


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
    server = await asyncio.start_server(host.serve, "127.0.0.1", port)
    host.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield host
    finally:
        server.close()


def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)
