"""`skerry gui`: the window on the agent of a folder; starts that agent first when none runs there.

The window is a program of its own that only speaks the HTTP API: nothing of Qt is imported here.
"""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from skerry_agent.cli.context import Cli, pass_cli
from skerry_agent.cli.exits import leave
from skerry_agent.instance_lock import InstanceLock
from skerry_client.paths import Paths, choose_paths
from skerry_core.errors import NotFoundError, RefusedError, UserError

__all__ = ["gui", "open_window"]

STOP_LIMIT_S = 15.0  # as the systemd unit allows
_REMEDY = (
    "Install it: pip install 'skerry[desktop]'. In a checkout: ./dev skerry gui --dir FOLDER. "
    "Without a desktop: skerry status --watch."
)


@click.command()
@pass_cli
def gui(cli: Cli, /) -> None:
    """Open the window.

    Without --dir on the agent of this computer. A folder in which no agent runs gets one while the window is open; the
    folder of `skerry demo --keep` is such a folder. With --address on an agent elsewhere (token in SKERRY_TOKEN).
    """
    if cli.folder is not None and cli.address is None:
        leave(open_window(cli.folder))
    _require_desktop()
    with _ended_by_sigterm() as ending:
        code = _window(*(("--address", cli.address) if cli.address else ()), ending=ending)
    leave(code)


def open_window(folder: Path) -> int:
    """Open the window on the agent of a folder; return its exit code once it is closed. Raises `UserError`."""
    _require_desktop()
    if not folder.is_dir():
        raise NotFoundError("E_NO_FOLDER", f"There is no folder {folder}.", params={"folder": str(folder)})
    with _ended_by_sigterm() as ending, _running_agent(choose_paths(folder, environ={}), folder):
        return _window("--dir", str(folder), ending=ending)


class _Ending:
    """What SIGTERM does: it closes the window, and with that everything ends in its order."""

    def __init__(self) -> None:
        self._told = False
        self._window: subprocess.Popen[bytes] | None = None

    def __call__(self, *_: object) -> None:
        self._told = True
        if self._window is not None:
            self._window.terminate()

    def wait_for(self, window: "subprocess.Popen[bytes]") -> int:
        """Wait for the window's end; return the exit code of the command."""
        self._window = window
        if self._told:  # while agent or window were starting
            window.terminate()
        code = window.wait()
        return 128 + signal.SIGTERM if self._told else code


@contextmanager
def _ended_by_sigterm() -> Iterator[_Ending]:
    ending = _Ending()
    before = signal.signal(signal.SIGTERM, ending)
    try:
        yield ending
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_desktop() -> None:
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("skerry_gui") is None:
        raise UserError("E_NO_WINDOW", "The window needs PySide6, which is not installed here.", remedy=_REMEDY)


def _window(*arguments: str, ending: _Ending) -> int:
    command = [*_python("skerry_gui"), *arguments]
    return ending.wait_for(subprocess.Popen(command, env=_environ()))  # noqa: S603 - our own program


@contextmanager
def _running_agent(paths: Paths, folder: Path) -> Iterator[None]:
    if _is_running(paths):
        yield
        return
    command = [*_python("skerry_agent.cli"), "--dir", str(folder), *_free_ports(paths), "run"]
    agent = subprocess.Popen(command, env=_environ(), stdout=subprocess.PIPE)  # noqa: S603 - our own program
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


def _is_running(paths: Paths) -> bool:
    if not paths.lock.exists():
        return False
    try:
        with InstanceLock(paths.lock):
            return False
    except RefusedError:
        return True


def _free_ports(paths: Paths) -> tuple[str, ...]:
    """Return settings that let a kept demo, which no radio will ever talk to, run beside the computer's own agent."""
    from skerry_agent.operator.network_file import OperatorFolder

    operator = OperatorFolder(paths.state / "operator")
    is_kept_demo = operator.exists and operator.read().ended
    return ("--set", "gwmp.listen=127.0.0.1:0", "--set", "api.port=0") if is_kept_demo else ()


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]  # -P: the current folder must not shadow packages


def _environ() -> dict[str, str]:
    """Return the environment with this process's import path, which a packaged starter sets by hand."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
