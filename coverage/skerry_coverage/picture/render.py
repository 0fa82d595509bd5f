"""Draws a map picture as PNG with Pillow and its bundled font. Called by demo, CLI and proof reports.

Colours are the Okabe-Ito set, which stays apart for colour-blind eyes; line style says the same a second time.
Everything is drawn at twice the size and reduced, which smooths lines and text.
"""

import io
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import h3.api.basic_int as h3

from skerry_coverage.picture.labels import place_labels
from skerry_coverage.picture.model import LinkVerdict, MapPicture
from skerry_coverage.picture.projection import Box, Projection, grid_cells, scale_bar_m

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

__all__ = ["HEIGHT_PX", "WIDTH_PX", "render_png"]

WIDTH_PX, HEIGHT_PX = 1600, 1100
_OVERSAMPLING = 2
_BACKGROUND, _PAPER, _GRID, _TEXT, _FAINT = "#ffffff", "#f4f6f8", "#dde3e9", "#1b2733", "#5b6875"
_HEX_FILLS = ("#fdf1d0", "#fbe3a4", "#f7d06f", "#f1bb3d")  # one, two, three, more hotspots in a hex
_MARKER, _MARKER_EDGE = "#1b2733", "#ffffff"
_STYLES: dict[LinkVerdict, tuple[str, tuple[float, ...]]] = {  # colour; dash and gap in pixels, empty = solid
    LinkVerdict.VALID: ("#0072b2", ()),
    LinkVerdict.SURPLUS: ("#56b4e9", (3, 7)),
    LinkVerdict.INVALID: ("#d55e00", (13, 8)),
}
_MAP = Box(left=40, top=120, right=1210, bottom=1060)
_LEGEND_LEFT = 1240
_MARKER_PX = 8.0
_SIDE_BY_SIDE_PX = 6.0


def render_png(picture: MapPicture) -> bytes:
    """Return the picture as a PNG of 1600 x 1100 pixels. Raises `ValueError` for a picture without hotspots."""
    from PIL import Image, ImageDraw

    if not picture.hotspots:
        raise ValueError("a map needs at least one hotspot")
    size = (WIDTH_PX * _OVERSAMPLING, HEIGHT_PX * _OVERSAMPLING)
    image = Image.new("RGB", size, _BACKGROUND)
    sheet = _Sheet(ImageDraw.Draw(image))
    _Drawing(picture, sheet).draw()
    output = io.BytesIO()
    image.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS).save(output, "PNG")
    return output.getvalue()


class _Sheet:
    """Pillow's drawing calls in final pixels."""

    def __init__(self, draw: "ImageDraw") -> None:
        self._draw = draw
        self._fonts: dict[int, FreeTypeFont] = {}

    def polygon(self, points: list[tuple[float, float]], *, fill: str | None = None, edge: str | None = None) -> None:
        self._draw.polygon([_big(point) for point in points], fill=fill, outline=edge, width=_OVERSAMPLING)

    def rectangle(self, box: Box, *, fill: str | None = None, edge: str | None = None) -> None:
        corners = (_big((box.left, box.top)), _big((box.right, box.bottom)))
        self._draw.rectangle(corners, fill=fill, outline=edge, width=_OVERSAMPLING)

    def circle(self, at: tuple[float, float], radius: float, *, fill: str, edge: str, width: float) -> None:
        x, y = at
        corners = (_big((x - radius, y - radius)), _big((x + radius, y + radius)))
        self._draw.ellipse(corners, fill=fill, outline=edge, width=round(width * _OVERSAMPLING))

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str,
        width: float,
        dash: tuple[float, ...],
    ) -> None:
        for first, last in _dashes(start, end, dash):
            self._draw.line([_big(first), _big(last)], fill=colour, width=round(width * _OVERSAMPLING))

    def text(
        self, at: tuple[float, float], text: str, *, size: int, colour: str = _TEXT, halo: str | None = None
    ) -> None:
        stroke: dict[str, Any] = {"stroke_width": 3 * _OVERSAMPLING, "stroke_fill": halo} if halo else {}
        self._draw.text(_big(at), text, font=self._font(size), fill=colour, anchor="lm", **stroke)

    def text_width(self, text: str, *, size: int) -> float:
        return float(self._font(size).getlength(text)) / _OVERSAMPLING

    def _font(self, size: int) -> "FreeTypeFont":
        from PIL import ImageFont

        if size not in self._fonts:
            font = ImageFont.load_default(size * _OVERSAMPLING)
            assert isinstance(font, ImageFont.FreeTypeFont)
            self._fonts[size] = font
        return self._fonts[size]


