"""How running emulators show themselves to `skerry devices scan`: names in a folder that all of a user's share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

__all__ = ["announced_url", "free_name"]


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
