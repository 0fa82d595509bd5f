"""Light and dark palettes from one table of colours; follows the desktop unless a person chose. One per window.

Good and bad are a bluish green and a vermillion (Okabe and Ito), which colour-blind people tell apart; every state also
has a shape and a word. Text on paper has a contrast of at least 4.5 : 1 in both palettes (tested).
"""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from skerry_gui.marks import Mark, mark_icon

__all__ = ["DARK", "LIGHT", "Choice", "Colours", "Theme"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The colours of one palette as #rrggbb."""

    ground: str
    paper: str
    stripe: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    bad: str
    unknown: str
    notice: str  # behind the banner of test tokens
    on_notice: str

    def of(self, mark: Mark) -> str:
        """Return the colour of a shape."""
        return {Mark.GOOD: self.good, Mark.BAD: self.bad}.get(mark, self.unknown)


LIGHT = Colours(
    ground="#f3f5f8", paper="#ffffff", stripe="#f7f9fb", line="#d8dee6", text="#17202b", muted="#566373",
    accent="#00639c", on_accent="#ffffff", good="#00765a", bad="#b83e00", unknown="#5f6b7a",
    notice="#fff1cc", on_notice="#5c4300",
)  # fmt: skip
DARK = Colours(
    ground="#11161d", paper="#19202a", stripe="#1d2530", line="#2f3a48", text="#e7ecf2", muted="#9dabbc",
    accent="#56b4e9", on_accent="#06131c", good="#2fc598", bad="#ff8d57", unknown="#a3b0bf",
    notice="#43350c", on_notice="#ffe3a1",
)  # fmt: skip


class Choice(Enum):
    """What a person may choose."""

    SYSTEM = "As the desktop"
    LIGHT = "Light"
    DARK = "Dark"


class Theme(QObject):
    """The colours in force; `changed` says that shapes must be drawn again."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Choice = Choice.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._choice = choice
        self._icons: dict[tuple[Mark, int], QIcon] = {}
        self.colours = LIGHT
        QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: self._apply())
        app.setStyle("Fusion")
        self._apply()

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        return self._choice

    def choose(self, choice: Choice) -> None:
        """Use another palette."""
        self._choice = choice
        self._apply()

    def icon(self, mark: Mark, size: int = 16) -> QIcon:
        """Return a shape in the colour of this palette."""
        key = (mark, size)
        if key not in self._icons:
            colours = self.colours
            self._icons[key] = mark_icon(
                mark,
                colour=QColor(colours.of(mark)),
                paper=QColor(colours.paper),
                selected=QColor(colours.on_accent),
                behind=QColor(colours.accent),
                size=size,
            )
        return self._icons[key]

    def _apply(self) -> None:
        system_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self._choice is Choice.DARK or (self._choice is Choice.SYSTEM and system_dark)
        self.colours = DARK if dark else LIGHT
        self._icons.clear()
        self._app.setPalette(_palette(self.colours))
        self._app.setStyleSheet(_style(self.colours))
        self.changed.emit()


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for name, colour in {
        role.Window: colours.ground, role.Base: colours.paper, role.AlternateBase: colours.stripe,
        role.Button: colours.paper, role.WindowText: colours.text, role.Text: colours.text,
        role.ButtonText: colours.text, role.ToolTipBase: colours.paper, role.ToolTipText: colours.text,
        role.PlaceholderText: colours.muted, role.Highlight: colours.accent, role.HighlightedText: colours.on_accent,
        role.Link: colours.accent, role.Mid: colours.line, role.Accent: colours.accent,
    }.items():  # fmt: skip
        palette.setColor(name, QColor(colour))
    for name in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(colours.muted))
    return palette


def _style(colours: Colours) -> str:
    return f"""
        QFrame[card="true"] {{ background: {colours.paper}; border: 1px solid {colours.line}; border-radius: 8px; }}
        QFrame[card="bad"] {{ background: {colours.paper}; border: 1px solid {colours.bad}; border-radius: 8px; }}
        QLabel[role="title"] {{ font-size: 20px; font-weight: 600; }}
        QLabel[role="heading"] {{ font-weight: 600; }}
        QLabel[role="number"] {{ font-size: 21px; font-weight: 600; }}
        QLabel[role="muted"], QLabel[role="age"] {{ color: {colours.muted}; }}
        QLabel[role="age"] {{ font-size: 11px; }}
        QLabel[role="code"] {{ font-family: monospace; background: {colours.stripe}; border: 1px solid {colours.line};
            border-radius: 4px; padding: 3px 8px; }}
        QFrame#strip {{ background: {colours.paper}; border: 0; border-bottom: 1px solid {colours.line}; }}
        QFrame#banner {{ background: {colours.notice}; border: 0; }}
        QFrame#banner QLabel {{ color: {colours.on_notice}; font-weight: 600; }}
        QFrame#lost {{ background: {colours.bad}; border: 0; }}
        QFrame#lost QLabel {{ color: {colours.paper}; font-weight: 600; }}
        QListWidget#screens {{ background: {colours.paper}; border: 0; border-right: 1px solid {colours.line};
            outline: 0; padding: 8px 6px; }}
        QListWidget#screens::item {{ padding: 9px 12px; margin: 1px 2px; border-radius: 6px; color: {colours.text}; }}
        QListWidget#screens::item:selected {{ background: {colours.accent}; color: {colours.on_accent}; }}
        QListWidget#screens::item:hover:!selected {{ background: {colours.stripe}; }}
        QTableView {{ background: {colours.paper}; alternate-background-color: {colours.stripe};
            border: 1px solid {colours.line}; border-radius: 8px; gridline-color: {colours.line}; outline: 0; }}
        QTableView::item {{ padding: 0 6px; border: 0; }}
        QTableView::item:selected {{ background: {colours.accent}; color: {colours.on_accent}; }}
        QHeaderView::section {{ background: {colours.paper}; color: {colours.muted}; border: 0;
            border-bottom: 1px solid {colours.line}; padding: 7px 8px; font-weight: 600; }}
        QHeaderView {{ background: {colours.paper}; border-radius: 8px; }}
        QTableCornerButton::section {{ background: {colours.paper}; border: 0; }}
        QLineEdit {{ background: {colours.paper}; border: 1px solid {colours.line}; border-radius: 6px;
            padding: 5px 8px; selection-background-color: {colours.accent}; }}
        QLineEdit:focus, QTableView:focus, QPushButton:focus {{ border: 1px solid {colours.accent}; }}
        QPushButton {{ background: {colours.paper}; border: 1px solid {colours.line}; border-radius: 6px;
            padding: 5px 12px; }}
        QPushButton:hover {{ background: {colours.stripe}; }}
        QPushButton:checked {{ background: {colours.accent}; color: {colours.on_accent}; }}
        QPushButton:disabled {{ color: {colours.muted}; }}
        QTabBar::tab {{ padding: 7px 16px; border: 0; border-bottom: 2px solid transparent; color: {colours.muted}; }}
        QTabBar::tab:selected {{ color: {colours.text}; border-bottom: 2px solid {colours.accent}; font-weight: 600; }}
        QTabWidget::pane {{ border: 0; }}
        QSplitter::handle {{ background: transparent; width: 14px; height: 14px; }}
        QAbstractScrollArea::corner {{ background: transparent; border: 0; }}
        QTabBar {{ qproperty-drawBase: 0; }}
        QFrame[card="true"] QTableView {{ border: 0; border-radius: 0; }}
        QScrollBar {{ background: transparent; border: 0; margin: 0; }}
        QScrollBar:vertical {{ width: 10px; }}
        QScrollBar:horizontal {{ height: 10px; }}
        QScrollBar::handle {{ background: {colours.line}; border-radius: 4px; margin: 1px; }}
        QScrollBar::handle:hover {{ background: {colours.muted}; }}
        QScrollBar::handle:vertical {{ min-height: 28px; }}
        QScrollBar::handle:horizontal {{ min-width: 28px; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
        QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: 0; }}
        QToolTip {{ background: {colours.paper}; color: {colours.text}; border: 1px solid {colours.line}; }}
    """
