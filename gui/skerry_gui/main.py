"""Opens the window: `skerry gui` starts it as a process of its own, and so does the desktop's menu entry."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSettings, QSocketNotifier
from PySide6.QtWidgets import QApplication

from skerry_client.paths import choose_paths
from skerry_core import __version__
from skerry_core.clock import SystemClock
from skerry_gui.place import AgentPlace, FixedPlace, FolderPlace
from skerry_gui.session import Session
from skerry_gui.theme import Choice, Theme
from skerry_gui.window import MainWindow

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the window is closed; return the exit code."""
    parser = argparse.ArgumentParser(prog="skerry-desktop", description="The window of a Skerry agent.")
    parser.add_argument("--dir", type=Path, help="the agent's folder, when it keeps everything in one")
    parser.add_argument("--address", help="an agent elsewhere, for example https://host:8474 (token in SKERRY_TOKEN)")
    parser.add_argument("--fingerprint", help="SHA-256 of the certificate of an agent elsewhere, in hex")
    parser.add_argument("--version", action="version", version=__version__)
    chosen = parser.parse_args(arguments)
    app = QApplication([sys.argv[0]])
    app.setApplicationName("Skerry")
    app.setDesktopFileName("skerry")
    settings = QSettings("skerry", "desktop")
    wakeup = _quit_on_signals(app)
    session = Session(_place(chosen.dir, chosen.address, chosen.fingerprint), clock=SystemClock())
    window = MainWindow(session, Theme(app, _palette(settings)), settings)
    window.show()
    session.start()
    code = app.exec()
    session.stop()
    del wakeup
    return code


def _place(folder: Path | None, address: str | None, fingerprint: str | None) -> AgentPlace:
    if address is not None:
        return FixedPlace(address, os.environ.get("SKERRY_TOKEN", ""), fingerprint)
    return FolderPlace.of(folder) if folder is not None else FolderPlace(choose_paths(None, environ=os.environ))


def _palette(settings: QSettings) -> Choice:
    name = str(settings.value("palette", Choice.SYSTEM.name))
    return Choice[name] if name in Choice.__members__ else Choice.SYSTEM


def _quit_on_signals(app: QApplication) -> QSocketNotifier | None:
    """Let Ctrl-C and SIGTERM close the window: Python's handlers do not run while Qt waits, so a pipe wakes Qt."""
    if sys.platform == "win32":
        return None
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: None)
    notifier = QSocketNotifier(reader, QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: app.closeAllWindows())
    return notifier