class _Drawing:
    """One picture being drawn; the steps go from the back to the front."""

    def __init__(self, picture: MapPicture, sheet: _Sheet) -> None:
        self._picture = picture
        self._sheet = sheet
        self._projection = Projection([hotspot.cell for hotspot in picture.hotspots], _MAP)
        self._points = [self._projection.centre(hotspot.cell) for hotspot in picture.hotspots]
        self._resolution = 0

    def draw(self) -> None:
        self._sheet.rectangle(_MAP, fill=_PAPER)
        self._hexes()
        self._links()
        self._markers()
        self._frame()
        self._labels()
        self._scale_bar()
        self._title()
        self._legend()

    def _hexes(self) -> None:
        self._resolution, cells = grid_cells(self._projection, _MAP)
        counts = Counter(_parent(hotspot.cell, self._resolution) for hotspot in self._picture.hotspots)
        for cell in cells:
            self._sheet.polygon(self._projection.outline(cell), edge=_GRID)
        for cell, count in counts.items():
            fill = _HEX_FILLS[min(count, len(_HEX_FILLS)) - 1]
            self._sheet.polygon(self._projection.outline(cell), fill=fill, edge="#d9b44a")

    def _links(self) -> None:
        """Draw one line per pair and verdict, both directions together; several verdicts of a pair lie side by side."""
        pairs: dict[tuple[int, int], Counter[LinkVerdict]] = {}
        for link in self._picture.links:
            pair = (min(link.beaconer, link.witness), max(link.beaconer, link.witness))
            pairs.setdefault(pair, Counter())[link.verdict] += link.reports
        for (first, second), verdicts in pairs.items():
            for place, verdict in enumerate(sorted(verdicts, key=list(_STYLES).index)):
                colour, dash = _STYLES[verdict]
                aside = (place - (len(verdicts) - 1) / 2) * _SIDE_BY_SIDE_PX
                start, end = _shifted(self._points[first], self._points[second], aside)
                width = 1.4 + 0.5 * math.log2(max(verdicts[verdict], 1))
                self._sheet.line(start, end, colour=colour, width=min(width, 5.0), dash=dash)

    def _markers(self) -> None:
        for hotspot, (x, y) in zip(self._picture.hotspots, self._points, strict=True):
            if hotspot.admitted:
                self._sheet.circle((x, y), _MARKER_PX, fill=_MARKER, edge=_MARKER_EDGE, width=2)
            else:
                _cross(self._sheet, (x, y))

    def _frame(self) -> None:
        """Cover what was drawn beyond the map's edge."""
        for box in (
            Box(left=0, top=0, right=WIDTH_PX, bottom=_MAP.top),
            Box(left=0, top=_MAP.bottom, right=WIDTH_PX, bottom=HEIGHT_PX),
            Box(left=0, top=0, right=_MAP.left, bottom=HEIGHT_PX),
            Box(left=_MAP.right, top=0, right=WIDTH_PX, bottom=HEIGHT_PX),
        ):
            self._sheet.rectangle(box, fill=_BACKGROUND)
        self._sheet.rectangle(_MAP, edge="#b6c0ca")

    def _labels(self) -> None:
        size = 17
        names = [hotspot.name for hotspot in self._picture.hotspots]
        sizes = [(self._sheet.text_width(name, size=size) + 6, size + 6) for name in names]
        lines = [(self._points[link.beaconer], self._points[link.witness]) for link in self._picture.links]
        boxes = place_labels(self._points, sizes, frame=_MAP, marker_px=_MARKER_PX + 2, lines=lines)
        for name, box, point in zip(names, boxes, self._points, strict=True):
            anchor = (min(max(point[0], box.left), box.right), min(max(point[1], box.top), box.bottom))
            if math.dist(anchor, point) > _MARKER_PX * 2.2:
                self._sheet.line(point, anchor, colour=_FAINT, width=1, dash=())
            self._sheet.text((box.left + 3, (box.top + box.bottom) / 2), name, size=size, halo="#ffffff")

    def _scale_bar(self) -> None:
        metres = scale_bar_m(_MAP.width / 4 * self._projection.metres_per_pixel)
        length = metres / self._projection.metres_per_pixel
        label = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
        left, y = _MAP.left + 26, _MAP.bottom - 28
        back = Box(left=left - 14, top=y - 36, right=left + length + 14, bottom=y + 16)
        self._sheet.rectangle(back, fill="#ffffff", edge=_GRID)
        self._sheet.line((left, y), (left + length, y), colour=_TEXT, width=3, dash=())
        for x in (left, left + length):
            self._sheet.line((x, y - 7), (x, y + 7), colour=_TEXT, width=3, dash=())
        self._sheet.text((left, y - 19), label, size=17)

    def _title(self) -> None:
        self._sheet.text((_MAP.left, 48), self._picture.title, size=34)
        self._sheet.text((_MAP.left, 90), self._picture.note, size=19, colour=_FAINT)

    def _legend(self) -> None:
        y = _MAP.top + 16
        y = self._heading("Witness links", y)
        totals: Counter[LinkVerdict] = Counter()
        for link in self._picture.links:
            totals[link.verdict] += link.reports
        for verdict, (colour, dash) in _STYLES.items():
            self._sheet.line((_LEGEND_LEFT, y), (_LEGEND_LEFT + 60, y), colour=colour, width=3, dash=dash)
            self._sheet.text((_LEGEND_LEFT + 74, y), f"{verdict.value} ({totals[verdict]})", size=17)
            y += 32
        y = self._reasons(y)
        y = self._heading("Hotspots", y + 18)
        admitted = sum(hotspot.admitted for hotspot in self._picture.hotspots)
        middle = _LEGEND_LEFT + 30.0
        self._sheet.circle((middle, y), _MARKER_PX, fill=_MARKER, edge=_MARKER_EDGE, width=2)
        self._sheet.text((_LEGEND_LEFT + 74, y), f"admitted ({admitted})", size=17)
        y += 32
        _cross(self._sheet, (middle, y))
        self._sheet.text((_LEGEND_LEFT + 74, y), f"not admitted ({len(self._picture.hotspots) - admitted})", size=17)
        y = self._heading(f"H3 hexes, resolution {self._resolution}", y + 50)
        for count, fill in enumerate(_HEX_FILLS, 1):
            self._sheet.polygon(_hexagon(middle, y, 15), fill=fill, edge="#d9b44a")
            words = f"{count} hotspot" + ("s" if count > 1 else "") + (" or more" if count == len(_HEX_FILLS) else "")
            self._sheet.text((_LEGEND_LEFT + 74, y), words, size=17)
            y += 36

    def _reasons(self, y: float) -> float:
        reasons: Counter[str] = Counter()
        for link in self._picture.links:
            if link.verdict is LinkVerdict.INVALID:
                reasons[link.reason or "no reason given"] += link.reports
        for reason, count in reasons.most_common(8):
            self._sheet.text((_LEGEND_LEFT + 90, y), f"{reason}: {count}", size=15, colour=_FAINT)
            y += 24
        return y

    def _heading(self, text: str, y: float) -> float:
        self._sheet.text((_LEGEND_LEFT, y), text, size=21)
        return y + 38


