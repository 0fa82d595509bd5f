"""Tasks that run for ever beside a block of code: the demo's agents, an agent beside its API."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

__all__ = ["Background", "Replaceable", "run_together"]


async def run_together(work: Mapping[str, Coroutine[Any, Any, object]]) -> None:
    """Run coroutines as named tasks until cancelled; the first failure stops all and is raised in a group."""
    async with asyncio.TaskGroup() as group:
        for name, one in work.items():
            group.create_task(one, name=name)
        # In the body: Python 3.11 leaves a task marked as cancelled for ever when a child fails while its group is
        # only being waited for, and whoever catches that failure and goes on is then taken for a task to be stopped.
        await asyncio.Event().wait()


class Background:
    """Tasks that run for ever: cancelled, last started first, when the block ends; a failing one ends the block."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run a coroutine beside the block."""
        self._tasks.append(self._group.create_task(work, name=name))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in reversed(self._tasks):
            task.cancel()
        await self._group.__aexit__(kind, error, trace)


class Replaceable:
    """Work that runs for ever and can be replaced by newer work: the old is cancelled before the new begins."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
        self._work = work
        self._name = name
        self._replaced = asyncio.Event()

    def replace(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Take other work over."""
        self._work = work
        self._replaced.set()

    async def run(self) -> None:
        """Run the newest work until cancelled; work that fails is not tried again."""
        while True:
            self._replaced.clear()
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self._work(), name=self._name)
                await self._replaced.wait()
                task.cancel()
