"""Connecting through BlueZ's moods (serial-devices row 22): each one is got over, or refused with what to do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.ble import connecting
from skerry_firmware_bridge.ble.connecting import CONNECT_ATTEMPTS, Central
from skerry_firmware_bridge.ble.hotspot import connect_hotspot
from skerry_firmware_bridge.ble.nearby import Nearby, nearby
from skerry_firmware_bridge.errors import LinkRefused
from skerry_simulate.devices.ble_faults import parse_ble_faults
from skerry_simulate.devices.bluez import ADDRESS, FakeBluez
from skerry_simulate.devices.private_bus import private_bus
from skerry_testing.bluez import emulated_bluez

pytestmark = pytest.mark.debian
SCAN_S = 0.5


@asynccontextmanager
async def faulty(monkeypatch: pytest.MonkeyPatch, faults: str) -> AsyncIterator[FakeBluez]:
    async with emulated_bluez(monkeypatch, faults=parse_ble_faults(faults)) as bluez:
        yield bluez


async def serial_number() -> str | None:
    async with connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as hotspot:
        return (await hotspot.identity())["serial_number"]


async def refusal() -> LinkRefused:
    with pytest.raises(LinkRefused) as raised:
        await serial_number()
    assert raised.value.detail.endswith(".")
    assert raised.value.remedy
    return raised.value


@pytest.mark.parametrize(
    ("faults", "connects"),
    [
        ("abort=2", 3),  # bleak itself tries again at once
        ("in_progress=1", 2),
        ("in_progress=2", 3),
        ("other_adapter", 1),
        ("left_connected", 1),
        ("early_resolved=2", 3),
        ("slow_services_s=0.3", 1),
        ("mtu=23", 1),
    ],
)
async def test_what_can_be_got_over_is_got_over(monkeypatch: pytest.MonkeyPatch, faults: str, connects: int) -> None:
    async with faulty(monkeypatch, faults) as bluez:
        assert await serial_number() == "EMU0A1B"
        assert bluez.connects == connects
        assert not bluez.device.is_connected


async def test_a_device_that_stays_stuck_is_forgotten_as_the_last_means(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "in_progress=2") as bluez:
        await serial_number()
        assert bluez.removals == 1


async def test_the_connection_on_another_adapter_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "other_adapter") as bluez:
        await serial_number()
        assert not bluez.other_device.is_connected


async def test_four_attempts_are_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "early_resolved=99") as bluez:
        assert (await refusal()).code == "E_BLE_SERVICES"
        assert bluez.connects == CONNECT_ATTEMPTS == 4
        assert not bluez.device.is_connected


async def test_services_that_never_come_end_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT_TIMEOUT_S", 0.2)
    monkeypatch.setattr(connecting, "CONNECT_ATTEMPTS", 2)
    async with faulty(monkeypatch, "slow_services_s=60") as bluez:
        error = await refusal()
        assert (error.code, bluez.connects) == ("E_BLE_CONNECT", 2)
        assert "took too long" in error.detail
        assert not bluez.device.is_connected


async def test_a_hotspot_whose_five_minutes_are_over_says_which_button(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "advertises_s=0.01"):
        error = await refusal()
    assert error.code == "E_BLE_NOT_HEARD"
    assert "button" in error.remedy


@pytest.mark.parametrize(
    ("faults", "code", "word"),
    [
        ("no_adapter", "E_BLE_NO_ADAPTER", "USB adapter"),
        ("off", "E_BLE_OFF", "rfkill unblock"),
        ("forbidden", "E_BLE_FORBIDDEN", "usermod"),
    ],
)
async def test_bluetooth_that_cannot_be_used_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, faults: str, code: str, word: str
) -> None:
    async with faulty(monkeypatch, faults):
        error = await refusal()
    assert error.code == code
    assert word in error.remedy


async def test_without_d_bus_or_its_bluetooth_service_each_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    assert (await refusal()).code == "E_BLE_NO_DBUS"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "nonsense")
    assert (await refusal()).code == "E_BLE_NO_DBUS"
    async with private_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        assert (await refusal()).code == "E_BLE_NO_SERVICE"


async def test_one_connection_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "") as bluez:
        central = Central(clock=SystemClock(), scan_s=SCAN_S)
        seen = []

        async def ask() -> None:
            async with central.connected(ADDRESS):
                seen.append(bluez.device.is_connected)
                await SystemClock().sleep(0)
            seen.append(bluez.device.is_connected)

        await asyncio.gather(ask(), ask())
        assert seen == [True, False, True, False]


async def test_two_programs_do_not_talk_to_one_hotspot_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "") as bluez:
        async with connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S) as first:
            assert (await refusal()).code == "E_BLE_IN_USE"
            assert (await first.identity())["serial_number"] == "EMU0A1B"  # the first is not thrown out
        assert await serial_number() == "EMU0A1B"
        assert bluez.connects == 2


async def test_without_the_library_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert (await refusal()).code == "E_BLE_NOT_INSTALLED"
    assert await nearby(clock=SystemClock()) == Nearby()


async def test_it_disconnects_also_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty(monkeypatch, "") as bluez:
        with pytest.raises(ZeroDivisionError):
            async with connect_hotspot(ADDRESS, clock=SystemClock(), scan_s=SCAN_S):
                raise ZeroDivisionError
        assert not bluez.device.is_connected
