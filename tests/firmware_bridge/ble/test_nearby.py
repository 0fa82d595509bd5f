"""What `skerry devices scan` learns of hotspots in reach."""

import subprocess
import sys

import pytest

from skerry_core.clock import SystemClock
from skerry_firmware_bridge.ble.nearby import Nearby, announced_bus, announcement, nearby
from skerry_simulate.devices.ble_faults import parse_ble_faults
from skerry_simulate.devices.bluez import ADDRESS
from skerry_testing.bluez import emulated_bluez

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


def test_the_bluetooth_library_is_imported_by_a_scan_only() -> None:
    program = "import sys, skerry_firmware_bridge.ble.nearby as m; sys.exit('bleak' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})
