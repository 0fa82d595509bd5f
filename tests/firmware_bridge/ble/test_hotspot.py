"""The hotspot client through the real bleak, against a small BlueZ on a private D-Bus."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.hotspot import Hotspot, connect_hotspot
from skerry_firmware_bridge.ble.outcomes import HotspotAnswered
from skerry_firmware_bridge.ble.scanning import find_hotspots
from skerry_keys.public_key import PublicKey
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_testing.bluez import emulated_bluez
from skerry_testing.oracle import signer
from skerry_wire.gateway_txn import read_gateway_txn

pytestmark = pytest.mark.debian
SCAN_S = 0.5
OWNER, PAYER = (PublicKey.from_binary(signer(name).public_key).address for name in ("owner", "payer"))


@pytest_asyncio.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    async with emulated_bluez(monkeypatch) as running:
        yield running


@pytest_asyncio.fixture
async def hotspot(bluez: FakeBluez) -> AsyncIterator[Hotspot]:
    async with connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as connected:
        yield connected


async def test_an_advertising_hotspot_is_found(bluez: FakeBluez) -> None:
    (found,) = await find_hotspots(scan_s=SCAN_S)
    assert (found.address, found.name) == (ADDRESS, "Helium Hotspot 0A1B")
    assert found.rssi_dbm in (-60, -61)


async def test_identity_leaves_unknown_keys_out(hotspot: Hotspot, bluez: FakeBluez) -> None:
    identity = await hotspot.identity()
    assert identity["public_key"] == bluez.hotspot.public_key
    assert identity["onboarding_key"] is None
    assert identity["serial_number"] == "EMU0A1B"


async def test_wifi_is_set_up_and_removed(hotspot: Hotspot) -> None:
    assert (await hotspot.visible_wifi()).names == ("TEST-NET", "OTHER-NET")
    assert await hotspot.wifi_ssid() is None
    await hotspot.connect_wifi("TEST-NET", "correct horse")
    assert await hotspot.wifi_ssid() == "TEST-NET"
    assert (await hotspot.configured_wifi()).names == ("TEST-NET",)
    await hotspot.remove_wifi("TEST-NET")
    assert await hotspot.wifi_ssid() is None


@pytest.mark.parametrize(("service", "word"), [("TEST-NET", "invalid"), ("NOWHERE", "not_found")])
async def test_a_wrong_password_and_a_wrong_name_are_told_apart(hotspot: Hotspot, service: str, word: str) -> None:
    with pytest.raises(HotspotAnswered) as raised:
        await hotspot.connect_wifi(service, "secret-phrase")
    assert raised.value.text == word
    assert "secret-phrase" not in str(raised.value)


async def test_diagnostics_and_lights(hotspot: Hotspot, bluez: FakeBluez) -> None:
    assert (await hotspot.diagnostics())["fw"] == "2026.11.01"
    assert await hotspot.ethernet_online() is False
    assert await hotspot.set_lights(on=True) is True
    bluez.hotspot.words[Characteristic.DIAGNOSTICS] = b"wait"
    with pytest.raises(HotspotAnswered, match="wait"):
        await hotspot.diagnostics()


async def test_the_lights_go_on_and_off(hotspot: Hotspot) -> None:
    assert await hotspot.lights() is False
    assert await hotspot.set_lights(on=True) is True
    assert await hotspot.set_lights(on=False) is False


async def test_add_gateway_returns_what_the_hotspot_signed(hotspot: Hotspot, bluez: FakeBluez) -> None:
    raw = await hotspot.add_gateway(owner=OWNER, amount=1, fee=65000, payer=PAYER)
    txn = read_gateway_txn(raw)
    assert (txn.kind, txn.gateway) == ("add_gateway", bluez.hotspot.signer.public_key)
    assert (txn.staking_fee_dc, txn.fee_dc, txn.gateway_signature_valid) == (1, 65000, True)


@pytest.mark.parametrize("word", ["badargs", "error", "unknown", "gw_not_found"])
async def test_a_refused_transaction_is_the_hotspots_word(hotspot: Hotspot, bluez: FakeBluez, word: str) -> None:
    bluez.hotspot.answers[Characteristic.ADD_GATEWAY] = [word.encode()]
    with pytest.raises(HotspotAnswered) as raised:
        await hotspot.add_gateway(owner=OWNER, amount=1, fee=65000, payer=PAYER)
    assert raised.value.text == word


async def test_assert_location_is_refused_as_current_firmware_does(hotspot: Hotspot) -> None:
    with pytest.raises(HotspotAnswered, match="error"):
        await hotspot.assert_location({"lat": 40.5, "lon": -105.25, "owner": OWNER})


async def test_older_firmware_signs_a_location(hotspot: Hotspot, bluez: FakeBluez) -> None:
    bluez.hotspot.signs_locations = True
    wanted: dict[str, str | int | float] = {"lat": 40.5, "lon": -105.25, "owner": OWNER, "nonce": 3}
    txn = read_gateway_txn(await hotspot.assert_location(wanted))
    assert (txn.kind, txn.nonce, txn.gateway_signature_valid) == ("assert_location", 3, True)
    assert txn.location is not None
    assert len(txn.location) == 15
