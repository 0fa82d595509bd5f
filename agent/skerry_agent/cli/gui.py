"""`skerry gui`: opens the window, as a process of its own, on a folder's agent; starts the agent of a kept demo.

The agent never imports Qt: the window is another program that only speaks the HTTP API.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from skerry_agent.cli.context import Cli, pass_cli
from skerry_agent.cli.exits import leave
from skerry_client.paths import Paths, choose_paths
from skerry_core.errors import RefusedError, UserError

__all__ = ["gui", "open_window"]

_HEALTH_LIMIT_S = 2.0  # a healthy agent on the same machine answers in milliseconds
_START_LIMIT_S = 30.0  # first start on a slow SD card
_STOP_LIMIT_S = 15.0  # as the systemd unit allows
_POLL_S = 0.2
_REMEDY = (
    "Install it beside Skerry: pip install 'skerry[desktop]'. In a checkout: ./dev skerry gui --dir FOLDER. "
    "Without a desktop use: skerry status."
)


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="The agent's folder.")
@pass_cli
def gui(cli: Cli, /, *, folder: Path | None) -> None:
    """Open the window on a running agent.

    Without --dir on the agent of this computer. A folder kept by `skerry demo --keep` gets an agent while the window is
    open, unless one runs there.
    """
    if cli.address is not None:
        _require_desktop()
        leave(_window("--address", cli.address))
    leave(open_window(folder or cli.folder))


def open_window(folder: Path | None) -> int:
    """Open the window on a folder's agent and return its exit code. Raises `UserError` when PySide6 is missing."""
    _require_desktop()
    paths = choose_paths(folder, environ=os.environ)
    where = ["--dir", str(folder.absolute())] if folder is not None else []
    if folder is not None and not folder.is_dir():
        raise RefusedError("E_NO_FOLDER", f"There is no folder {folder}.", params={"folder": str(folder)})
    if folder is None or _answers(paths) or not _is_kept_demo(paths):
        return _window(*where)  # where nothing runs the window says so, and connects once something does
    with _running_agent(folder.absolute(), paths):
        return _window(*where)


def _require_desktop() -> None:
    if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("skerry_gui") is None:
        raise UserError("E_NO_DESKTOP", "The window needs PySide6, which is not installed here.", remedy=_REMEDY)


def _window(*arguments: str) -> int:
    command = [*_python("skerry_gui"), *arguments]
    return subprocess.run(command, env=_environ(), check=False).returncode  # noqa: S603 - our own program, no shell


@contextmanager
def _running_agent(folder: Path, paths: Paths) -> Iterator[None]:
    # A kept demo has no radio, so its ports are whatever is free: the agent proper of this computer keeps its own.
    free_ports = ("--set", "gwmp.listen=127.0.0.1:0", "--set", "api.port=0")
    command = [*_python("skerry_agent.cli"), "--dir", str(folder), *free_ports, "run"]
    process = subprocess.Popen(command, env=_environ(), stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        _wait_until_it_answers(process, paths)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        signal.signal(signal.SIGTERM, before)


def _leave(*_: object) -> None:
    """End by an exception, so that window and agent end too."""
    raise SystemExit(128 + signal.SIGTERM)


def _wait_until_it_answers(process: subprocess.Popen[bytes], paths: Paths) -> None:
    for _ in range(round(_START_LIMIT_S / _POLL_S)):
        if _answers(paths):
            return
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue
        raise UserError("E_NO_START", "The agent of this folder did not start.", remedy="Its reason stands above.")
    raise UserError("E_NO_START", f"The agent did not answer within {_START_LIMIT_S:.0f} s.")


def _answers(paths: Paths) -> bool:
    """Tell whether an agent runs there; a file left by a killed one does not count."""
    try:
        address = paths.address.read_text().strip()
        if not address.startswith(("http://", "https://")):
            return False
        with _direct.open(f"{address}/healthz", timeout=_HEALTH_LIMIT_S):
            return True
    except urllib.error.URLError as error:
        return "CERTIFICATE" in str(error.reason)  # TLS with the agent's own certificate: something does answer
    except (OSError, ValueError):
        return False


_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _is_kept_demo(paths: Paths) -> bool:
    from skerry_agent.operator.network_file import OperatorFolder

    folder = OperatorFolder(paths.state / "operator")
    return folder.exists and folder.read().ended


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]  # -P: the current folder must not shadow packages


def _environ() -> dict[str, str]:
    """Return the environment with this process's import path, which isolated starters set by hand."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
