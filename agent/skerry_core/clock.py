"""The one source of time. Every part gets a `Clock`; only this module touches the operating system's.

Wall time is Unix time in integer nanoseconds and may jump; monotonic time is for intervals and never goes back.
`hold()` matters only to simulated time: it stands still while anything is held (see `skerry_simulate.clock`).
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Protocol

__all__ = ["NS_PER_MS", "NS_PER_S", "Clock", "SystemClock", "Timer", "io_timeout"]

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Timer(Protocol):
    """A callback that is due later."""

    def cancel(self) -> None:
        """Forget the callback; harmless when it has already run."""


class Clock(ABC):
    """Wall time, monotonic time, sleeping and time limits."""

    @abstractmethod
    def wall_ns(self) -> int:
        """Return Unix time in nanoseconds."""

    @abstractmethod
    def monotonic_ns(self) -> int:
        """Return nanoseconds since an arbitrary start; never decreases."""

    @abstractmethod
    def call_at(self, monotonic_ns: int, callback: Callable[[], None]) -> Timer:
        """Run `callback` on the running event loop once monotonic time has reached the given value."""

    def hold(self, holder: str) -> AbstractContextManager[None]:
        """Keep simulated time from moving while work named `holder` is in flight; real time ignores it."""
        del holder
        return nullcontext()

    def wall_s(self) -> int:
        """Return Unix time in whole seconds."""
        return self.wall_ns() // NS_PER_S

    def wall_ms(self) -> int:
        """Return Unix time in whole milliseconds."""
        return self.wall_ns() // NS_PER_MS

    async def sleep(self, seconds: float) -> None:
        """Sleep for a span of this clock's time."""
        await self.sleep_until(self.monotonic_ns() + round(seconds * NS_PER_S))

    async def sleep_until(self, monotonic_ns: int) -> None:
        """Return once `monotonic_ns()` has reached the given value; always lets other tasks run first."""
        woken = asyncio.Event()
        timer = self.call_at(monotonic_ns, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncIterator[None]:
        """Raise `TimeoutError` out of the `async with` body after `seconds` of this clock's time (None: never)."""
        async with asyncio.timeout(None) as limit:
            if seconds is None:
                yield
                return
            loop = asyncio.get_running_loop()
            due = self.monotonic_ns() + round(seconds * NS_PER_S)
            timer = self.call_at(due, lambda: limit.reschedule(loop.time()))
            try:
                yield
            finally:
                timer.cancel()


class SystemClock(Clock):
    """The computer's own clocks."""

    def wall_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def call_at(self, monotonic_ns: int, callback: Callable[[], None]) -> Timer:
        delay_s = max(0.0, (monotonic_ns - time.monotonic_ns()) / NS_PER_S)
        return asyncio.get_running_loop().call_later(delay_s, callback)


def io_timeout(seconds: float) -> asyncio.Timeout:
    """Return a real-time limit for one socket, pipe or child-process step.

    Simulated time must not cut off a peer that answers in real time, so such steps are limited by the computer's clock.
    """
    return asyncio.timeout(seconds)