def _parent(cell: int, resolution: int) -> int:
    return int(h3.cell_to_parent(cell, resolution)) if h3.get_resolution(cell) >= resolution else cell


def _cross(sheet: _Sheet, at: tuple[float, float]) -> None:
    x, y = at
    reach = _MARKER_PX
    sheet.circle(at, reach + 3, fill="#ffffff", edge=_MARKER, width=2)
    for side in (-1, 1):
        start, end = (x - reach * 0.6, y - side * reach * 0.6), (x + reach * 0.6, y + side * reach * 0.6)
        sheet.line(start, end, colour=_MARKER, width=2.5, dash=())


def _hexagon(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    return [(x + radius * math.cos(math.pi * step / 3), y + radius * math.sin(math.pi * step / 3)) for step in range(6)]


def _big(point: tuple[float, float]) -> tuple[float, float]:
    return point[0] * _OVERSAMPLING, point[1] * _OVERSAMPLING


def _shifted(
    start: tuple[float, float], end: tuple[float, float], aside: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return a line moved sideways by some pixels."""
    length = math.dist(start, end) or 1.0
    x, y = -(end[1] - start[1]) / length * aside, (end[0] - start[0]) / length * aside
    return (start[0] + x, start[1] + y), (end[0] + x, end[1] + y)


def _dashes(
    start: tuple[float, float], end: tuple[float, float], dash: tuple[float, ...]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Cut a line into its visible pieces."""
    length = math.dist(start, end)
    if not dash or length == 0:
        return [(start, end)]
    on, off = dash

    def along(distance: float) -> tuple[float, float]:
        share = min(distance / length, 1.0)
        return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

    return [(along(step * (on + off)), along(step * (on + off) + on)) for step in range(math.ceil(length / (on + off)))]
