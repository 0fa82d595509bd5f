"""A pseudo-terminal with an emulated device at its far end; the code under test opens `path` like any serial port.

A pty hands bytes over by a kernel worker, some time after `write` returned. So the port keeps simulated time still
after each write until the reader has taken the bytes: FIONREAD on the near end shows them arriving and leaving.
"""

import array
import asyncio
import errno
import os
import termios
import tty
from collections.abc import Callable
from contextlib import ExitStack, suppress
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Self

from skerry_core.clock import Clock

__all__ = ["PtyPort"]

LOOK_EVERY_S = 0.0005  # real time between looks at the port
ARRIVE_LOOKS = 10  # looks until bytes that were never seen count as taken already
LEAVE_LOOKS = 400  # looks until bytes that nobody takes no longer hold the clock
SETTLE_LOOKS = 2  # looks after the last byte was taken, for whoever is woken by it
UNPLUG_HOLD_S = 0.05  # real time for readers to notice; serial libraries close a lost port on another thread
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
        self._holds: list[ExitStack] = []

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
            self._link.symlink_to(os.ttyname(self._near))

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
        for hold in list(self._holds):
            hold.close()

    def write(self, data: bytes) -> None:
        """Send bytes to whoever has the port open; simulated time stands still until they are read."""
        if self._far < 0 or not data:
            return
        try:
            os.write(self._far, data)
        except BlockingIOError:
            return  # nobody has read for long: a real port loses bytes then, too
        hold = ExitStack()
        hold.enter_context(self._clock.hold(f"{self.name}: bytes"))
        hold.callback(self._holds.remove, hold)
        self._holds.append(hold)
        self._watch(hold, looks=0, seen=False, empty=0)

    def _watch(self, hold: ExitStack, *, looks: int, seen: bool, empty: int) -> None:
        if hold not in self._holds:
            return
        waiting = self._unread()
        seen = seen or waiting > 0
        empty = 0 if waiting else empty + 1
        taken = empty > SETTLE_LOOKS and (seen or looks >= ARRIVE_LOOKS)
        if taken or looks >= LEAVE_LOOKS:
            hold.close()
            return
        asyncio.get_running_loop().call_later(
            LOOK_EVERY_S, lambda: self._watch(hold, looks=looks + 1, seen=seen, empty=empty)
        )

    def _unread(self) -> int:
        count = array.array("i", [0])
        with suppress(OSError):
            ioctl(self._near, termios.FIONREAD, count)
        return count[0]

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
