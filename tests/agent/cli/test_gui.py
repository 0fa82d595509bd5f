import os
import sys
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.cli.gui import open_window
from skerry_agent.instance_lock import InstanceLock
from skerry_core.errors import UserError
from skerry_testing.cli import running_agent, skerry


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], bool]]:
    """Record the windows that would open, and whether an agent ran then."""
    opened: list[tuple[list[str], bool]] = []

    def window(*arguments: str, **_: Any) -> int:
        opened.append(([*arguments], skerry(Path(arguments[-1]), "status").code == 5))
        return 0

    monkeypatch.setattr("skerry_agent.cli.gui._window", window)
    monkeypatch.setattr("skerry_agent.cli.gui.importlib.util.find_spec", lambda name: object())
    monkeypatch.setenv("SKERRY_API_PORT", "0")
    monkeypatch.setenv("SKERRY_GWMP_LISTEN", "")
    return opened


def test_the_window_opens_beside_an_agent_that_it_starts_and_stops(
    tmp_path: Path, windows: list[tuple[list[str], bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    assert open_window(tmp_path) == 0
    assert windows == [(["--dir", str(tmp_path)], True)]
    assert not (tmp_path / "api.token").exists()


def test_without_the_desktop_parts_it_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_agent.cli.gui.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"skerry\[desktop\]"):
        open_window(tmp_path)


def test_a_running_agent_is_left_running(tmp_path: Path, windows: list[tuple[list[str], bool]]) -> None:
    with running_agent(tmp_path), InstanceLock(tmp_path / "agent.lock"):
        assert open_window(tmp_path) == 0
        assert [alive for _, alive in windows] == [True]
        assert skerry(tmp_path, "status").code == 5
