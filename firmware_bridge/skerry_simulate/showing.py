"""How running emulators show themselves to `skerry devices scan`: names in a folder that all of a user's share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from skerry_firmware_bridge.discovery.announced import BUSES

__all__ = ["announced_url", "free_name", "lasting_bus"]

LONGEST_SOCKET = 100  # characters; systems take 104 to 108


def free_name(folder: Path, name: str) -> str:
    """Return a name that no running emulator uses; a symlink left behind by a killed one leads nowhere."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(free for free in names if not (folder / free).exists())


@contextmanager
def announced_url(folder: Path | None, name: str, url: str) -> Iterator[None]:
    """Leave a note with a URL for the length of the body; its name carries the process, so a stale one is known."""
    if folder is None:
        yield
        return
    names = (
        f"{name}-{os.getpid()}.url" if number == 1 else f"{name}-{number}-{os.getpid()}.url" for number in count(1)
    )
    note = next(free for free in (folder / one for one in names) if not free.exists())
    note.write_text(url + "\n", encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


@contextmanager
def lasting_bus(folder: Path | None, name: str, address: str) -> Iterator[str]:
    """Give a private bus, which has a new address each time, one that is the same at the next start."""
    bus = address.partition(",")[0]  # its own identity is of no use, and lists of settings are separated by commas
    if folder is None:
        yield bus
        return
    buses = folder / BUSES
    buses.mkdir(mode=0o700, exist_ok=True)
    link = buses / free_name(buses, name)
    if len(str(link)) > LONGEST_SOCKET:
        yield bus
        return
    link.unlink(missing_ok=True)
    link.symlink_to(bus.removeprefix("unix:path="))
    try:
        yield f"unix:path={link}"
    finally:
        link.unlink(missing_ok=True)
