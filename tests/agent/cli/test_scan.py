"""`skerry devices scan` beside a running agent: what it uses is known, however much that is."""

from dataclasses import replace
from pathlib import Path

import pytest

from skerry_testing.api import Served, fill
from skerry_testing.cli import running_agent, skerry

MANY = 120  # more than any list of the API has on its first page unless asked for


@pytest.fixture(autouse=True)
def _own_folder_and_no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")


async def _many(served: Served) -> None:
    await fill(served)
    (row, *_) = await served.stores.devices.all()
    for number in range(MANY):
        eui = f"{number:016x}"
        await served.stores.devices.seen(replace(row, id=f"gwmp:{eui}", name=eui))
        served.view.live[f"gwmp:{eui}"] = replace(served.view.live["d1"], id=f"gwmp:{eui}")


def test_all_devices_of_the_agent_are_known_to_the_scan(tmp_path: Path) -> None:
    with running_agent(tmp_path, prepare=_many):
        ran = skerry(tmp_path, "devices", "scan", "--no-probe", "--json")
        assert (ran.code, ran.err) == (0, "")
        known = {device["device_id"] for device in ran.json if device["kind"] == "gwmp"}
        assert len(known) == MANY


def test_an_agent_that_does_not_tell_its_devices_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_agent(tmp_path):
        monkeypatch.setenv("SKERRY_TOKEN", "wrong")
        ran = skerry(tmp_path, "devices", "scan", "--no-probe", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "E_TOKEN")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--also", "sunspec"], "--also needs the PORTs"),
        (["--add", "--no-probe"], "--add needs to ask the ports"),
        ([""], "a PORT is empty"),
        (["--add", "--address", "http://127.0.0.1:1"], "--add changes the settings"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, arguments: list[str], told: str) -> None:
    ran = skerry(tmp_path, "devices", "scan", *arguments)
    assert ran.code == 2
    assert told in ran.err


def test_a_scan_of_the_agent_that_does_not_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_agent.cli.scan.WAIT_S", 0)
    with running_agent(tmp_path):
        job = skerry(tmp_path, "jobs", "start", "device_scan", "--no-wait", "--json").json["id"]
        ran = skerry(tmp_path, "devices", "scan", "/dev/skerry-none", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (5, "E_SCAN_RUNNING")
        assert f"skerry jobs cancel {job}" in ran.json["error"]["remedy"]
        assert skerry(tmp_path, "devices", "scan", "--no-probe").code == 0
        assert skerry(tmp_path, "jobs", "cancel", job).code == 0
        found = skerry(tmp_path, "devices", "scan", "/dev/skerry-none", "--json")
        assert (found.code, found.json[0]["problem"]["code"]) == (1, "E_PORT_MISSING")
