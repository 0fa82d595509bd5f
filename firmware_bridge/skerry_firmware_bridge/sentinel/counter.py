"""Watches a concentrator's microsecond counter: it may stand still, or start anew because the concentrator did. Pure.

Serial-devices 4, row 4: concentrators that reset themselves, and forwarders that do not notice. A gateway with two
concentrators has two counters, which look like a restart with every frame: so many are none.
"""

from collections import deque

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.signal import Heard

__all__ = ["CounterWatch"]

SPAN_US = 1 << 32
STUCK_NS = 2 * NS_PER_S
STUCK_FRAMES = 3
OFF_US = 10_000_000  # frames may be late by seconds on their way to us
DAY_NS = 86_400 * NS_PER_S
MANY, TOO_MANY = 3, 12  # restarts in a day: an unstable power supply, two concentrators


class CounterWatch:
    """`is_stuck` until it moves again; `still` = how often it stood still since then or since a repair."""

    def __init__(self) -> None:
        self.is_stuck = False
        self.still = 0
        self._last: tuple[int, int] | None = None  # monotonic time and counter
        self._restarts: deque[int] = deque(maxlen=TOO_MANY)

    def take(self, frame: Heard) -> None:
        """Take a frame."""
        if frame.tmst_us is None:
            return
        if self._last is not None:
            passed_ns = frame.monotonic_ns - self._last[0]
            if passed_ns < STUCK_NS:
                return
            moved_us = (frame.tmst_us - self._last[1]) % SPAN_US
            self.still = self.still + 1 if moved_us == 0 else 0
            self.is_stuck = self.still >= STUCK_FRAMES or (self.is_stuck and moved_us == 0)
            off_us = (moved_us - passed_ns // 1000) % SPAN_US
            if moved_us and OFF_US < off_us < SPAN_US - OFF_US:
                self._restarts.append(frame.monotonic_ns)
        self._last = (frame.monotonic_ns, frame.tmst_us)

    def begin_anew(self) -> None:
        """Forget where the counter was: the radio was away, or is repaired."""
        self._last, self.still = None, 0

    def restarts(self, now_ns: int) -> int:
        """Return how often it started anew in the last day; 0 where that is not worth a word."""
        count = sum(now_ns - at_ns < DAY_NS for at_ns in self._restarts)
        return count if MANY <= count < TOO_MANY else 0
