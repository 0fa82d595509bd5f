"""GATT steps over a bad connection: lost links, silence, lost and doubled notifications, hostile values."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dbus_fast import DBusError

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.ble import connection, hotspot
from skerry_firmware_bridge.ble.characteristics import Characteristic
from skerry_firmware_bridge.ble.connection import NotOffered
from skerry_firmware_bridge.ble.hotspot import Hotspot, connect_hotspot
from skerry_firmware_bridge.ble.outcomes import HotspotAnswered
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected, LinkLost, ModuleRefused
from skerry_simulate.devices.ble_faults import parse_ble_faults
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_simulate.devices.hotspot import EmulatedHotspot
from skerry_testing.bluez import emulated_bluez

pytestmark = pytest.mark.debian
SCAN_S = 0.5
LONG_NAME, LONG_PASSWORD = "a network with a name of 32 bytes", "p" * 63


@asynccontextmanager
async def connected(monkeypatch: pytest.MonkeyPatch, faults: str = "") -> AsyncIterator[tuple[Hotspot, FakeBluez]]:
    async with (
        emulated_bluez(monkeypatch, faults=parse_ble_faults(faults)) as bluez,
        connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as found,
    ):
        yield found, bluez


async def test_a_link_lost_in_the_middle_of_a_write_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, "vanish=1") as (found, _):
        with pytest.raises(LinkLost, match="went away"):
            await found.set_lights(on=True)
        with pytest.raises(LinkLost):
            await found.diagnostics()


async def test_a_link_lost_while_waiting_for_a_notification_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        bluez.hotspot.answers[Characteristic.WIFI_CONNECT] = [b"connecting"]
        with pytest.raises(LinkLost):
            await found.connect_wifi("TEST-NET", "x", progress=lambda text: bluez.vanish())


async def test_a_link_lost_during_a_silent_read_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        bluez.faults.silent = True
        bluez.later(0.1, bluez.vanish)
        with pytest.raises(LinkLost):
            await found.diagnostics()


async def test_an_error_of_the_hotspot_is_no_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        monkeypatch.setattr(bluez, "vanish", lambda: None)
        bluez.faults.vanish = 1
        with pytest.raises(ModuleRefused, match="Unlikely Error"):
            await found.set_lights(on=True)
        assert await found.set_lights(on=True) is True


async def test_no_log_shows_a_password(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(monkeypatch) as (found, _):
        caplog.set_level("DEBUG")
        caplog.set_level("DEBUG", logger="bleak")
        await found.connect_wifi("TEST-NET", "correct horse")
        assert "Write Characteristic" in caplog.text  # bleak logs what is written
        assert "correct horse" not in caplog.text
        assert b"correct horse".hex() not in caplog.text


async def test_a_silent_hotspot_is_given_up_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        monkeypatch.setattr(connection, "GATT_TIMEOUT_S", 0.1)
        bluez.faults.silent = True
        with pytest.raises(DeviceTimeout, match="no answer within"):
            await found.diagnostics()


@pytest.mark.parametrize("faults", ["", "notify_twice", "notify_loss", "mtu=23", "mtu=23,notify_twice"])
async def test_wifi_is_joined_over_bad_notifications_and_small_packets(
    monkeypatch: pytest.MonkeyPatch, faults: str
) -> None:
    monkeypatch.setattr(hotspot, "WIFI_POLL_S", 0.1)
    async with connected(monkeypatch, faults) as (found, bluez):
        bluez.hotspot.networks[LONG_NAME] = LONG_PASSWORD
        await found.connect_wifi(LONG_NAME, LONG_PASSWORD)
        assert await found.wifi_ssid() == LONG_NAME
        if "mtu" in faults:
            assert bluez.characteristics[Characteristic.WIFI_CONNECT].packets > 100 // 18


async def test_an_earlier_result_is_not_taken_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, _):
        with pytest.raises(HotspotAnswered, match="invalid"):
            await found.connect_wifi("TEST-NET", "wrong")
        told: list[str] = []
        await found.connect_wifi("TEST-NET", "correct horse", progress=told.append)
        assert told == ["connecting"]
        with pytest.raises(HotspotAnswered, match="invalid"):
            await found.connect_wifi("TEST-NET", "wrong again")


@pytest.mark.parametrize("word", ["timeout", "failed", "already", "badargs", "error", "not_found", "\x1b[2Jgotcha"])
async def test_every_other_status_is_a_refusal_with_its_word(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    async with connected(monkeypatch) as (found, bluez):
        bluez.hotspot.answers[Characteristic.WIFI_CONNECT] = [b"connecting", word.encode()]
        with pytest.raises(HotspotAnswered) as raised:
            await found.connect_wifi("TEST-NET", "x")
    assert raised.value.text == word.replace("\x1b", "\N{REPLACEMENT CHARACTER}")


async def test_a_hotspot_that_is_in_the_network_though_every_word_got_lost_is_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with connected(monkeypatch, "notify_loss") as (found, bluez):
        monkeypatch.setattr(hotspot, "WIFI_TIMEOUT_S", 0.3)
        monkeypatch.setattr(hotspot, "WIFI_POLL_S", 0.1)
        bluez.hotspot.answers[Characteristic.WIFI_CONNECT] = [b"init"]
        bluez.later(0.1, lambda: setattr(bluez.hotspot, "ssid", "TEST-NET"))
        await found.connect_wifi("TEST-NET", "x")
        with pytest.raises(DeviceTimeout):  # it was there before: that says nothing
            await found.connect_wifi("TEST-NET", "x")


async def test_progress_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        monkeypatch.setattr(hotspot, "WIFI_TIMEOUT_S", 0.3)
        bluez.hotspot.answers[Characteristic.WIFI_CONNECT] = [b"connecting"]
        with pytest.raises(HotspotAnswered, match="connecting"):
            await found.connect_wifi("TEST-NET", "x")


class NebraHotspot(EmulatedHotspot):
    """What Nebra's firmware does otherwise: lights and Wi-Fi remove, and a wrong password leaves it at `connecting`."""

    def flags(self, what: Characteristic) -> list[str]:
        if what is Characteristic.LIGHTS:
            return ["read"]
        return ["read", "write", "notify"] if what is Characteristic.WIFI_REMOVE else EmulatedHotspot.flags(self, what)

    def read(self, what: Characteristic) -> bytes:
        if what is Characteristic.WIFI_REMOVE:
            raise DBusError("org.bluez.Error.Failed", "Operation failed with ATT error: 0x0e")
        return b"false" if what is Characteristic.LIGHTS else EmulatedHotspot.read(self, what)

    def write(self, what: Characteristic, value: bytes) -> list[bytes]:
        return [text for text in EmulatedHotspot.write(self, what, value) if text != b"invalid"]


