"""Map pictures: readable, complete, drawn for awkward places too."""

import io
import random
from typing import Any

import h3.api.basic_int as h3
import pytest
from PIL import Image

from skerry_coverage.picture.labels import place_labels
from skerry_coverage.picture.model import LinkVerdict, MapHotspot, MapPicture, WitnessLink
from skerry_coverage.picture.projection import Box, Projection, grid_cells, scale_bar_m
from skerry_coverage.picture.render import HEIGHT_PX, WIDTH_PX, render_png

BLUE, ORANGE, LIGHT_BLUE = (0, 0x72, 0xB2), (0xD5, 0x5E, 0), (0x56, 0xB4, 0xE9)
BOX = Box(left=0, top=0, right=1000, bottom=800)


def hotspot(lat: float, lng: float, name: str = "angry-purple-tiger") -> MapHotspot:
    return MapHotspot(name=name, cell=h3.latlng_to_cell(lat, lng, 12))


def picture(*verdicts: LinkVerdict) -> MapPicture:
    links = tuple(WitnessLink(beaconer=0, witness=1, verdict=verdict, reason="bad_rssi") for verdict in verdicts)
    hotspots = (hotspot(57.5, -6.2), hotspot(57.51, -6.17, "long-misty-otter"))
    return MapPicture(title="Coverage", note="Test tokens", hotspots=hotspots, links=links)


def pixels(shown: MapPicture) -> Image.Image:
    image = Image.open(io.BytesIO(render_png(shown))).convert("RGB")
    assert image.size == (WIDTH_PX, HEIGHT_PX)
    return image


def count_of(image: Image.Image, colour: tuple[int, int, int]) -> int:
    """Count map pixels near a colour; the legend on the right is left out."""
    area = image.crop((40, 120, 1210, 1060))
    found: list[tuple[int, Any]] = area.getcolors(1 << 24) or []
    return sum(count for count, pixel in found if max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 12)


def test_each_verdict_has_its_own_colour_on_the_map() -> None:
    nothing = pixels(picture())
    assert count_of(nothing, BLUE) == count_of(nothing, ORANGE) == 0
    assert count_of(pixels(picture(LinkVerdict.VALID)), BLUE) > 200
    assert count_of(pixels(picture(LinkVerdict.INVALID)), ORANGE) > 200
    assert count_of(pixels(picture(LinkVerdict.SURPLUS)), LIGHT_BLUE) > 20


def test_line_style_tells_verdicts_apart_without_colour() -> None:
    solid = count_of(pixels(picture(LinkVerdict.VALID)), BLUE)
    dashed = count_of(pixels(picture(LinkVerdict.INVALID)), ORANGE)
    dotted = count_of(pixels(picture(LinkVerdict.SURPLUS)), LIGHT_BLUE)
    assert solid > 1.2 * dashed > 1.2 * dotted


def test_both_verdicts_of_a_pair_stay_visible() -> None:
    image = pixels(picture(LinkVerdict.VALID, LinkVerdict.INVALID))
    assert count_of(image, BLUE) > 200
    assert count_of(image, ORANGE) > 200


def test_equal_pictures_give_equal_bytes() -> None:
    assert render_png(picture(LinkVerdict.VALID)) == render_png(picture(LinkVerdict.VALID))


@pytest.mark.parametrize(
    "places",
    [
        [(57.5, -6.2)],
        [(57.5, -6.2), (57.5, -6.2)],
        [(10.0, 179.99), (10.01, -179.98)],
        [(-33.9, 18.4), (-33.0, 19.9)],
        [(89.5, 0.0), (89.6, 90.0)],
    ],
)
def test_awkward_places_are_drawn(places: list[tuple[float, float]]) -> None:
    hotspots = tuple(hotspot(lat, lng) for lat, lng in places)
    pixels(MapPicture(title="x", note="y", hotspots=hotspots, links=()))


def test_a_picture_of_nothing_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        render_png(MapPicture(title="x", note="y", hotspots=(), links=()))


def test_the_projection_is_to_scale_and_turns_back() -> None:
    a, b = h3.latlng_to_cell(57.5, -6.2, 12), h3.latlng_to_cell(57.53, -6.1, 12)
    projection = Projection([a, b], BOX)
    (ax, ay), (bx, by) = projection.centre(a), projection.centre(b)
    pixels_apart = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
    metres = h3.great_circle_distance(h3.cell_to_latlng(a), h3.cell_to_latlng(b), unit="m")
    assert pixels_apart * projection.metres_per_pixel == pytest.approx(metres, rel=0.002)
    assert projection.position(ax, ay) == pytest.approx(h3.cell_to_latlng(a))


def test_a_neighbourhood_on_the_date_line_stays_in_one_piece() -> None:
    cells = [h3.latlng_to_cell(10.0, 179.99, 12), h3.latlng_to_cell(10.0, -179.99, 12)]
    projection = Projection(cells, BOX)
    (ax, _), (bx, _) = projection.centre(cells[0]), projection.centre(cells[1])
    assert 0 < bx - ax < BOX.width


def test_the_grid_has_a_sensible_number_of_hexes() -> None:
    for spread in (0.001, 0.05, 0.8):
        cells = [h3.latlng_to_cell(50.0, 8.0, 12), h3.latlng_to_cell(50.0 + spread, 8.0 + spread, 12)]
        _, grid = grid_cells(Projection(cells, BOX), BOX)
        assert 40 < len(grid) < 1500


@pytest.mark.parametrize(("width_m", "bar_m"), [(0.4, 1), (7, 5), (99, 50), (100, 100), (2600, 2000), (99_999, 50_000)])
def test_the_scale_bar_is_a_round_length(width_m: float, bar_m: int) -> None:
    assert scale_bar_m(width_m) == bar_m


def test_labels_avoid_markers_and_each_other_and_stay_inside() -> None:
    draw = random.Random(4)
    points = [(draw.uniform(100, 900), draw.uniform(100, 700)) for _ in range(12)]
    boxes = place_labels(points, [(160, 24)] * 12, frame=BOX, marker_px=10, lines=[])
    assert all(BOX.holds(box) for box in boxes)
    for at, box in enumerate(boxes):
        assert all(box.overlap(other) == 0 for other in boxes[at + 1 :])
        for x, y in points:
            assert box.overlap(Box(left=x - 8, top=y - 8, right=x + 8, bottom=y + 8)) == 0
