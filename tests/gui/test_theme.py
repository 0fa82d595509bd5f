"""The palettes can be read, and shapes differ without colour."""

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from skerry_gui.marks import Mark, mark_pixmap, passed_mark, state_mark, verdict_mark
from skerry_gui.theme import DARK, LIGHT, Colours


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_text_has_enough_contrast(colours: Colours) -> None:
    papers = (colours.ground, colours.paper, colours.stripe)
    pairs = [(ink, paper) for ink in (colours.text, colours.muted) for paper in papers]
    pairs += [(colours.on_accent, colours.accent), (colours.on_notice, colours.notice), (colours.paper, colours.bad)]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_every_shape_stands_out_from_paper(colours: Colours) -> None:
    for mark in Mark:
        assert contrast(colours.of(mark), colours.paper) >= 3


def test_shapes_differ_in_one_colour(qapp: QApplication) -> None:
    black, white = QColor("black"), QColor("white")
    images = [
        mark_pixmap(mark, black, white, 16).toImage().convertToFormat(QImage.Format.Format_ARGB32) for mark in Mark
    ]
    for place, one in enumerate(images):
        for other in images[place + 1 :]:
            differing = sum(
                one.pixelColor(x, y) != other.pixelColor(x, y) for x in range(one.width()) for y in range(one.height())
            )
            assert differing > one.width() * one.height() / 20


def test_what_is_not_known_is_never_good_or_bad() -> None:
    assert state_mark("unknown") is verdict_mark("unknown") is verdict_mark("pending") is Mark.UNKNOWN
    assert state_mark("something new") is Mark.UNKNOWN
    assert passed_mark(None) is Mark.NONE
