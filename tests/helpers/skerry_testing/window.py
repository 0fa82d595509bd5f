"""Opens sessions and windows of the desktop program for tests. Qt, so nothing but tests of the window imports this."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skerry_core.clock import SystemClock
from skerry_gui.place import FolderPlace
from skerry_gui.session import Connection, Session
from skerry_gui.theme import Choice, Theme
from skerry_gui.window import MainWindow
from skerry_testing.agent_thread import AgentThread

__all__ = ["Opener"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens sessions and windows and closes them at the test's end."""

    qtbot: QtBot
    app: QApplication
    folder: Path

    def session(self, agent_folder: Path) -> Session:
        """Return a started session."""
        session = Session(FolderPlace.of(agent_folder), clock=SystemClock())
        session.start()
        return session

    def live(self, agent: AgentThread) -> Session:
        """Return a session that is connected and has read every list."""
        session = self.session(agent.folder)
        self.qtbot.waitUntil(lambda: session.connection is Connection.LIVE, timeout=60_000)
        self.settle(session)
        return session

    def settle(self, session: Session) -> None:
        """Wait until every list has been read."""
        feeds = (session.devices, session.packets, session.beacons, session.witnesses, session.rewards, session.outbox)
        self.qtbot.waitUntil(lambda: all(feed.loaded for feed in feeds) and session.balances.loaded, timeout=60_000)

    def window(self, session: Session, choice: Choice = Choice.LIGHT) -> MainWindow:
        """Return a window over a session."""
        settings = QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(session, Theme(self.app, choice), settings)
        self.qtbot.addWidget(window)
        window.show()
        return window
