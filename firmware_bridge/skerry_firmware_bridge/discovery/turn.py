"""One scan at a time: two would find each other's ports taken. Used by `scan`."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import RefusedError
from skerry_core.file_lock import FileLock

__all__ = ["scan_turn"]

WAIT_S = 150.0  # a scan whose every port is silent takes a minute; two may be waiting before us
LOOK_EVERY_S = 0.5


@asynccontextmanager
async def scan_turn(
    file: Path, *, clock: Clock, on_progress: Callable[[float, str], None], wait_s: float = WAIT_S
) -> AsyncIterator[None]:
    """Wait until no other scan of this user holds the lock `file`, and hold it.

    Raises `RefusedError` E_SCAN_RUNNING when another one does not end in time, `OSError` when the file cannot be had.
    """
    lock = FileLock(file)
    until_ns = clock.monotonic_ns() + round(wait_s * NS_PER_S)
    while not lock.take():
        if clock.monotonic_ns() >= until_ns:
            raise RefusedError(
                "E_SCAN_RUNNING", f"Another scan (process {lock.holder}) is running and does not end.",
                remedy="Wait for it or stop it, then scan again; --no-probe lists the ports meanwhile.",
                params={"process": lock.holder},
            )  # fmt: skip
        on_progress(0.0, f"waiting for another scan (process {lock.holder}) to end")
        await clock.sleep(LOOK_EVERY_S)
    try:
        yield
    finally:
        lock.free()