async def test_another_makers_firmware_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hotspot, "WIFI_TIMEOUT_S", 0.5)
    emulated = NebraHotspot(name="Nebra Indoor Hotspot F00001", offers=frozenset(Characteristic))
    emulated.words[Characteristic.WIFI_CONNECT] = b"connecting"  # before anybody asked
    async with (
        emulated_bluez(monkeypatch, emulated),
        connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as found,
    ):
        assert await found.lights() is False
        with pytest.raises(NotOffered, match="does not offer to write lights"):
            await found.set_lights(on=True)
        with pytest.raises(HotspotAnswered, match="connecting"):
            await found.connect_wifi("TEST-NET", "wrong")
        await found.connect_wifi("TEST-NET", "correct horse")
        await found.remove_wifi("TEST-NET")
        assert (await found.configured_wifi()).names == ()


async def test_a_long_value_is_read_whole_through_small_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, "mtu=23") as (found, bluez):
        bluez.hotspot.networks = {f"network-{number:02}": "x" for number in range(60)}
        seen = await found.visible_wifi()
        assert seen.may_be_cut
        assert len(seen.names) == 42  # 512 bytes, 12 for each
        assert bluez.characteristics[Characteristic.WIFI_SERVICES].packets == 504 // 22 + 1


async def test_values_longer_than_att_allows_are_refused_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        with pytest.raises(FrameRejected, match="too_long"):
            await found.connect_wifi("TEST-NET", "p" * 600)
        bluez.faults.oversize = True
        with pytest.raises(FrameRejected, match="too_long"):
            await found.diagnostics()


async def test_junk_values_are_badargs(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch, "junk") as (found, _):
        for ask in (found.diagnostics, found.visible_wifi, found.configured_wifi):
            with pytest.raises(FrameRejected, match="badargs"):
                await ask()


async def test_a_characteristic_that_this_maker_does_not_offer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    emulated = EmulatedHotspot(offers=frozenset({Characteristic.PUBLIC_KEY}))
    async with (
        emulated_bluez(monkeypatch, emulated),
        connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as found,
    ):
        with pytest.raises(NotOffered, match="does not offer to read diagnostics"):
            await found.diagnostics()
        assert await found.ethernet_online() is None
        assert (await found.identity())["mac"] is None


async def test_services_that_go_away_under_a_connection_are_a_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        bluez.gatt.hide()
        with pytest.raises(LinkLost):
            await found.diagnostics()


async def test_a_network_that_it_does_not_know_cannot_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(monkeypatch) as (found, bluez):
        with pytest.raises(HotspotAnswered, match="unknown_network"):
            await found.remove_wifi("NOWHERE")
        bluez.hotspot.configured = ["TEST-NET"]
        await found.remove_wifi("TEST-NET")
        assert bluez.hotspot.configured == []
