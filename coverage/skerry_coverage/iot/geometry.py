"""Distances between asserted H3 cells and the signal that free space allows (iot-poc 4.4).

H3 answers are cached: the same neighbours hear each other every six hours.
"""

import math
from functools import lru_cache

import h3.api.basic_int as h3
from h3 import H3BaseException

__all__ = [
    "distance_m",
    "expected_between_dbm",
    "expected_signal_dbm",
    "free_space_loss_db",
    "grid_cells",
]

_GRID_RESOLUTION = 11
_LIGHT_M_S = 2.998e8  # the verifier's rounded value; skerry_radio has the exact one
_FOUR_PI = 4 * math.pi
_CACHED_PAIRS = 1 << 16


@lru_cache(maxsize=_CACHED_PAIRS)
def distance_m(a: int, b: int) -> int:
    """Return the great-circle distance of two cell centres, in metres, halves rounded up."""
    metres: float = h3.great_circle_distance(h3.cell_to_latlng(a), h3.cell_to_latlng(b), unit="m")
    return math.floor(metres + 0.5)


@lru_cache(maxsize=_CACHED_PAIRS)
def grid_cells(a: int, b: int) -> int | None:
    """Return the grid distance of the resolution-11 parents, None when it cannot be computed.

    That happens across pentagons, over very long distances and for cells coarser than resolution 11.
    """
    try:
        parents = h3.cell_to_parent(a, _GRID_RESOLUTION), h3.cell_to_parent(b, _GRID_RESOLUTION)
        return int(h3.grid_distance(*parents))
    except H3BaseException:
        return None


def free_space_loss_db(distance: int, frequency_hz: int) -> float:
    """Return the verifier's free-space loss. Distance in metres; 0 m gives minus infinity, as upstream's f64 does."""
    if distance == 0 or frequency_hz == 0:
        return -math.inf
    return 20 * math.log10(_FOUR_PI * distance * frequency_hz / _LIGHT_M_S)


def expected_signal_dbm(
    tx_power_dbm: int, beacon_gain_ddbi: int, witness_gain_ddbi: int, distance: int, frequency_hz: int
) -> float:
    """Return the strongest believable signal over a distance in metres; gains are cut to whole dBi toward zero."""
    loss_db = free_space_loss_db(distance, frequency_hz)
    return tx_power_dbm + int(beacon_gain_ddbi / 10) - loss_db + int(witness_gain_ddbi / 10)


@lru_cache(maxsize=_CACHED_PAIRS)
def expected_between_dbm(  # noqa: PLR0917 - named arguments would cost the cache a dictionary for each report
    tx_power_dbm: int, beacon_cell: int, beacon_gain_ddbi: int, cell: int, gain_ddbi: int, frequency_hz: int
) -> float:
    """Return the same between two cells: a pair of neighbours meets again and again on a handful of channels."""
    distance = distance_m(beacon_cell, cell)
    return expected_signal_dbm(tx_power_dbm, beacon_gain_ddbi, gain_ddbi, distance, frequency_hz)
