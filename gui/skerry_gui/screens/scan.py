"""What is attached to the agent's computer, in a window of its own: what each is, and the setting that uses it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from skerry_client.found import Found, new_settings, settings_lines, what_it_is
from skerry_gui.columns import FOUND
from skerry_gui.looking import Looking
from skerry_gui.session import Session
from skerry_gui.theme import Theme
from skerry_gui.widgets.basic import CopyButton, label
from skerry_gui.widgets.table import Table

__all__ = ["ScanWindow"]

_EMPTY = "Nothing was found. Plug the device into the agent's computer and look again."
_ASKING = "Every port is asked harmless questions; this takes up to 25 seconds."
_USE = "To use what is new, add this to the settings file of the agent's computer, and start the agent again:"
_ALL_USED = "Nothing here waits for a setting."


class ScanWindow(QDialog):
    """Looks as soon as it is opened, and again at its button."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What is attached")
        self.setAccessibleName("What is attached")
        self.looking = Looking(session.link, self)
        self.words = label(_ASKING, "", wrap=True, selectable=True)
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress of the look around")
        self.table: Table[Found] = Table(
            FOUND, name="What is attached", empty=_EMPTY, key=lambda one: f"{one['key']} {one['url']}",
            now=session.now, theme=theme, filtering=False,
        )  # fmt: skip
        self._use = label("", "heading", wrap=True)
        self.setting = label("", "code", selectable=True)
        self._copy = CopyButton("Copy", what="the setting")
        self.again = QPushButton("Look again")
        self.again.clicked.connect(self.look)
        self._lay_out()
        self.looking.progressed.connect(self._progress)
        self.looking.ended.connect(self._show_found)
        self.table.chosen.connect(self._show_chosen)
        self.resize(860, 560)

    def look(self) -> None:
        """Look around, from the beginning."""
        self.words.setText(_ASKING)
        self._bar.setValue(0)
        self._bar.show()
        self.again.setEnabled(False)
        self.looking.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.looking.stop()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        use = QHBoxLayout()
        use.addWidget(self.setting, 1)
        use.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        foot.addWidget(self.again)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        for part in (self.words, self._bar):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addWidget(self._use)
        column.addLayout(use)
        column.addLayout(foot)
        self._offer("")

    def _progress(self, percent: int, words: str) -> None:
        self._bar.setValue(percent)
        self.words.setText(f"{_ASKING}\n{words[:1].upper()}{words[1:]}.")

    def _show_found(self) -> None:
        self._bar.hide()
        self.again.setEnabled(True)
        found = self.looking.found
        self.words.setText(self.looking.problem or f"{len(found)} found. What the agent uses was left alone.")
        self.table.show_rows(found)
        self._offer("\n".join(settings_lines(new_settings(found, lambda _: ()))))
        if found and not self.setting.text():
            self._use.setText(_ALL_USED)
            self._use.show()

    def _show_chosen(self) -> None:
        """Say in full what a row has no room for: mostly what is wrong, and what to do."""
        if (chosen := self.table.selected()) is not None:
            self.words.setText(f"{chosen['url']}: {what_it_is(chosen)}")

    def _offer(self, setting: str) -> None:
        self.setting.setText(setting)
        self.setting.setVisible(bool(setting))
        self._copy.offer(setting)
        self._use.setText(_USE)
        self._use.setVisible(bool(setting))
