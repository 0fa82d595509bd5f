"""Puts H3 cells on a sheet: local projection, the hex grid's resolution, a round length for the scale bar."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import h3.api.basic_int as h3

__all__ = ["Box", "Projection", "grid_cells", "scale_bar_m"]

_METRES_PER_DEGREE = 111_195.0  # of latitude, mean earth radius
_MARGIN = 0.13  # of the wider side: room for labels at the edge
_MIN_SPAN_M = 400.0  # a single hotspot still gets some surroundings
_HEXES_ACROSS = 16  # about as many as an eye takes in as a pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on the sheet, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    def overlap(self, other: "Box") -> float:
        """Return the shared area in square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def holds(self, other: "Box") -> bool:
        """Say whether the other rectangle lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


class Projection:
    """Equirectangular about the middle of some cells, to scale in both directions; right to 0.1 % within 100 km."""

    def __init__(self, cells: Sequence[int], box: Box) -> None:
        points = [h3.cell_to_latlng(cell) for cell in cells]
        # Longitudes are taken around the first point, so that a neighbourhood on the date line stays in one piece.
        self._origin_lng: float = points[0][1]
        latitudes = [lat for lat, _ in points]
        longitudes = [self._around(lng) for _, lng in points]
        self._lat = (min(latitudes) + max(latitudes)) / 2
        self._lng = (min(longitudes) + max(longitudes)) / 2
        self._squeeze = max(math.cos(math.radians(self._lat)), 0.01)
        high_m = (max(latitudes) - min(latitudes)) * _METRES_PER_DEGREE
        wide_m = (max(longitudes) - min(longitudes)) * _METRES_PER_DEGREE * self._squeeze
        room = 1 + 2 * _MARGIN
        self.metres_per_pixel = max(
            max(wide_m, _MIN_SPAN_M) * room / box.width, max(high_m, _MIN_SPAN_M) * room / box.height
        )
        self._middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)

    def place(self, lat: float, lng: float) -> tuple[float, float]:
        """Return the pixel of a position in degrees."""
        east_m = (self._around(lng) - self._lng) * _METRES_PER_DEGREE * self._squeeze
        north_m = (lat - self._lat) * _METRES_PER_DEGREE
        return (
            self._middle[0] + east_m / self.metres_per_pixel,
            self._middle[1] - north_m / self.metres_per_pixel,
        )

    def position(self, x: float, y: float) -> tuple[float, float]:
        """Return latitude and longitude of a pixel."""
        east_m = (x - self._middle[0]) * self.metres_per_pixel
        north_m = (self._middle[1] - y) * self.metres_per_pixel
        lng = self._lng + east_m / (_METRES_PER_DEGREE * self._squeeze)
        return self._lat + north_m / _METRES_PER_DEGREE, (lng + 180.0) % 360.0 - 180.0

    def centre(self, cell: int) -> tuple[float, float]:
        """Return the pixel of a cell's centre."""
        return self.place(*h3.cell_to_latlng(cell))

    def outline(self, cell: int) -> list[tuple[float, float]]:
        """Return the corner pixels of a cell."""
        return [self.place(lat, lng) for lat, lng in h3.cell_to_boundary(cell)]

    def _around(self, lng: float) -> float:
        turned = (lng - self._origin_lng + 180.0) % 360.0
        return self._origin_lng + turned - 180.0


def grid_cells(projection: Projection, box: Box) -> tuple[int, list[int]]:
    """Return a fitting H3 resolution and the cells of that resolution that touch the box."""
    across_m = box.width * projection.metres_per_pixel
    wanted_m = across_m / _HEXES_ACROSS
    resolution = min(
        range(1, 13), key=lambda res: abs(math.log(h3.average_hexagon_edge_length(res, unit="m") * 1.8 / wanted_m))
    )
    middle = h3.latlng_to_cell(*projection.position((box.left + box.right) / 2, (box.top + box.bottom) / 2), resolution)
    reach_m = math.hypot(box.width, box.height) / 2 * projection.metres_per_pixel
    rings = math.ceil(reach_m / (h3.average_hexagon_edge_length(resolution, unit="m") * 1.4)) + 1
    return resolution, [cell for cell in h3.grid_disk(middle, rings) if _touches(projection.outline(cell), box)]


def scale_bar_m(width_m: float) -> int:
    """Return the largest of 1, 2, 5 times a power of ten metres that fits into a width."""
    power = 10 ** max(0, math.floor(math.log10(max(width_m, 1.0))))
    return max((step * power for step in (1, 2, 5) if step * power <= width_m), default=1)


def _touches(outline: list[tuple[float, float]], box: Box) -> bool:
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return max(xs) > box.left and min(xs) < box.right and max(ys) > box.top and min(ys) < box.bottom
