"""Windows are drawn into memory; a real API server answers from another thread."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from skerry_testing.agent_thread import AgentThread
from skerry_testing.api import fill
from skerry_testing.window import Opener


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentThread]:
    """Yield an agent with three rows of each kind."""
    with AgentThread(tmp_path / "agent") as running:
        running.run(fill)
        yield running


@pytest.fixture
def empty_agent(tmp_path: Path) -> Iterator[AgentThread]:
    """Yield an agent that has seen nothing yet."""
    with AgentThread(tmp_path / "empty") as running:
        yield running


@pytest.fixture
def opener(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Opener:
    """Return what opens sessions and windows; windows are closed at the test's end."""
    return Opener(qtbot=qtbot, app=qapp, folder=tmp_path)
