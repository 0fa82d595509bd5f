"""What the agent knows of the time: stamps for evidence, and whether anything may be signed yet.

The composition root makes one per agent; `skerry_agent.evidence.ntp` or an operator's answer synchronises it.
"""

from skerry_core.clock import Clock
from skerry_coverage.evidence.clocks import drift_ns
from skerry_coverage.evidence.entry import BOOT_ID_BYTES, Stamp, TimeSource

__all__ = ["TimeKeeper"]


class TimeKeeper:
    """Monotonic time always; wall time with source and error bound from the first synchronisation on."""

    def __init__(self, clock: Clock, *, boot_id: bytes) -> None:
        if len(boot_id) != BOOT_ID_BYTES:
            raise ValueError(f"a boot id has {BOOT_ID_BYTES} bytes, got {len(boot_id)}")
        self._clock = clock
        self._boot_id = boot_id
        self._source = TimeSource.NONE
        self._error_ns: int | None = None
        self._set_at_ns = 0
        self.doubt: str | None = None  # why a time that was known is known no longer

    @property
    def is_synchronised(self) -> bool:
        """Whether wall time is known, so that reports and seals may be signed."""
        return self._source is not TimeSource.NONE

    def synchronised(self, source: TimeSource, *, error_ns: int | None) -> None:
        """Note that the computer's wall clock is right to within `error_ns` (None: unknown) by the word of `source`."""
        if source is TimeSource.NONE:
            raise ValueError("NONE is no source of time")
        self._source, self._error_ns, self.doubt = source, error_ns, None
        self._set_at_ns = self._clock.monotonic_ns()

    def doubted(self, doubt: str) -> None:
        """Note that the wall clock can no longer be believed; `doubt` says why in a few words."""
        self._source, self._error_ns, self.doubt = TimeSource.NONE, None, doubt

    def stamp(self) -> Stamp:
        """Return the present moment. The error bound grows with the time since the last synchronisation."""
        now_ns = self._clock.monotonic_ns()
        known = self.is_synchronised
        error_ns = self._error_ns
        return Stamp(
            boot_id=self._boot_id,
            monotonic_ns=now_ns,
            wall_ns=self._clock.wall_ns() if known else None,
            source=self._source,
            error_ns=None if error_ns is None or not known else error_ns + drift_ns(now_ns - self._set_at_ns),
        )
