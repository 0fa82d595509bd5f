"""A real API server on a thread of its own, for tests whose own thread belongs to Qt."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.api import Served, serve_api

__all__ = ["AgentThread"]

LIMIT_S = 60.0
T = TypeVar("T")


class AgentThread:
    """`with AgentThread(folder) as agent: agent.run(lambda served: ...)`; may be made again on the same folder."""

    def __init__(self, folder: Path, *, flags: Mapping[str, str] = {}) -> None:
        self.folder = folder
        self._flags = flags
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="agent of a test", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(LIMIT_S), "the API did not start"
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def run(self, work: Callable[[Served], Awaitable[T]]) -> T:
        """Run a coroutine on the agent's loop and return its result."""

        async def main() -> T:
            return await work(self.served)

        job: Coroutine[Any, Any, T] = main()
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(LIMIT_S)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Publish an event."""

        async def work(served: Served) -> None:
            served.hub.publish(topic, data)

        self.run(work)

    def _main(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to the test's thread
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with serve_api(self.folder, flags=self._flags) as self.served:
            self._ready.set()
            await self._end.wait()
        await self._drain()

    async def _drain(self) -> None:
        """Wait until closed connections are torn down: TLS takes an answer of the peer, under load that takes time."""
        sockets = self._loop._selector.get_map()  # type: ignore[attr-defined]  # the only way to ask
        clock = SystemClock()
        async with io_timeout(LIMIT_S):
            while len(sockets) > 1:  # the loop's own pipe stays
                await clock.sleep(0.01)
