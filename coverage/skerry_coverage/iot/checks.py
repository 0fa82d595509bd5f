"""The single comparisons that the rule tables are made of (iot-poc 4.2 to 4.4); each answers yes or no."""

from skerry_coverage.iot.geometry import distance_m, grid_cells
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.schedule import segment_s

__all__ = [
    "frequency_offset_hz",
    "in_entropy_window",
    "is_new_interval",
    "lag_and_limit_ms",
    "too_far",
    "too_near",
]

_SIGN_BIT = 1 << 31
_U32 = (1 << 32) - 1


def in_entropy_window(start_s: int, lifespan_s: int, received_ms: int) -> bool:
    """Say whether a report came while its entropy was valid; whole seconds count, both ends belong to the window."""
    return start_s <= received_ms // 1000 <= start_s + lifespan_s


def is_new_interval(*, last_beacon_ms: int | None, received_ms: int, interval_s: int) -> bool:
    """Say whether a beacon lies in a later interval than the one before; intervals count from the Unix epoch."""
    if last_beacon_ms is None:
        return True
    return segment_s(received_ms // 1000, interval_s) > segment_s(last_beacon_ms // 1000, interval_s)


def lag_and_limit_ms(
    beacon_ms: int, first_witness_ms: int, received_ms: int, parameters: PocParameters
) -> tuple[int, int]:
    """Return how long after its reference a witness report came, and how long it may.

    The reference is the beacon's receive time, or the first witness's if that came before.
    """
    if beacon_ms <= first_witness_ms:
        return received_ms - beacon_ms, parameters.max_lag_after_beacon_ms
    return received_ms - first_witness_ms, parameters.max_lag_after_first_witness_ms


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
