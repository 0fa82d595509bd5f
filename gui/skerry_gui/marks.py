"""Shapes that say a state without colour: a disc with a tick, a square with a cross, a hollow diamond, a dash."""

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

__all__ = ["Mark", "mark_icon", "mark_pixmap", "passed_mark", "state_mark", "verdict_mark"]

SCALE = 3  # pixels drawn per pixel, so that large screens stay sharp


class Mark(Enum):
    """What a shape says; the value is the word that goes with it for people who cannot see it."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    NONE = "not applicable"


def state_mark(state: str) -> Mark:
    """Return the shape of a state: up, down or unknown."""
    return {"up": Mark.GOOD, "down": Mark.BAD}.get(state, Mark.UNKNOWN)


def verdict_mark(verdict: str) -> Mark:
    """Return the shape of a verdict or of a reward's state."""
    good, bad = {"valid", "paid", "up"}, {"invalid", "down"}
    return Mark.GOOD if verdict in good else Mark.BAD if verdict in bad else Mark.UNKNOWN


def passed_mark(passed: bool | None) -> Mark:
    """Return the shape of a rule that passed, failed, or was not reached."""
    return Mark.NONE if passed is None else Mark.GOOD if passed else Mark.BAD


def mark_icon(mark: Mark, *, colour: QColor, paper: QColor, selected: QColor, behind: QColor, size: int) -> QIcon:
    """Return the shape as an icon; in a selected row it has the colours `selected` on `behind`."""
    icon = QIcon(mark_pixmap(mark, colour, paper, size))
    icon.addPixmap(mark_pixmap(mark, selected, behind, size), QIcon.Mode.Selected)
    return icon


def mark_pixmap(mark: Mark, colour: QColor, paper: QColor, size: int) -> QPixmap:
    """Return the shape in a colour; `paper` is the colour of tick and cross."""
    pixmap = QPixmap(size * SCALE, size * SCALE)
    pixmap.setDevicePixelRatio(SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 16, size / 16)  # shapes are drawn on a field of 16 x 16
    _draw(painter, mark, colour, paper)
    painter.end()
    return pixmap


def _draw(painter: QPainter, mark: Mark, colour: QColor, paper: QColor) -> None:
    ink = QPen(paper, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    edge = QPen(colour, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.MiterJoin)
    match mark:
        case Mark.GOOD:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(QRectF(1, 1, 14, 14))
            painter.setPen(ink)
            painter.drawPolyline(_points((4.6, 8.3), (7.1, 10.7), (11.4, 5.6)))
        case Mark.BAD:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(1.5, 1.5, 13, 13), 2.5, 2.5)
            painter.setPen(ink)
            painter.drawLine(QPointF(5.2, 5.2), QPointF(10.8, 10.8))
            painter.drawLine(QPointF(10.8, 5.2), QPointF(5.2, 10.8))
        case Mark.UNKNOWN:
            painter.setPen(edge)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(_points((8, 1.6), (14.4, 8), (8, 14.4), (1.6, 8)))
        case Mark.NONE:
            painter.setPen(edge)
            painter.drawLine(QPointF(4.5, 8), QPointF(11.5, 8))


def _points(*points: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])
