"""`skerry ble` through the real bleak, against a small BlueZ on a private D-Bus."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_simulate.devices.ble_faults import parse_ble_faults
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_testing.bluez import emulated_bluez
from skerry_testing.cli import Ran, skerry

pytestmark = pytest.mark.debian
SCAN = ("--scan-s", "0.5")


@pytest_asyncio.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with emulated_bluez(monkeypatch) as running:
        yield running


async def run(*arguments: str) -> Ran:
    return await asyncio.to_thread(skerry, None, "ble", *arguments)


async def test_a_hotspot_is_found_and_tells_who_it_is(bluez: FakeBluez) -> None:
    found = (await run("scan", *SCAN, "--json")).json
    assert [(one["address"], one["name"]) for one in found] == [(ADDRESS, "Helium Hotspot 0A1B")]
    info = (await run("info", ADDRESS, *SCAN, "--json")).json
    assert (info["public_key"], info["serial_number"]) == (bluez.hotspot.public_key, "EMU0A1B")
    assert (info["onboarding_key"], info["wifi"], info["ethernet_online"]) == (None, None, False)
    diagnostics = await run("diagnostics", f"ble:{ADDRESS.lower()}", *SCAN)
    assert "2026.11.01" in diagnostics.out


async def test_wifi_is_set_up_with_a_password_that_never_shows(bluez: FakeBluez, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    connect = ("wifi", "connect", ADDRESS, "TEST-NET", *SCAN, "--json")
    ran = await run(*connect, "--password-file", str(secret))
    assert (ran.code, ran.json["connected"]) == (0, "TEST-NET")
    assert bluez.hotspot.ssid == "TEST-NET"
    listed = (await run("wifi", "list", ADDRESS, *SCAN, "--json")).json
    assert listed == {
        "visible": ["TEST-NET", "OTHER-NET"],
        "configured": ["TEST-NET"],
        "connected": "TEST-NET",
        "may_be_cut": False,
    }
    secret.write_text("secret-phrase\n")
    wrong = await run(*connect, "--password-file", str(secret))
    assert (wrong.code, wrong.json["error"]["code"]) == (1, "E_BLE_ANSWER")
    assert "password of that network is wrong" in wrong.json["error"]["detail"]
    assert "secret-phrase" not in wrong.out + wrong.err
    assert (await run("wifi", "forget", ADDRESS, "TEST-NET", *SCAN)).code == 0
    assert bluez.hotspot.configured == []


def test_a_password_is_never_taken_from_the_command_line() -> None:
    ran = skerry(None, "ble", "wifi", "connect", ADDRESS, "TEST-NET", "correct horse")
    assert ran.code == 2
    asked = skerry(None, "ble", "wifi", "connect", ADDRESS, "TEST-NET", "--json")  # nobody is at the terminal
    assert (asked.code, asked.json["error"]["code"]) == (2, "E_SECRET")


async def test_the_lights_show_which_hotspot_it_is(bluez: FakeBluez) -> None:
    assert (await run("lights", ADDRESS, "on", *SCAN, "--json")).json == {"lights": "on"}
    assert bluez.hotspot.lights == "on"
    assert (await run("lights", ADDRESS, *SCAN, "--json")).json == {"lights": "on"}


async def test_progress_is_told_while_the_hotspot_connects(bluez: FakeBluez) -> None:
    bluez.hotspot.networks["OPEN-NET"] = ""
    ran = await run("wifi", "connect", ADDRESS, "OPEN-NET", "--open", *SCAN)
    assert (ran.code, ran.err.splitlines()) == (0, ["connecting ..."])


@pytest.mark.parametrize("word", ["not_found", "timeout", "failed", "already", "badargs", "error", "surprise"])
async def test_every_status_has_a_sentence_and_a_remedy(bluez: FakeBluez, word: str) -> None:
    bluez.hotspot.answers[Characteristic.WIFI_CONNECT] = [b"connecting", word.encode()]
    ran = await run("wifi", "connect", ADDRESS, "OTHER-NET", "--open", *SCAN, "--json")
    error = ran.json["error"]
    assert (ran.code, error["code"]) == (1, "E_BLE_ANSWER")
    assert error["detail"].startswith("The ")
    assert error["detail"].endswith(".")
    assert error["remedy"]
    assert word != "surprise" or "'surprise'" in error["detail"]


def test_names_and_passwords_that_no_network_has_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p" * 65)
    for network, options in (("n" * 33, ("--open",)), ("net", ("--password-file", str(secret)))):
        ran = skerry(None, "ble", "wifi", "connect", ADDRESS, network, *options, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (2, "E_WIFI_TOO_LONG")
        assert "pppp" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ("advertises_s=0.01", "E_BLE_NOT_HEARD"),
        ("early_resolved=9", "E_BLE_SERVICES"),
        ("in_progress=3", "E_BLE_BUSY"),
        ("junk", "E_BLE_ANSWER"),
        ("oversize", "E_BLE_ANSWER"),
        ("off", "E_BLE_OFF"),
        ("no_adapter", "E_BLE_NO_ADAPTER"),
        ("forbidden", "E_BLE_FORBIDDEN"),
    ],
)
async def test_every_fault_has_a_code_a_sentence_and_a_remedy(
    monkeypatch: pytest.MonkeyPatch, faults: str, code: str
) -> None:
    async with emulated_bluez(monkeypatch, faults=parse_ble_faults(faults)):
        ran = await run("diagnostics", ADDRESS, *SCAN, "--json")
    error = ran.json["error"]
    assert (ran.code, error["code"]) == (1, code)
    assert error["detail"].endswith(".")
    assert error["remedy"]


async def test_what_a_hotspot_does_not_offer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulated_bluez(monkeypatch, EmulatedHotspot(offers=frozenset({Characteristic.PUBLIC_KEY}))):
        ran = await run("lights", ADDRESS, "on", *SCAN, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "E_BLE_NOT_OFFERED")


async def test_a_hotspot_that_walks_away_is_a_lost_link(bluez: FakeBluez) -> None:
    bluez.faults.vanish = 1
    ran = await run("lights", ADDRESS, "on", *SCAN, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (1, "E_BLE_LOST")


async def test_without_an_adapter_or_a_hotspot_it_says_what_to_do(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = await run("info", "00:16:C0:FF:FF:FF", *SCAN, "--json")
    assert (absent.code, absent.json["error"]["code"]) == (1, "E_BLE_NOT_HEARD")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    none = await run("scan", *SCAN, "--json")
    assert (none.code, none.json["error"]["code"]) == (1, "E_BLE_NO_DBUS")
