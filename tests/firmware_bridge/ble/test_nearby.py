"""What `skerry devices scan` learns of hotspots in reach."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.ble.connection import Connection
from skerry_firmware_bridge.ble.nearby import IDENTITY_LIMIT_S, Nearby, announced_bus, announcement, nearby
from skerry_firmware_bridge.ble.scanning import FoundHotspot
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.ble_faults import parse_ble_faults
from skerry_simulate.devices.bluez import ADDRESS
from skerry_testing.bluez import emulated_bluez
from skerry_testing.simulated import simulated

SCAN_S = 0.5


@pytest.mark.debian
async def test_a_hotspot_on_another_bus_is_found_and_says_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    async with emulated_bluez(None) as bluez:
        line = announcement(ADDRESS, bluez.bus_address)
        found = await nearby(clock=SystemClock(), limit_s=SCAN_S, bus=announced_bus(line))
    (hotspot,) = found.hotspots
    assert (hotspot.address, hotspot.bus, found.problem) == (ADDRESS, bluez.bus_address, None)
    assert hotspot.identity["public_key"] == bluez.hotspot.public_key
    assert hotspot.identity["serial_number"] == "EMU0A1B"
    assert set(hotspot.identity) == {"public_key", "serial_number", "firmware_revision", "mac"}


@pytest.mark.debian
async def test_without_probing_nobody_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulated_bluez(monkeypatch) as bluez:
        found = await nearby(clock=SystemClock(), limit_s=SCAN_S, probing=False)
        assert bluez.connects == 0
    assert [(one.address, dict(one.identity), one.problem) for one in found.hotspots] == [(ADDRESS, {}, None)]


@pytest.mark.debian
async def test_a_hotspot_that_cannot_be_asked_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulated_bluez(monkeypatch) as bluez:
        bluez.faults.early_resolved = 9
        (hotspot,) = (await nearby(clock=SystemClock(), limit_s=SCAN_S)).hotspots
    assert hotspot.problem is not None
    assert hotspot.problem["code"] == "E_BLE_SERVICES"
    assert hotspot.identity == {}


@pytest.mark.debian
@pytest.mark.parametrize(("faults", "code"), [("off", "E_BLE_OFF"), ("forbidden", "E_BLE_FORBIDDEN")])
async def test_bluetooth_that_cannot_be_used_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, faults: str, code: str
) -> None:
    async with emulated_bluez(monkeypatch, faults=parse_ble_faults(faults)):
        found = await nearby(clock=SystemClock(), limit_s=SCAN_S)
    assert found.hotspots == ()
    assert found.problem is not None
    assert found.problem["code"] == code
    assert found.problem["remedy"].partition(":")[2].strip().startswith("sudo ")


@pytest.mark.debian
async def test_a_bus_without_an_adapter_has_no_hotspots_and_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    async with emulated_bluez(monkeypatch, faults=parse_ble_faults("no_adapter")):
        assert await nearby(clock=SystemClock(), limit_s=SCAN_S) == Nearby()


async def test_a_computer_without_bluetooth_has_no_hotspots_and_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
    assert await nearby(clock=SystemClock(), limit_s=SCAN_S) == Nearby()


async def test_a_bus_that_is_gone_has_no_hotspots() -> None:
    assert await nearby(clock=SystemClock(), limit_s=SCAN_S, bus="unix:path=/nonexistent") == Nearby()


@pytest.mark.parametrize(
    "line", ["modbus-tcp://127.0.0.1:502", "ble:00:16:C0:F0:00:01", "ble:x bus=", " bus=unix:path=/x"]
)
def test_other_announcements_name_no_bus(line: str) -> None:
    assert announced_bus(line) is None


class Unreachable:
    """A central whose hotspots never let it in."""

    def __init__(self, *, clock: SimulatedClock, scan_s: float) -> None:
        self._clock = clock

    @asynccontextmanager
    async def connected(self, address: str) -> AsyncIterator[Connection]:
        await self._clock.sleep(3600)
        yield Connection()


def test_many_hotspots_that_do_not_answer_hold_a_scan_up_no_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def heard(*, scan_s: float) -> list[FoundHotspot]:
        return [FoundHotspot(address=f"00:00:00:00:00:{number:02}", name="", rssi_dbm=-60) for number in range(16)]

    monkeypatch.setattr("skerry_firmware_bridge.ble.scanning.find_hotspots", heard)
    monkeypatch.setattr("skerry_firmware_bridge.ble.connecting.Central", Unreachable)

    async def main(clock: SimulatedClock) -> Nearby:
        found = await nearby(clock=clock)
        assert clock.monotonic_ns() <= (IDENTITY_LIMIT_S + 1) * NS_PER_S
        return found

    problems = [hotspot.problem and hotspot.problem["code"] for hotspot in simulated(main).hotspots]
    assert problems == ["E_BLE_SILENT"] + [None] * 15


def test_the_bluetooth_library_is_imported_by_a_scan_only() -> None:
    program = "import sys, skerry_firmware_bridge.ble.nearby as m; sys.exit('bleak' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})
