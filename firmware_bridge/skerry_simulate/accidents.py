"""What happens to a whole emulated device again and again: it starts anew, or is unplugged for a moment."""

from collections.abc import Callable

from skerry_core.clock import NS_PER_S, Clock, Timer
from skerry_simulate.faults import Faults

__all__ = ["Accidents"]

UNPLUGGED_S = 2.0


class Accidents:
    """`start` when the device is plugged in first, `stop` at its end; what `faults` leaves at 0 never happens."""

    def __init__(
        self,
        faults: Faults,
        *,
        clock: Clock,
        reset: Callable[[], None],
        unplug: Callable[[], None],
        plug: Callable[[], None],
    ) -> None:
        self._faults = faults
        self._clock = clock
        self._reset = reset
        self._unplug = unplug
        self._plug = plug
        self._timers: dict[str, Timer] = {}

    def start(self) -> None:
        """Begin to count."""
        self._after("reset", self._faults.reset_s, self._resets)
        self._after("unplug", self._faults.unplug_s, self._unplugs)

    def stop(self) -> None:
        """Let nothing happen any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _after(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        if seconds > 0:
            due_ns = self._clock.monotonic_ns() + round(seconds * NS_PER_S)
            self._timers[name] = self._clock.call_at(due_ns, action)

    def _resets(self) -> None:
        self._reset()
        self._after("reset", self._faults.reset_s, self._resets)

    def _unplugs(self) -> None:
        self._unplug()
        self._after("unplug", UNPLUGGED_S, self._plugs)

    def _plugs(self) -> None:
        self._plug()
        self._after("unplug", self._faults.unplug_s, self._unplugs)
