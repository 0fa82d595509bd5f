"""`skerry ble` through the real bleak, against a small BlueZ on a private D-Bus."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_testing.bluez import emulated_bluez
from skerry_testing.cli import Ran, skerry
from skerry_testing.oracle import signer
from skerry_wire.add_gateway import read_add_gateway
from skerry_wire.gateway_txn import gateway_signed

pytestmark = pytest.mark.debian
SCAN = ("--scan-s", "0.5")
GATEWAY, OWNER, PAYER = (signer(name) for name in ("gateway", "owner", "payer"))


def address_of(key: Signer) -> str:
    return PublicKey.from_binary(key.public_key).address


@dataclass(slots=True)
class SigningHotspot(EmulatedHotspot):
    """Signs as real firmware does; `signs_for` is what it signs whatever it was asked."""

    signer: Signer = GATEWAY
    signs_for: Signer = OWNER
    signed_by: Signer = GATEWAY

    def write(self, what: Characteristic, value: bytes) -> list[bytes]:
        if what is not Characteristic.ADD_GATEWAY:
            return EmulatedHotspot.write(self, what, value)  # slots leave `super()` without its class
        owner, payer = self.signs_for.public_key, PAYER.public_key
        return [gateway_signed("add_gateway", signer=self.signed_by, owner=owner, payer=payer)]


@pytest_asyncio.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with emulated_bluez(monkeypatch, SigningHotspot()) as running:
        yield running


async def run(*arguments: str) -> Ran:
    return await asyncio.to_thread(skerry, None, "ble", *arguments)


async def test_a_hotspot_is_found_and_tells_who_it_is(bluez: FakeBluez) -> None:
    found = (await run("scan", *SCAN, "--json")).json
    assert [(one["address"], one["name"]) for one in found] == [(ADDRESS, "Helium Hotspot 0A1B")]
    info = (await run("info", ADDRESS, *SCAN, "--json")).json
    assert (info["public_key"], info["serial_number"]) == (address_of(GATEWAY), "EMU0A1B")
    assert (info["onboarding_key"], info["wifi"], info["ethernet_online"]) == (None, None, False)
    diagnostics = await run("diagnostics", ADDRESS, *SCAN)
    assert "2026.11.01" in diagnostics.out


async def test_wifi_is_set_up_with_a_password_that_never_shows(bluez: FakeBluez, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    connect = ("wifi", "connect", ADDRESS, "TEST-NET", *SCAN, "--json")
    ran = await run(*connect, "--password-file", str(secret))
    assert (ran.code, ran.json["connected"]) == (0, "TEST-NET")
    assert bluez.hotspot.ssid == "TEST-NET"
    listed = (await run("wifi", "list", ADDRESS, *SCAN, "--json")).json
    assert listed == {"visible": ["TEST-NET", "OTHER-NET"], "configured": ["TEST-NET"], "connected": "TEST-NET"}
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


ADD = ("add-gateway", ADDRESS, "--owner", address_of(OWNER), "--payer", address_of(PAYER), *SCAN, "--json")


def test_add_gateway_is_a_dry_run_that_needs_no_bluetooth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    shown = skerry(None, "ble", *ADD).json
    assert (shown["committed"], shown["request"]["owner"]) == (False, address_of(OWNER))
    wrong = skerry(None, "ble", "add-gateway", ADDRESS, "--owner", "nobody", "--payer", address_of(PAYER), "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "E_ADDRESS")


async def test_the_signed_transaction_is_read_back_and_printed(bluez: FakeBluez) -> None:
    ran = await run(*ADD, "--commit")
    assert ran.code == 0, ran.err
    assert (ran.json["gateway"], ran.json["owner"]) == (address_of(GATEWAY), address_of(OWNER))
    assert read_add_gateway(ran.json["transaction"]).gateway_signature_valid


@pytest.mark.parametrize("what", ["another owner", "another gateway"])
async def test_a_transaction_that_was_not_asked_for_is_refused(bluez: FakeBluez, what: str) -> None:
    assert isinstance(bluez.hotspot, SigningHotspot)
    if what == "another owner":
        bluez.hotspot.signs_for = PAYER
    else:
        bluez.hotspot.signed_by = PAYER
    ran = await run(*ADD, "--commit")
    assert (ran.code, ran.json["error"]["code"]) == (5, "E_BLE_TRANSACTION")


async def test_assert_location_shows_its_request_and_the_firmwares_refusal(bluez: FakeBluez) -> None:
    place = ("assert-location", ADDRESS, "--lat", "40.5", "--lon", "-105.25", "--owner", address_of(OWNER))
    shown = await run(*place, "--nonce", "1", *SCAN, "--json")
    assert (shown.code, shown.json["request"]["lat"], shown.json["committed"]) == (0, 40.5, False)
    refused = await run(*place, "--nonce", "1", *SCAN, "--commit", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "E_BLE_ANSWER")
    assert "does not do this any more" in refused.json["error"]["detail"]


async def test_without_an_adapter_or_a_hotspot_it_says_what_to_do(
    bluez: FakeBluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = await run("info", "00:16:C0:FF:FF:FF", *SCAN, "--json")
    assert (absent.code, absent.json["error"]["code"]) == (1, "E_BLE_NOT_HEARD")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    none = await run("scan", *SCAN, "--json")
    assert (none.code, none.json["error"]["code"]) == (1, "E_BLE_NO_DBUS")
