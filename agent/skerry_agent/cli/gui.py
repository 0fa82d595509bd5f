"""`skerry gui`: the window on the agent of a folder; starts the agent first when none runs there.

The window is a program of its own: nothing of Qt is imported here.
"""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from skerry_agent.cli.context import Cli, pass_cli
from skerry_agent.instance_lock import InstanceLock
from skerry_client.paths import Paths, choose_paths
from skerry_core.errors import RefusedError, UserError

__all__ = ["gui", "open_window"]

STOP_LIMIT_S = 10.0


@click.command()
@pass_cli
def gui(cli: Cli, /) -> int:
    """Open the window on this folder's agent."""
    return _open(cli.paths, ["--dir", str(cli.folder)] if cli.folder else [])


def open_window(folder: Path) -> int:
    """Open the window on the agent of a folder, and return its exit code once it is closed."""
    return _open(choose_paths(folder, environ={}), ["--dir", str(folder)])


def _open(paths: Paths, where: list[str]) -> int:
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("skerry_gui") is None:
        raise UserError(
            "E_NO_WINDOW", "The window is not installed here.", remedy="Install it: pip install 'skerry[desktop]'"
        )
    with _running_agent(paths, where):
        return subprocess.run([sys.executable, "-m", "skerry_gui", *where], check=False).returncode  # noqa: S603


def _is_running(paths: Paths) -> bool:
    if not paths.lock.exists():
        return False
    try:
        with InstanceLock(paths.lock):
            return False
    except RefusedError:
        return True


@contextmanager
def _running_agent(paths: Paths, where: list[str]) -> Iterator[None]:
    if _is_running(paths):
        yield
        return
    command = [sys.executable, "-m", "skerry_agent.cli", *where, "run"]
    agent = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own program
    try:
        assert agent.stdout is not None
        if not agent.stdout.readline():  # it prints the address when it is ready, and nothing when it fails
            raise UserError("E_START", "The agent did not start; its message is above.", remedy="skerry doctor")
        yield
    finally:
        agent.terminate()
        try:
            agent.communicate(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.communicate()
