"""The main window: strip and bars above, the list of screens on the left, the chosen screen. Made by `main`."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from skerry_gui.screens.devices import Devices
from skerry_gui.screens.overview import Overview
from skerry_gui.screens.packets import Packets
from skerry_gui.screens.proofs import Proofs
from skerry_gui.screens.rewards import Rewards
from skerry_gui.session import Session
from skerry_gui.theme import Choice, Theme
from skerry_gui.widgets.strip import LostBar, Strip, TokenBanner

__all__ = ["MainWindow"]

ENTRY_HEIGHT = 36  # pixels of a line in the list of screens
_KEYS = (
    ("Ctrl+1 to Ctrl+5", "choose a screen"),
    ("Ctrl+F", "filter the table"),
    ("Up, Down, Home, End", "move in a table or in the list of screens"),
    ("Tab, Shift+Tab", "next or previous part"),
    ("F5", "read everything again"),
    ("Ctrl+Shift+T", "light, dark or as the desktop"),
    ("F1 or ?", "these keys"),
    ("Ctrl+Q", "quit"),
)


class MainWindow(QMainWindow):
    """Everything in one window; `settings` keeps its size and palette."""

    def __init__(self, session: Session, theme: Theme, settings: QSettings) -> None:
        super().__init__()
        self._session = session
        self._theme = theme
        self._settings = settings
        self.setWindowTitle("Skerry")
        self.overview = Overview(session, theme)
        self.devices = Devices(session, theme)
        self.proofs = Proofs(session, theme)
        self.packets = Packets(session, theme)
        self.rewards = Rewards(session, theme)
        self.screens: tuple[tuple[str, QWidget], ...] = (
            ("Overview", self.overview),
            ("Devices", self.devices),
            ("Beacons && witnesses", self.proofs),
            ("Packets", self.packets),
            ("Rewards", self.rewards),
        )
        self._lay_out()
        self._make_menus()
        self.resize(1280, 820)
        if (geometry := settings.value("geometry")) is not None:
            self.restoreGeometry(geometry)

    def show_screen(self, place: int) -> None:
        """Show one of the screens."""
        self._list.setCurrentRow(place)

    def _lay_out(self) -> None:
        self._list = QListWidget()
        self._list.setObjectName("screens")
        self._list.setAccessibleName("Screens")
        self._list.setFixedWidth(196)
        self._pages = QStackedWidget()
        for name, page in self.screens:
            item = QListWidgetItem(name.replace("&&", "&"), self._list)
            item.setSizeHint(QSize(0, ENTRY_HEIGHT))  # asked for before the style sheet is known, it would be too low
            self._pages.addWidget(page)
        self._list.currentRowChanged.connect(self._pages.setCurrentIndex)
        self._list.setCurrentRow(0)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self._list)
        below.addWidget(self._pages, 1)
        central = QWidget()
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for bar in (Strip(self._session, self._theme), TokenBanner(self._session), LostBar(self._session)):
            column.addWidget(bar)
        column.addLayout(below, 1)
        self.setCentralWidget(central)

    def _make_menus(self) -> None:
        agent = self.menuBar().addMenu("&Agent")
        agent.addAction(self._action("&Read everything again", "F5", self._session.refresh_all))
        agent.addAction(self._action("&Connect now", "", self._session.connect_now))
        agent.addAction(self._action("&Quit", "Ctrl+Q", self.close))
        view = self.menuBar().addMenu("&View")
        for place, (name, _) in enumerate(self.screens):
            view.addAction(self._action(name, f"Ctrl+{place + 1}", partial(self.show_screen, place)))
        view.addSeparator()
        view.addAction(self._action("&Filter the table", "Ctrl+F", self._focus_filter))
        palettes = QActionGroup(self)
        for choice in Choice:
            action = self._action(choice.value, "", partial(self._choose_palette, choice))
            action.setCheckable(True)
            action.setChecked(choice is self._theme.choice)
            palettes.addAction(action)
            view.addAction(action)
        self._palettes = palettes
        self.addAction(self._action("Next palette", "Ctrl+Shift+T", self._next_palette))
        help_ = self.menuBar().addMenu("&Help")
        keys = self._action("&Keys", "F1", self._show_keys)
        keys.setShortcuts([QKeySequence("F1"), QKeySequence("?")])
        help_.addAction(keys)

    def _action(self, text: str, keys: str, call: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked: call())
        return action

    def _focus_filter(self) -> None:
        table = getattr(self._pages.currentWidget(), "table", None)
        if table is not None:
            table.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _choose_palette(self, choice: Choice) -> None:
        self._theme.choose(choice)
        self._settings.setValue("palette", choice.name)
        self._palettes.actions()[list(Choice).index(choice)].setChecked(True)

    def _next_palette(self) -> None:
        choices = list(Choice)
        self._choose_palette(choices[(choices.index(self._theme.choice) + 1) % len(choices)])

    def _show_keys(self) -> None:
        box = QMessageBox(self)
        box.setWindowTitle("Keys")
        box.setText("\n".join(f"{keys}: {what}" for keys, what in _KEYS))
        box.finished.connect(box.deleteLater)
        box.open()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._session.stop()
        super().closeEvent(event)
