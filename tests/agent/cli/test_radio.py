"""`skerry devices` and `skerry status` tell how old the word on a lost device is, and where its reason stands."""

from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.api.view import DeviceState
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.api import Served, fill
from skerry_testing.cli import running_agent, skerry


def _lost(served: Served) -> None:
    device = served.view.live["d1"]
    reason = "There is no serial port /dev/x. Plug the device in, or run: skerry devices scan"
    served.view.live["d1"] = replace(
        device, state=DeviceState.DOWN, reason=reason, as_of_ns=SystemClock().wall_ns() - 150 * NS_PER_S
    )


def test_a_lost_device_is_listed_with_the_age_of_its_last_word_and_its_remedy(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change:
        assert "LAST HEARD" in skerry(tmp_path, "devices").out
        change(_lost)
        told = skerry(tmp_path, "devices").out
        assert "2 min ago" in told
        assert "run: skerry devices scan" in told


def test_the_status_points_to_the_list_while_a_device_is_not_up(tmp_path: Path) -> None:
    with running_agent(tmp_path) as change:
        change(_lost)
        (line,) = [line for line in skerry(tmp_path, "status").out.splitlines() if line.startswith("devices")]
        assert "1 down" in line
        assert line.endswith("why: skerry devices")


def _meter(served: Served) -> None:
    device = served.view.live["d1"]
    values = {"power_w": 420, "imported_wh": 4_426_085, "l2_voltage_v": None}
    served.view.live["d1"] = replace(device, reason="Answers.", values=values)


def test_a_device_that_is_up_is_listed_with_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with running_agent(tmp_path) as change:
        change(_meter)
        told = skerry(tmp_path, "devices").out
        assert "420 W, imported 4,426.1 kWh" in told
        assert max(map(len, told.splitlines())) <= 80
        sheet = skerry(tmp_path, "devices", "show", "roof").out
        assert "4,426.085 kWh" in sheet
        assert "NOT TOLD BY THE DEVICE\nL2 voltage" in sheet
        assert skerry(tmp_path, "devices", "show", "d1", "--json").json["values"]["power_w"] == 420


def test_a_device_that_is_not_there_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        for verb in (["show", "rof"], ["set", "rof", "--name", "x"]):
            ran = skerry(tmp_path, "devices", *verb, "--json")
            assert (ran.code, ran.json["error"]["code"]) == (1, "E_NO_DEVICE")
            assert ran.json["error"]["remedy"] == "Did you mean roof? See them with: skerry devices"
        assert skerry(tmp_path, "devices", "set", "roof").code == 2


def test_packets_of_a_device_are_found_by_its_name_and_of_none_are_refused(tmp_path: Path) -> None:
    with running_agent(tmp_path):
        assert "p3" in skerry(tmp_path, "packets", "--device", "roof").out
        ran = skerry(tmp_path, "packets", "--device", "cellar", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "E_NO_DEVICE")


def test_a_meter_has_no_region(tmp_path: Path) -> None:
    async def with_a_meter(served: Served) -> None:
        await fill(served)
        (device, *_) = await served.stores.devices.all()
        await served.stores.devices.seen(replace(device, id="p1:/dev/x", kind="p1", name="/dev/x", region=None))

    with running_agent(tmp_path, prepare=with_a_meter):
        ran = skerry(tmp_path, "devices", "set", "p1:/dev/x", "--region", "EU868", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (2, "E_NO_RADIO")
        assert skerry(tmp_path, "devices", "set", "x", "--name", "cellar").out == "p1:/dev/x: cellar\n"


def test_an_agent_without_devices_says_how_to_find_some(tmp_path: Path) -> None:
    async def nothing(_served: Served) -> None:
        return

    with running_agent(tmp_path, prepare=nothing):
        assert "skerry devices scan" in skerry(tmp_path, "devices").out
