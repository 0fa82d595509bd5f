"""Hex density: the more hotspots stand in and around a cell, the less each counts (HIP-17, HIP-104; iot-poc 4.6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import h3.api.basic_int as h3

from skerry_coverage.iot.exact import EXACT, half_even

__all__ = ["DENSITY_TABLES", "UNKNOWN_CELL_SCALE", "DensityMap", "Limit", "density_map"]

UNKNOWN_CELL_SCALE = Decimal("0.2")  # the verifier's scale for a cell outside its map
SCALE_PLACES = 4
_FINEST, _COARSEST = 11, 4


@dataclass(frozen=True, slots=True)
class Limit:
    """One resolution's row: neighbours that may be occupied freely, hotspots that make a cell occupied, upper limit."""

    neighbours: int
    target: int
    maximum: int


_Table = Mapping[int, Limit]
DENSITY_TABLES: Mapping[str, _Table] = {
    "hip104": {
        4: Limit(2, 500, 1000),
        5: Limit(4, 100, 200),
        6: Limit(4, 25, 50),
        7: Limit(4, 5, 10),
        8: Limit(2, 1, 1),
        9: Limit(2, 1, 1),
        10: Limit(2, 1, 1),
    },
    "hip17": {
        4: Limit(1, 250, 800),
        5: Limit(1, 100, 400),
        6: Limit(1, 25, 100),
        7: Limit(2, 5, 20),
        8: Limit(2, 1, 4),
        9: Limit(2, 1, 2),
        10: Limit(2, 1, 1),
    },
}


@dataclass(slots=True)
class DensityMap:
    """Unclipped and clipped hotspot counts of every cell that holds an active hotspot, and of its parents."""

    unclipped: dict[int, int] = field(default_factory=dict)
    clipped: dict[int, int] = field(default_factory=dict)

    def scale(self, cell: int) -> Decimal:
        """Return a cell's scale, four places half-even; `UNKNOWN_CELL_SCALE` for a cell without active hotspots."""
        resolution = h3.get_resolution(cell)
        start = min(_FINEST, resolution)
        if h3.cell_to_parent(cell, start) not in self.unclipped:
            return UNKNOWN_CELL_SCALE
        product = Decimal(1)
        for parent_resolution in range(start, _COARSEST - 1, -1):
            parent = h3.cell_to_parent(cell, parent_resolution)
            if parent in self.unclipped:
                share = EXACT.divide(Decimal(self.clipped[parent]), Decimal(self.unclipped[parent]))
                product = EXACT.multiply(product, share)
        return half_even(product, SCALE_PLACES)


def density_map(cells: Mapping[int, int] | Iterable[int], table: str = "hip104") -> DensityMap:
    """Count active hotspots per asserted cell (resolution 11 or finer) and clip the counts up to resolution 4.

    `cells` maps a cell to its number of hotspots, or lists one cell per hotspot. Coarser cells are ignored: they have
    no resolution-11 parent. Raises `KeyError` for an unknown table.
    """
    limits = DENSITY_TABLES[table]
    counts = cells if isinstance(cells, Mapping) else _count(cells)
    result = DensityMap()
    for cell, hotspots in counts.items():
        if h3.get_resolution(cell) >= _FINEST:
            _add(result, h3.cell_to_parent(cell, _FINEST), hotspots, hotspots)
    level = set(result.unclipped)
    for resolution in range(_FINEST - 1, _COARSEST - 1, -1):
        level = _climb(result, level, resolution, limits[resolution])
    return result


def _climb(result: DensityMap, children: set[int], resolution: int, limit: Limit) -> set[int]:
    parents: set[int] = set()
    for child in children:
        parent = h3.cell_to_parent(child, resolution)
        _add(result, parent, result.clipped[child], result.clipped[child])
        parents.add(parent)
    # Sorted, so that clipping in place cannot depend on hash order (upstream's order is arbitrary).
    for parent in sorted(parents):
        occupied = sum(result.clipped.get(near, 0) >= limit.target for near in h3.grid_disk(parent, 1))
        allowed = min(limit.maximum, limit.target * (max(occupied - limit.neighbours, 0) + 1))
        result.clipped[parent] = min(allowed, result.unclipped[parent])
    return parents


def _add(result: DensityMap, cell: int, unclipped: int, clipped: int) -> None:
    result.unclipped[cell] = result.unclipped.get(cell, 0) + unclipped
    result.clipped[cell] = result.clipped.get(cell, 0) + clipped


def _count(cells: Iterable[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for cell in cells:
        counts[cell] = counts.get(cell, 0) + 1
    return counts
