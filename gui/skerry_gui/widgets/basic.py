"""Small parts: labels with a role, cards, a shape with its word, a copy button. Used everywhere in the window."""

from datetime import datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from skerry_gui.marks import Mark
from skerry_gui.theme import Theme
from skerry_gui.words import STALE_AFTER_S, age, is_stale, moment

__all__ = ["AgeLabel", "Card", "CopyButton", "MarkLabel", "label", "scrolling"]

COPIED_MS = 1500  # how long a copy button says so


def label(text: str = "", role: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """Return a label of plain text (never markup: names come from other people); `role` chooses its look."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
    return made


def scrolling(text: QLabel, *, name: str) -> QScrollArea:
    """Return room for a long label, whose length then asks for no larger window."""
    area = QScrollArea()
    area.setAccessibleName(name)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    area.setWidget(text)
    return area


class Card(QFrame):
    """A framed column with a heading and, on the right of it, room for an age."""

    def __init__(self, heading: str = "") -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 14)
        self.body.setSpacing(6)
        self.head = QHBoxLayout()
        self.body.addLayout(self.head)
        if heading:
            self.setAccessibleName(heading)
            self.head.addWidget(label(heading, "heading"))
        self.head.addStretch(1)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a part below the others."""
        self.body.addWidget(widget, stretch)


class AgeLabel(QLabel):
    """How old the values beside it are; past their limit they are said to be stale."""

    def __init__(self, limit_s: float = STALE_AFTER_S) -> None:
        super().__init__("\u2013")
        self._limit_s = limit_s
        self.setProperty("role", "age")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def show_age(self, then: datetime | None, now: datetime) -> None:
        """Show it."""
        if then is None:
            self.setText("not read yet")
            return
        self.setText(("stale, " if is_stale(then, now, self._limit_s) else "") + f"as of {age(then, now)}")
        self.setToolTip(moment(then))


class MarkLabel(QWidget):
    """A shape and the word that says the same."""

    def __init__(self, theme: Theme, *, name: str, size: int = 16, role: str = "", wrap: bool = True) -> None:
        super().__init__()
        self._theme = theme
        self._name = name
        self._size = size
        self._mark = Mark.UNKNOWN
        self._shape = QLabel()
        self._word = label("", role, wrap=wrap)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(7)
        row.addWidget(self._shape)
        row.addWidget(self._word, 1)
        theme.changed.connect(self._draw)
        self.show_mark(Mark.UNKNOWN, "Unknown")

    def show_mark(self, mark: Mark, word: str) -> None:
        """Show another state."""
        self._mark = mark
        self._word.setText(word)
        self.setAccessibleName(f"{self._name}: {word}" if self._name else word)
        self._draw()

    def _draw(self) -> None:
        self._shape.setPixmap(self._theme.icon(self._mark, self._size).pixmap(self._size, self._size))


class CopyButton(QPushButton):
    """Copies a text and says that it did."""

    def __init__(self, text: str, *, what: str) -> None:
        super().__init__(text)
        self._says = text
        self._text = ""
        self.setAccessibleName(f"Copy {what}")
        self.setToolTip(f"Copy {what}")
        self.clicked.connect(self._copy)

    def offer(self, text: str) -> None:
        """Copy this from now on; an empty text hides the button."""
        self._text = text
        self.setVisible(bool(text))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self.setText("Copied")
        QTimer.singleShot(COPIED_MS, self, lambda: self.setText(self._says))
