"""What `skerry doctor --fix` mends, and what it leaves alone."""

import errno
import os
from pathlib import Path

import pytest

from skerry_agent.doctor.findings import Grade
from skerry_agent.doctor.machine import check_machine
from skerry_agent.doctor.repairs import create_folders, narrow, own_again
from skerry_agent.settings import load
from skerry_client.paths import Paths, choose_paths
from skerry_testing.cli import running_agent, skerry


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def exposed_key(folder: Path) -> Path:
    skerry(folder, "key", "generate")
    key = folder / "keys" / "gateway.key"
    key.chmod(0o644)
    (folder / "keys").chmod(0o755)
    return key


def test_a_dry_run_shows_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    key = exposed_key(tmp_path)
    ran = skerry(tmp_path, "doctor", "--fix", "--dry-run", "--json")
    assert ran.code == 4
    planned = {one["check"]: one for one in ran.json["repairs"]}
    assert planned.keys() == {"gateway key", "key folder"}
    assert planned["gateway key"]["what"] == f"chmod 600 {key} (it is 644)"
    assert {one["result"] for one in planned.values()} == {"planned"}
    assert (mode(key), mode(key.parent)) == (0o644, 0o755)


def test_the_fix_narrows_the_key_and_leaves_its_content_alone(tmp_path: Path) -> None:
    key = exposed_key(tmp_path)
    before = (key.read_bytes(), key.stat().st_ino, key.stat().st_mtime_ns)
    ran = skerry(tmp_path, "doctor", "--fix", "--json")
    assert {one["result"] for one in ran.json["repairs"]} == {"done"}
    assert (mode(key), mode(key.parent)) == (0o600, 0o700)
    assert (key.read_bytes(), key.stat().st_ino, key.stat().st_mtime_ns) == before
    # The checks shown are those after the repair, and a second run has nothing to do.
    assert {one["check"]: one["result"] for one in ran.json["checks"]}["gateway key"] == "pass"
    assert skerry(tmp_path, "doctor", "--fix", "--json").json["repairs"] == []


def test_a_missing_folder_is_made_private_and_no_key_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    ran = skerry(folder, "doctor", "--fix", "--json")
    assert [one["check"] for one in ran.json["repairs"]] == ["state folder"]
    assert mode(folder) == 0o700
    assert list(folder.iterdir()) == []


def test_what_needs_the_owner_is_left_with_the_exact_command(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        ran = skerry(tmp_path, "doctor", "--fix", "--json")
        text = skerry(tmp_path, "doctor", "--fix").out
    left = {one["check"]: one["fix"] for one in ran.json["left"]}
    assert "skerry config set hotspot.region EU868" in left["calm-teal-otter"]
    assert not (tmp_path / "skerry.toml").exists()
    assert "left for you:" in text


def test_a_dry_run_without_fix_is_a_mistake(tmp_path: Path) -> None:
    assert skerry(tmp_path, "doctor", "--dry-run").code == 2


def test_the_plain_command_says_that_fix_exists_and_mends_nothing(tmp_path: Path) -> None:
    key = exposed_key(tmp_path)
    assert "skerry doctor --fix" in skerry(tmp_path, "doctor").out
    assert mode(key) == 0o644


def test_a_link_is_neither_planned_nor_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("somebody's file")
    target.chmod(0o644)
    link = tmp_path / "link"
    link.symlink_to(target)
    assert narrow(link) is None
    file = tmp_path / "file"
    file.touch(mode=0o644)
    file.chmod(0o644)
    repair = narrow(file)
    assert repair is not None
    file.unlink()
    file.symlink_to(target)
    with pytest.raises(OSError, match=str(file)) as raised:
        repair.apply()
    assert raised.value.errno == errno.ELOOP
    assert mode(target) == 0o644


def test_a_folder_that_its_owner_may_not_write_becomes_writable_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o550)
    repair = own_again(folder)
    assert repair is not None
    repair.apply()
    assert mode(folder) == 0o750
    assert own_again(folder) is None


def test_a_file_of_another_user_is_not_ours_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    file.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    assert narrow(file) is None


def test_folders_that_exist_already_are_left_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    create_folders(tmp_path, tmp_path / "a" / "b").apply()
    assert (mode(tmp_path), mode(tmp_path / "a" / "b")) == (0o755, 0o700)


def test_a_system_services_folders_are_left_to_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    service = Paths(config=tmp_path / "etc" / "s.toml", state=tmp_path / "s", runtime=tmp_path / "r", cache=tmp_path)
    found = {one.check: one for one in check_machine(service, load(file=None, environ={}, flags={}), {})}
    assert found["state folder"].repair is None


def test_a_forbidden_port_and_modemmanager_get_the_exact_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    settings = load(file=None, environ={}, flags={"serial.radios": f"wio-e5:{port}"})
    paths = choose_paths(tmp_path, environ={})

    def serial() -> tuple[Grade, str]:
        (one,) = [one for one in check_machine(paths, settings, {}) if one.check == "serial port"]
        assert one.repair is None
        return one.grade, one.fix

    monkeypatch.setenv("USER", "ada")
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda path, _mode: Path(path) != port)
        assert serial() == (Grade.FAIL, "Run: sudo usermod -aG dialout ada - then log in again.")
    holder = "skerry_firmware_bridge.links.refusal.holder_of"
    monkeypatch.setattr(holder, lambda _path: (7, "ModemManager"))
    monkeypatch.setattr("skerry_agent.doctor.machine.holder_of", lambda _path: (7, "ModemManager"))
    grade, fix = serial()
    assert grade is Grade.FAIL
    assert "ID_MM_DEVICE_IGNORE" in fix
