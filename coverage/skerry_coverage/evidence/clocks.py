"""Wall time for what was recorded before the clock was set: counted back from the boot's first synchronisation.

Called by the evidence log for display and by the bundle verifier.
"""

from collections.abc import Iterable
from dataclasses import replace

from skerry_coverage.evidence.entry import Stamp

__all__ = ["dated", "drift_ns"]

_DRIFT_PPM = 100  # a Raspberry Pi's oscillator stays within +-50 ppm; twice that covers heat and age


def drift_ns(elapsed_ns: int) -> int:
    """Return how far a free-running clock may be off after a span of time."""
    return abs(elapsed_ns) * _DRIFT_PPM // 1_000_000


def dated(stamp: Stamp, synchronisations: Iterable[Stamp]) -> Stamp | None:
    """Return the stamp with wall time and error bound, None when no synchronisation of its boot is known."""
    if stamp.wall_ns is not None:
        return stamp
    same_boot = [sync for sync in synchronisations if sync.boot_id == stamp.boot_id and sync.wall_ns is not None]
    if not same_boot:
        return None
    nearest = min(same_boot, key=lambda sync: abs(sync.monotonic_ns - stamp.monotonic_ns))
    assert nearest.wall_ns is not None
    elapsed_ns = nearest.monotonic_ns - stamp.monotonic_ns
    return replace(
        stamp,
        wall_ns=nearest.wall_ns - elapsed_ns,
        source=nearest.source,
        error_ns=None if nearest.error_ns is None else nearest.error_ns + drift_ns(elapsed_ns),
    )
