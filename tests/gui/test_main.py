"""The program as people start it: `skerry gui` and `python -m skerry_gui` in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.cli import gui
from skerry_agent.operator.network_file import NetworkFile, OperatorFolder
from skerry_client.paths import choose_paths
from skerry_core.errors import NotFoundError
from skerry_testing.agent_thread import AgentThread

LIMIT_S = 60


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))


def test_the_window_connects_to_a_running_agent_and_ends_on_sigterm(
    agent: AgentThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = threading.Event()
    subscribe = agent.served.hub.subscribe

    def subscribed(**how: Any) -> Any:
        watching.set()
        return subscribe(**how)

    monkeypatch.setattr(agent.served.hub, "subscribe", subscribed)
    command = [sys.executable, "-P", "-m", "skerry_gui", "--dir", str(agent.folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert watching.wait(LIMIT_S), "it watches the agent's events"
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()


def test_it_tells_its_version() -> None:
    command = [sys.executable, "-P", "-m", "skerry_gui", "--version"]
    assert subprocess.run(command, capture_output=True, check=True, timeout=LIMIT_S).stdout.strip()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no folder"):
        gui.open_window(tmp_path / "none")


def test_a_kept_demo_runs_beside_the_agent_of_this_computer(tmp_path: Path) -> None:
    paths = choose_paths(tmp_path, environ={})
    network = NetworkFile(
        network="t", profile="skerry-open", overrides={}, reward_token="demo-IOT", credit_token="demo-DC", tokens={},
        test_tokens=True, ended=False,
    )  # fmt: skip
    assert gui._free_ports(paths) == ()
    OperatorFolder(tmp_path / "operator").write(network)
    assert gui._free_ports(paths) == (), "a network that goes on keeps its ports"
    OperatorFolder(tmp_path / "operator").write(replace(network, ended=True))
    assert "api.port=0" in gui._free_ports(paths)


def test_the_window_ends_with_the_command_that_opened_it(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "skerry.toml").write_text('[api]\nport = 0\n[gwmp]\nlisten = ""\n')
    command = [sys.executable, "-P", "-m", "skerry_agent.cli", "gui", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    token = folder / "api.token"
    try:
        _wait(process, token.exists)  # at any moment: while agent or window start, or later
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
        assert not token.exists(), "the agent that it started has ended in order"
    finally:
        process.kill()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", done: Callable[[], bool]) -> None:
    for _ in range(LIMIT_S * 10):
        if done():
            return
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.1)
    raise AssertionError("it took too long")
