"""What the agent knows of the time: stamps for evidence, and whether anything may be signed yet.

The composition root makes one per agent; `skerry_agent.evidence.ntp` or an operator's answer synchronises it.
"""

from skerry_core.clock import NS_PER_S, Clock
from skerry_coverage.evidence.clocks import drift_ns
from skerry_coverage.evidence.entry import BOOT_ID_BYTES, Stamp, TimeSource

__all__ = ["AHEAD_NS", "BACK_NS", "TimeKeeper"]

BACK_NS = 60 * NS_PER_S  # time services correct by seconds; nothing honest goes back by minutes
AHEAD_NS = 86_400 * NS_PER_S  # a suspended laptop's clock seems to jump ahead by hours


class TimeKeeper:
    """Monotonic time always; wall time with source and error bound from the first synchronisation on.

    A jump of the wall clock is seen by whoever asks next, not by a look now and then: nothing is signed or closed in
    between. Nobody needs to undo it when the clock has jumped back.
    """

    def __init__(self, clock: Clock, *, boot_id: bytes) -> None:
        if len(boot_id) != BOOT_ID_BYTES:
            raise ValueError(f"a boot id has {BOOT_ID_BYTES} bytes, got {len(boot_id)}")
        self._clock = clock
        self._boot_id = boot_id
        self._source = TimeSource.NONE
        self._error_ns: int | None = None
        self._set_at_ns = 0
        self._start_ns = 0  # the wall clock's start as it seems while it is believed

    @property
    def is_synchronised(self) -> bool:
        """Whether wall time is known, so that reports and seals may be signed."""
        return self._source is not TimeSource.NONE and self._jump_ns is None

    @property
    def doubt(self) -> str | None:
        """Why a time that was known is known no longer, in a few words; None when nothing is wrong with it."""
        jump_ns = None if self._source is TimeSource.NONE else self._jump_ns
        return None if jump_ns is None else f"it jumped by {_span(jump_ns)}"

    def synchronised(self, source: TimeSource, *, error_ns: int | None) -> None:
        """Note that the computer's wall clock is right to within `error_ns` (None: unknown) by the word of `source`."""
        if source is TimeSource.NONE:
            raise ValueError("NONE is no source of time")
        self._source, self._error_ns = source, error_ns
        self._set_at_ns, self._start_ns = self._clock.monotonic_ns(), self._seems_ns

    def keep_up(self) -> None:
        """Take small corrections over, so that they do not add up to a jump; call it every few seconds."""
        if self.is_synchronised:
            self._start_ns = self._seems_ns

    def stamp(self) -> Stamp:
        """Return the present moment. The error bound grows with the time since the last synchronisation."""
        now_ns = self._clock.monotonic_ns()
        known = self.is_synchronised
        error_ns = self._error_ns
        return Stamp(
            boot_id=self._boot_id,
            monotonic_ns=now_ns,
            wall_ns=self._clock.wall_ns() if known else None,
            source=self._source if known else TimeSource.NONE,
            error_ns=None if error_ns is None or not known else error_ns + drift_ns(now_ns - self._set_at_ns),
        )

    @property
    def _seems_ns(self) -> int:
        return self._clock.wall_ns() - self._clock.monotonic_ns()

    @property
    def _jump_ns(self) -> int | None:
        shift_ns = self._seems_ns - self._start_ns
        return None if -BACK_NS <= shift_ns <= AHEAD_NS else shift_ns


def _span(shift_ns: int) -> str:
    hours = abs(shift_ns) / (3600 * NS_PER_S)
    size = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} min"
    return f"{size} {'ahead' if shift_ns > 0 else 'back'}"
