"""Windows are drawn into memory; a real API server answers from another thread."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skerry_core.clock import SystemClock
from skerry_gui.place import FolderPlace
from skerry_gui.session import Connection, Session
from skerry_gui.theme import Choice, Theme
from skerry_gui.window import MainWindow
from skerry_testing.agent_thread import AgentThread
from skerry_testing.api import fill


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentThread]:
    """An agent with three rows of each kind."""
    with AgentThread(tmp_path / "agent") as running:
        running.run(fill)
        yield running


@pytest.fixture
def empty_agent(tmp_path: Path) -> Iterator[AgentThread]:
    """An agent that has seen nothing yet."""
    with AgentThread(tmp_path / "empty") as running:
        yield running


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
        self.qtbot.waitUntil(lambda: session.connection is Connection.LIVE, timeout=10_000)
        self.settle(session)
        return session

    def settle(self, session: Session) -> None:
        """Wait until every list has been read."""
        feeds = (session.devices, session.packets, session.beacons, session.witnesses, session.rewards, session.outbox)
        self.qtbot.waitUntil(lambda: all(feed.loaded for feed in feeds) and session.balances.loaded, timeout=10_000)

    def window(self, session: Session, choice: Choice = Choice.LIGHT) -> MainWindow:
        """Return a window over a session."""
        settings = QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat)
        window = MainWindow(session, Theme(self.app, choice), settings)
        self.qtbot.addWidget(window)
        window.show()
        return window


@pytest.fixture
def opener(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Opener:
    return Opener(qtbot=qtbot, app=qapp, folder=tmp_path)
