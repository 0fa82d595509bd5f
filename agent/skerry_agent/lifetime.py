"""Start in order, stop in reverse; the first failure is the one that is reported. Used by `skerry_agent.service`.

async with Lifetimes() as lifetimes:
    await lifetimes.start("stores", stores_open, stores_close)
    await lifetimes.start("api", server.start, server.stop)
    await agent.run()
"""

import logging
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

from skerry_core.clock import io_timeout

__all__ = ["Lifetimes"]

STOP_LIMIT_S = 4.0  # one part; systemd and users expect the whole to end within 5 s of SIGTERM
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Lifetimes:
    """A stack of started parts."""

    def __init__(self, *, stop_limit_s: float = STOP_LIMIT_S) -> None:
        self._stop_limit_s = stop_limit_s
        self._started: list[tuple[str, Callable[[], Awaitable[object]]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        first: BaseException | None = error
        while self._started:
            name, stop = self._started.pop()
            try:
                async with io_timeout(self._stop_limit_s):
                    await stop()
            except Exception as failure:  # noqa: BLE001 - every other part must still be stopped
                _log.error("%s: did not stop cleanly (%s: %s)", name, type(failure).__name__, failure)
                first = first or failure
        if first is not None and first is not error:
            raise first

    async def start(self, name: str, start: Callable[[], Awaitable[T]], stop: Callable[[], Awaitable[object]]) -> T:
        """Start a part now and stop it at the end; a part that fails to start is not stopped."""
        result = await start()
        self.add(name, stop)
        return result

    def add(self, name: str, stop: Callable[[], Awaitable[object]]) -> None:
        """Stop a part that was started just now at the end."""
        self._started.append((name, stop))
        _log.debug("%s: started", name)
