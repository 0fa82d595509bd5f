"""The single comparisons that the rule tables are made of (iot-poc 4.2 to 4.4); each answers yes or no."""

from skerry_coverage.iot.geometry import distance_m, grid_cells
from skerry_coverage.iot.schedule import segment_s

__all__ = [
    "allowed_lag_ms",
    "frequency_offset_hz",
    "in_entropy_window",
    "is_new_interval",
    "lag_ms",
    "too_far",
    "too_near",
]

_SIGN_BIT = 1 << 31
_U32 = (1 << 32) - 1


def in_entropy_window(*, start_ms: int, end_ms: int, received_ms: int) -> bool:
    """Say whether a report came while its entropy was valid; whole seconds, both ends included."""
    return start_ms // 1000 <= received_ms // 1000 <= end_ms // 1000


def is_new_interval(*, last_beacon_ms: int | None, received_ms: int, interval_s: int) -> bool:
    """Say whether a beacon lies in a later interval than the one before; intervals count from the Unix epoch."""
    if last_beacon_ms is None:
        return True
    return segment_s(received_ms // 1000, interval_s) > segment_s(last_beacon_ms // 1000, interval_s)


def lag_ms(*, beacon_received_ms: int, first_witness_received_ms: int, received_ms: int) -> int:
    """Return how long after its reference a witness report came: the beacon, or the first witness if that was first."""
    return received_ms - min(beacon_received_ms, first_witness_received_ms)


def allowed_lag_ms(
    *, beacon_received_ms: int, first_witness_received_ms: int, after_beacon_ms: int, after_witness_ms: int
) -> int:
    """Return the limit that goes with `lag_ms`."""
    return after_beacon_ms if beacon_received_ms <= first_witness_received_ms else after_witness_ms


def frequency_offset_hz(beacon_hz: int, witness_hz: int) -> int:
    """Return the absolute difference, reduced to 32 signed bits as upstream computes it."""
    offset = abs(beacon_hz - witness_hz) & _U32
    return offset - (1 << 32) if offset & _SIGN_BIT else offset


def too_near(a: int, b: int, min_cells: int) -> bool:
    """Say whether two asserted cells are closer than the minimum, or their grid distance cannot be computed."""
    cells = grid_cells(a, b)
    return cells is None or cells < min_cells


def too_far(a: int, b: int, max_km: int) -> bool:
    """Say whether two asserted cells are farther apart than the maximum; whole kilometres count."""
    return distance_m(a, b) // 1000 > max_km
