"""Places name labels so that they hide neither markers nor each other. Called by `render`."""

import math
from collections.abc import Sequence

from skerry_coverage.picture.projection import Box

__all__ = ["place_labels"]

_DISTANCES_PX = (14.0, 26.0, 44.0, 68.0)  # from the marker; the farther ones get a leader line
_DIRECTIONS = 16


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    frame: Box,
    marker_px: float,
    lines: Sequence[tuple[tuple[float, float], tuple[float, float]]],
) -> list[Box]:
    """Return a rectangle per label: the candidate around its point that covers least of what is drawn already.

    Crowded points are placed first, because they have the fewest choices.
    """
    markers = [Box(left=x - marker_px, top=y - marker_px, right=x + marker_px, bottom=y + marker_px) for x, y in points]
    placed: dict[int, Box] = {}
    order = sorted(range(len(points)), key=lambda at: sum(math.dist(points[at], other) for other in points))
    for at in order:
        candidates = _candidates(points[at], sizes[at])

        def cost(candidate: tuple[float, Box]) -> float:
            penalty, box = candidate
            hidden = sum(box.overlap(other) for other in (*markers, *placed.values()))
            crossed = sum(_crosses(box, line) for line in lines)
            outside = 0.0 if frame.holds(box) else 1e6
            return penalty + 30.0 * hidden + 6.0 * crossed + outside

        placed[at] = min(candidates, key=cost)[1]
    return [placed[at] for at in range(len(points))]


def _candidates(point: tuple[float, float], size: tuple[float, float]) -> list[tuple[float, Box]]:
    """Return rectangles around a point with what choosing each costs by itself: near, and right or left, is best."""
    x, y = point
    width, height = size
    found = []
    for distance in _DISTANCES_PX:
        for step in range(_DIRECTIONS):
            angle = 2 * math.pi * step / _DIRECTIONS
            middle_x = x + math.cos(angle) * (distance + width / 2)
            middle_y = y + math.sin(angle) * (distance + height / 2)
            box = Box(
                left=middle_x - width / 2,
                top=middle_y - height / 2,
                right=middle_x + width / 2,
                bottom=middle_y + height / 2,
            )
            found.append((distance * 2 + 10 * abs(math.sin(angle)), box))
    return found


def _crosses(box: Box, line: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    """Say whether a line passes through a rectangle (clipping after Liang and Barsky)."""
    (x, y), (to_x, to_y) = line
    enter, leave = 0.0, 1.0
    for delta, low, high in ((to_x - x, box.left - x, box.right - x), (to_y - y, box.top - y, box.bottom - y)):
        if delta == 0:
            if low > 0 or high < 0:
                return False
            continue
        first, second = sorted((low / delta, high / delta))
        enter, leave = max(enter, first), min(leave, second)
    return enter <= leave
