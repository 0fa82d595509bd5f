"""Opens the agent's stores in a temporary folder and closes them again. Used by the agent's tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from skerry_agent.store import Stores
from skerry_core.clock import Clock, SystemClock

__all__ = ["open_stores"]


@asynccontextmanager
async def open_stores(folder: Path, *, clock: Clock | None = None) -> AsyncIterator[Stores]:
    """Open both databases in `folder`."""
    stores = await Stores.open(folder, clock=clock or SystemClock())
    try:
        yield stores
    finally:
        await stores.close()
