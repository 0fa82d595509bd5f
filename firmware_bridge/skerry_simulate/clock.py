"""Simulated time: it stands still while anything is in flight, then jumps to the earliest deadline.

Used by the demo and by tests; the code under test sees an ordinary `Clock`. The event loop tells when nothing is in
flight: when it is about to block in `select()`, no callback is ready, and no socket is readable. Work outside the loop
(threads, child processes, bytes inside a pseudo-terminal) is counted by `hold()`.

    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main(clock))
"""

import asyncio
import heapq
import itertools
import os
import selectors
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError

__all__ = ["ClockStalled", "SimulatedClock"]

STALL_LIMIT_S = 30.0  # real time; the slowest held step (a VM start on a Pi) takes a few seconds


class ClockStalled(SkerryError):
    """Nothing moved for `STALL_LIMIT_S` of real time; `holders` names who holds the clock."""

    def __init__(self, holders: list[str]) -> None:
        super().__init__(f"simulated time is stalled; held by: {', '.join(holders) or 'nobody'}")
        self.holders = holders


@dataclass(order=True, slots=True)
class _Deadline:
    due_ns: int
    number: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class SimulatedClock(Clock):
    """A clock for one event loop; equal programs see equal times."""

    def __init__(self, *, start_s: int) -> None:
        self._wall_offset_ns = start_s * NS_PER_S
        self._now_ns = 0
        self._deadlines: list[_Deadline] = []
        self._numbers = itertools.count()
        self._holders: Counter[str] = Counter()
        self._lock = threading.Lock()

    def wall_ns(self) -> int:
        return self._wall_offset_ns + self._now_ns

    def monotonic_ns(self) -> int:
        return self._now_ns

    def call_at(self, monotonic_ns: int, callback: Callable[[], None]) -> _Deadline:
        deadline = _Deadline(monotonic_ns, next(self._numbers), callback)
        heapq.heappush(self._deadlines, deadline)
        return deadline

    @contextmanager
    def hold(self, holder: str) -> Iterator[None]:
        """Keep time from moving; may be entered and left on any thread."""
        with self._lock:
            self._holders[holder] += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders[holder] -= 1
                if not self._holders[holder]:
                    del self._holders[holder]

    def holders(self) -> list[str]:
        """Return the names of everything in flight."""
        with self._lock:
            return sorted(self._holders)

    def jump_wall(self, seconds: int) -> None:
        """Move wall time only, as a wrong or corrected system clock does."""
        self._wall_offset_ns += seconds * NS_PER_S

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop that drives this clock."""
        return asyncio.SelectorEventLoop(_IdleSelector(self))

    def advance(self) -> bool:
        """Jump to the earliest deadline and run everything due then; False when there is none."""
        while self._deadlines and self._deadlines[0].callback is None:
            heapq.heappop(self._deadlines)
        if not self._deadlines:
            return False
        self._now_ns = max(self._now_ns, self._deadlines[0].due_ns)
        while self._deadlines and self._deadlines[0].due_ns <= self._now_ns:
            callback = heapq.heappop(self._deadlines).callback
            if callback is not None:
                callback()
        return True


_yield_processor: Callable[[], None] = getattr(os, "sched_yield", lambda: None)  # Windows has none


class _IdleSelector(selectors.PollSelector):
    """Turns "the loop is about to block" into "simulated time may move".

    poll() and not epoll: it asks every file anew, and a pseudo-terminal that is asked first hands over the bytes that
    the kernel's worker still had in its queue. With epoll those bytes could arrive after time had moved.
    """

    POLL_S = 0.002  # while something is held: how often to look whether it was let go

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__()
        self._clock = clock
        self._stalled_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout is not None and timeout <= 0):
            self._stalled_s = 0.0
            return events
        holders = self._clock.holders()
        if not holders:
            _yield_processor()  # the kernel's own threads may be about to deliver what was just sent
            events = super().select(0)
            if events:
                return events
        if not holders and self._clock.advance():
            self._stalled_s = 0.0
            return events
        limit_s = self.POLL_S if holders else timeout
        events = super().select(limit_s)
        if holders and not events:
            self._stalled_s += self.POLL_S
            if self._stalled_s > STALL_LIMIT_S:
                raise ClockStalled(holders)
        return events
