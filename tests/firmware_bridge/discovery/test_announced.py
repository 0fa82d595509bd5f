"""Running emulators show themselves in a private folder, and nothing of a killed one stays there."""

import os
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock
from skerry_core.errors import RefusedError
from skerry_firmware_bridge.discovery.announced import announcement_folder, running_emulators
from skerry_simulate.pty import PtyPort

ABOVE_ANY_PROCESS = 4_194_305


def test_the_announcement_folder_is_private_and_refuses_a_strangers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = announcement_folder()
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert announcement_folder() == folder
    folder.rmdir()
    folder.symlink_to("/etc")
    with pytest.raises(RefusedError):
        announcement_folder()


def test_the_note_of_a_killed_emulator_is_not_listed_and_removed(tmp_path: Path) -> None:
    note = tmp_path / f"sunspec-inverter-{ABOVE_ANY_PROCESS}.url"
    note.write_text("modbus-tcp://127.0.0.1:9\n")
    mine = tmp_path / f"sunspec-battery-{os.getpid()}.url"
    mine.write_text("modbus-tcp://127.0.0.1:10\n")
    assert running_emulators(tmp_path) == ["modbus-tcp://127.0.0.1:10"]
    assert not note.exists()


def test_a_note_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / f"a-{os.getpid()}.url").write_bytes(b"\xff\xfe")
    (tmp_path / f"b-{os.getpid()}.url").write_text("modbus-tcp://127.0.0.1:10\n")
    assert running_emulators(tmp_path) == ["modbus-tcp://127.0.0.1:10"]


def test_the_link_of_a_killed_emulator_leads_nowhere_and_is_removed(tmp_path: Path) -> None:
    (tmp_path / "wio-e5").symlink_to(f"/proc/{ABOVE_ANY_PROCESS}/fd/7")
    assert running_emulators(tmp_path) == []
    assert not (tmp_path / "wio-e5").is_symlink()


async def test_a_terminals_link_leads_through_the_process_that_holds_it(tmp_path: Path) -> None:
    async with PtyPort(name="meter", clock=SystemClock(), on_data=lambda _: None, folder=tmp_path):
        assert running_emulators(tmp_path) == [str(tmp_path / "meter")]
        assert os.readlink(tmp_path / "meter").startswith(f"/proc/{os.getpid()}/fd/")
        assert os.path.realpath(tmp_path / "meter").startswith("/dev/pts/")
    assert running_emulators(tmp_path) == []


def test_no_folder_is_no_emulators(tmp_path: Path) -> None:
    assert running_emulators(tmp_path / "absent") == []
