"""Counts as labelled bars. The number stands beside each bar, so nothing is said by length or colour alone."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from skerry_gui.theme import Theme

__all__ = ["Bars"]

ROW, BAR, GAP = 26, 10, 12  # pixels


class Bars(QWidget):
    """At most `most` rows of (words, count); the rest is summed up in a last one."""

    def __init__(self, theme: Theme, *, name: str, most: int = 6) -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._most = most
        self._rows: list[tuple[str, int]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_rows(self, rows: Sequence[tuple[str, int]]) -> None:
        """Show these, in this order."""
        self._rows = list(rows[: self._most])
        if rest := sum(count for _, count in rows[self._most :]):
            self._rows.append(("others", rest))
        said = ", ".join(f"{words} {count}" for words, count in self._rows)
        self.setAccessibleName(f"{self._name}: {said or 'none'}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, max(1, len(self._rows)) * ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        words_width = min(self.width() // 2, max(metrics.horizontalAdvance(words) for words, _ in self._rows) + GAP)
        count_width = max(metrics.horizontalAdvance(f"{count:,}") for _, count in self._rows) + GAP
        room = max(1, self.width() - words_width - count_width)
        longest = max(count for _, count in self._rows)
        for place, (words, count) in enumerate(self._rows):
            top = place * ROW
            painter.setPen(QColor(colours.text))
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, words_width - GAP)
            painter.drawText(QRectF(0, top, words_width, ROW), Qt.AlignmentFlag.AlignVCenter, shown)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(QRectF(words_width, top + (ROW - BAR) / 2, room, BAR), 4, 4)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(
                QRectF(words_width, top + (ROW - BAR) / 2, max(4, room * count / longest), BAR), 4, 4
            )
            painter.setPen(QColor(colours.text))
            painter.drawText(
                QRectF(self.width() - count_width, top, count_width, ROW),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
                f"{count:,}",
            )
