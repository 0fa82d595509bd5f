"""A scan as people read it: the same from the command and from the agent's job, and what it puts into the settings."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click import unstyle

from skerry_agent.cli.context import Cli
from skerry_agent.cli.jobs import _result
from skerry_agent.cli.scan_text import add_to_settings, scan_text
from skerry_client.models import Job
from skerry_core.errors import UsageError
from skerry_firmware_bridge.discovery.found import ScannedDevice
from skerry_firmware_bridge.discovery.ports import Port
from skerry_firmware_bridge.errors import LinkRefused

METER: dict[str, Any] = {"kind": "p1", "identity": {"model": "ISK5", "serial": "M1"}, "asked": True}


def found(path: str, guess: str = "serial port", **more: Any) -> dict[str, Any]:
    return ScannedDevice(port=Port(path=path, key=path), guess=guess, **more).to_json()


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("COLUMNS", "100")
    return Cli(folder=tmp_path)


def test_every_port_says_what_it_is_or_why_that_is_not_known(cli: Cli) -> None:
    busy = LinkRefused("E_PORT_BUSY", "/dev/d is in use.", remedy="Stop that program.").problem()
    devices = [
        found("/dev/a", **METER), found("/dev/b", asked=True), found("/dev/c"), found("/dev/d", problem=busy),
        found("/dev/e", kind="modem", device_id="modem:/dev/e"), found("/dev/f", kind="modem", device_id="modem:any"),
    ]  # fmt: skip
    assert unstyle(scan_text(devices, cli, adding=True)).splitlines() == [
        "KIND   PLACE   WHAT IT IS",
        "p1     /dev/a  serial port: ISK5, M1",
        "-      /dev/b  serial port: nothing answered",
        "-      /dev/c  serial port: not asked",
        "-      /dev/d  serial port: /dev/d is in use. (E_PORT_BUSY) Stop that program.",
        "modem  /dev/e  serial port: used by the running agent",
        "modem  /dev/f  serial port: used by the running agent as modem:any",
    ]


def test_what_is_new_is_told_beside_what_the_settings_name(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "skerry.toml").write_text('[devices]\nattached = ["modem:/dev/m"]\n')
    devices = [found("/dev/a", **METER), found("/dev/m", kind="modem"), found("/dev/w", kind="wio-e5")]
    told = scan_text(devices, cli)
    assert f"stand in the settings file {tmp_path}/skerry.toml:" in told
    assert '[devices]\nattached = [\n  "modem:/dev/m",\n  "p1:/dev/a",\n]\n\n[serial]\nradios = [\n' in told
    assert add_to_settings(devices, cli) == tmp_path / "skerry.toml"
    again = Cli(folder=tmp_path)
    assert again.settings.values["devices.attached"] == ("modem:/dev/m", "p1:/dev/a")
    assert again.settings.values["serial.radios"] == ("wio-e5:/dev/w",)
    assert add_to_settings(devices, again) is None
    assert "The settings name these devices already" in scan_text(devices, again)


def test_a_device_with_options_in_the_settings_is_not_added_again(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "skerry.toml").write_text('[devices]\nattached = ["p1:/dev/a?poll_s=5"]\n')
    assert add_to_settings([found("/dev/a", **METER)], cli) is None


def test_a_station_is_listened_for_where_it_was_heard(cli: Cli) -> None:
    station = found("ws://127.0.0.1:3001", kind="station")
    assert '[station]\nlisten = "127.0.0.1:3001"' in scan_text([station], cli)
    add_to_settings([station], cli)
    assert Cli(folder=cli.folder).settings.values["station.listen"] == "127.0.0.1:3001"


def test_a_setting_from_elsewhere_is_not_put_into_a_file_where_it_would_not_count(cli: Cli) -> None:
    cli.flags = ("devices.attached=p1:/dev/z",)
    with pytest.raises(UsageError) as caught:
        add_to_settings([found("/dev/a", **METER)], cli)
    assert caught.value.code == "E_SETTING_ELSEWHERE"


def test_nothing_found_says_what_to_do(cli: Cli) -> None:
    assert "skerry simulate --list" in scan_text([], cli)


def test_the_settings_of_an_agent_elsewhere_are_not_guessed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "skerry.toml").write_text('[devices]\nattached = ["modem:/dev/m"]\n')
    told = scan_text([found("/dev/a", **METER)], Cli(folder=tmp_path, address="http://h:1"))
    assert "settings file of the agent's computer" in told
    assert "modem:/dev/m" not in told


def test_the_job_shows_what_the_command_shows(cli: Cli) -> None:
    devices = [found("/dev/a", **METER)]
    now = datetime(2026, 11, 20, tzinfo=UTC)
    job = Job(
        id="j", kind="device_scan", state="done", progress=1.0, message="done", result={"devices": devices},
        problem=None, account="local", created=now, ended=now,
    )  # fmt: skip
    assert _result(cli, job) == scan_text(devices, cli)
