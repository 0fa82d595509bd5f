"""A pseudo-terminal with an emulated device at its far end; the code under test opens `path` like any serial port.

A pty hands bytes over by a kernel worker, some time after `write` returned; the simulated clock's event loop asks it
for them before time moves (see `skerry_simulate.clock`).
"""

import asyncio
import errno
import os
import tty
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from skerry_core.clock import Clock

__all__ = ["PtyPort"]

# real time for readers to notice: serial libraries close a lost port on another thread, which a busy machine delays
UNPLUG_HOLD_S = 0.3
READ_BYTES = 4096


class PtyPort:
    """`async with PtyPort(...) as port:` has a port at `port.path`, a stable symbolic link when `folder` is given."""

    def __init__(
        self, *, name: str, clock: Clock, on_data: Callable[[bytes], None], folder: Path | None = None
    ) -> None:
        self.name = name
        self._clock = clock
        self._on_data = on_data
        self._link = None if folder is None else folder / name.replace(":", "-").replace("/", "-")
        self._near = self._far = -1

    @property
    def path(self) -> str:
        """Return what to open; raises `OSError` while unplugged."""
        return str(self._link) if self._link is not None else os.ttyname(self._near)

    async def __aenter__(self) -> Self:
        self.plug()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug(self) -> None:
        """Make the port appear; the terminal behind a symbolic link is a new one each time."""
        self._far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self._far, False)
        asyncio.get_running_loop().add_reader(self._far, self._read)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(_own_name(self._near))

    def unplug(self) -> None:
        """Make the port vanish: readers get an error at once, bytes on their way are lost."""
        if self._far < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._far)
        noticing = ExitStack()
        noticing.enter_context(self._clock.hold(f"{self.name}: unplugged"))
        loop.call_later(UNPLUG_HOLD_S, noticing.close)
        os.close(self._far)
        os.close(self._near)
        self._far = self._near = -1
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def write(self, data: bytes) -> None:
        """Send bytes to whoever has the port open."""
        if self._far < 0 or not data:
            return
        try:
            os.write(self._far, data)
        except BlockingIOError:
            return  # nobody has read for long: a real port loses bytes then, too

    def _read(self) -> None:
        try:
            data = os.read(self._far, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # EIO: the reader has closed its end
                raise
            return
        self._on_data(data)


def _own_name(descriptor: int) -> str:
    """Return a name of a terminal that dies with this process: its number is soon somebody else's terminal."""
    through_process = f"/proc/{os.getpid()}/fd/{descriptor}"
    return through_process if os.path.exists(through_process) else os.ttyname(descriptor)
