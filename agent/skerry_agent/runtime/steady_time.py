"""Wall time for what cannot be undone - deleting by age, giving a report up - where one jumped clock would cost data.

Used by retention and by the outbox's sender. Signing has a rule of its own (`TimeKeeper`); this one is
stricter, since a time service may vouch for a clock that somebody has just set wrong.
"""

from skerry_agent.evidence import TimeKeeper
from skerry_agent.evidence.timekeeper import AHEAD_NS, BACK_NS
from skerry_core.clock import NS_PER_S, Clock

__all__ = ["SteadyTime"]

SETTLE_NS = 3600 * NS_PER_S  # a jump that is a mistake is mended within the hour, by the time service or by a person


class SteadyTime:
    """One caller's look at the clock; each call is compared with the one before."""

    def __init__(self, time: TimeKeeper, *, clock: Clock) -> None:
        self._time = time
        self._clock = clock
        self._start_ns = clock.wall_ns() - clock.monotonic_ns()  # the wall clock's start as it seems
        self._believed_from_ns = clock.monotonic_ns()

    def now_ns(self) -> int | None:
        """Return the time; None while it is not known, and for an hour after it has jumped."""
        wall_ns, now_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
        seems_ns = wall_ns - now_ns
        if not -BACK_NS <= seems_ns - self._start_ns <= AHEAD_NS:
            self._believed_from_ns = now_ns + SETTLE_NS
        self._start_ns = seems_ns  # small corrections add up
        return wall_ns if self._time.is_synchronised and now_ns >= self._believed_from_ns else None
