"""The hotspot client through the real bleak, against a small BlueZ on a private D-Bus."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.hotspot import Hotspot, connect_hotspot
from skerry_firmware_bridge.ble.outcomes import HotspotAnswered
from skerry_firmware_bridge.ble.scanning import find_hotspots
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_simulate.devices.bluez import ADDRESS, BusUnavailable, FakeBluez, fake_bluez, private_bus
from skerry_simulate.devices.hotspot import EmulatedHotspot

pytestmark = pytest.mark.debian
SCAN_S = 0.5


@pytest_asyncio.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBluez]:
    logging.getLogger("bleak").setLevel(logging.ERROR)
    try:
        async with private_bus() as address:
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            async with fake_bluez(address, EmulatedHotspot()) as running:
                yield running
    except BusUnavailable as error:
        pytest.skip(str(error))


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
    assert await hotspot.visible_wifi() == ["TEST-NET", "OTHER-NET"]
    assert await hotspot.wifi_ssid() is None
    await hotspot.connect_wifi("TEST-NET", "correct horse")
    assert await hotspot.wifi_ssid() == "TEST-NET"
    assert await hotspot.configured_wifi() == ["TEST-NET"]
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


async def test_add_gateway_returns_the_transaction_or_the_hotspots_word(hotspot: Hotspot) -> None:
    transaction = await hotspot.add_gateway(owner="abc", amount=1, fee=65000, payer="pay")
    assert transaction.startswith(b"emulated-transaction:")
    with pytest.raises(HotspotAnswered, match="gw_not_found"):
        await hotspot.add_gateway(owner="abc", amount=1, fee=65000, payer="gw_not_found")


async def test_assert_location_is_refused_as_current_firmware_does(hotspot: Hotspot) -> None:
    with pytest.raises(HotspotAnswered, match="error"):
        await hotspot.assert_location({"lat": 40.5, "lon": -105.25, "owner": "o"})


async def test_radio_noise_while_connecting_is_tried_again(bluez: FakeBluez) -> None:
    bluez.abort_connects = 2
    async with connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as hotspot:
        assert await hotspot.ethernet_online() is False


async def test_a_hotspot_that_walks_away_is_a_lost_link(hotspot: Hotspot, bluez: FakeBluez) -> None:
    bluez.vanish()
    with pytest.raises(LinkLost):
        await hotspot.diagnostics()


async def test_a_silent_hotspot_is_refused_with_what_to_do(bluez: FakeBluez) -> None:
    with pytest.raises(LinkRefused, match="button") as raised:
        async with connect_hotspot("00:16:C0:FF:FF:FF", clock=SystemClock(), scan_s=SCAN_S):
            raise AssertionError
    assert raised.value.code == "E_BLE_NOT_HEARD"
