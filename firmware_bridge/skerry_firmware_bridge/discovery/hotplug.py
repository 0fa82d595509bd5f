"""Tells when ports come and go: inotify on Linux, else a look every two seconds. The agent runs one watcher.

async for change in watch_ports(clock=clock, announced=folder): ...
"""

import asyncio
import ctypes
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from skerry_core.clock import Clock
from skerry_firmware_bridge.discovery.ports import BY_ID, Port, PortChange, changes, list_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["folder_events", "watch_ports"]

POLL_S = 2.0
DEBOUNCE_S = 1.0  # a modem's reset takes four ports away and brings them back one by one
# inotify(7)
IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO = 0x100, 0x200, 0x40, 0x80
IN_NONBLOCK, IN_CLOEXEC = getattr(os, "O_NONBLOCK", 0), getattr(os, "O_CLOEXEC", 0)  # Windows has neither
EVENTS_BYTES = 64 * 1024


async def watch_ports(
    *,
    clock: Clock,
    announced: Path | None = None,
    ports: Callable[..., list[Port]] = list_ports,
    folders: tuple[Path, ...] = (BY_ID, BY_ID.parent, Path("/dev")),
) -> AsyncIterator[PortChange]:
    """Yield every change after the first look. A port that went is gone even where an open descriptor still works.

    Raises `OSError` where ports cannot be listed at all.
    """
    watched = [folder for folder in (*folders, announced) if folder is not None]
    with folder_events(watched) as changed:  # before the first look, so that nothing comes unseen between both
        with clock.hold("list ports"):
            known = await asyncio.to_thread(ports, announced=announced)
        while True:
            await _wait(changed, clock)
            try:
                with clock.hold("list ports"):
                    current = await asyncio.to_thread(ports, announced=announced)
            except OSError:  # a port went while it was looked at: look again
                if changed is not None:
                    changed.set()
                continue
            for change in changes(known, current):
                yield change
            known = current


async def _wait(changed: asyncio.Event | None, clock: Clock) -> None:
    if changed is None:
        await clock.sleep(POLL_S)
        return
    await changed.wait()
    await clock.sleep(DEBOUNCE_S)
    changed.clear()


@contextmanager
def folder_events(folders: "list[Path]") -> "Iterator[asyncio.Event | None]":
    """Return an event that is set whenever an entry of a folder comes or goes; None where inotify cannot be had."""
    descriptor = _inotify(folders)
    if descriptor is None:
        yield None
        return
    changed, loop = asyncio.Event(), asyncio.get_running_loop()

    def readable() -> None:
        with suppress(BlockingIOError):
            os.read(descriptor, EVENTS_BYTES)
        changed.set()

    loop.add_reader(descriptor, readable)
    try:
        yield changed
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _inotify(folders: "list[Path]") -> int | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    descriptor: int = library.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)
    if descriptor < 0:
        return None
    mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
    # a folder that is not there yet is noticed through its parent, which is in the list too
    watches = [library.inotify_add_watch(descriptor, os.fsencode(folder), mask) for folder in folders]
    if max(watches, default=-1) < 0:
        os.close(descriptor)
        return None
    return descriptor
