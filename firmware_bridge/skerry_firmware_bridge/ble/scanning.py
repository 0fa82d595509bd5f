"""Listening for hotspots that advertise, and for one of them before connecting to it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skerry_core.clock import io_timeout
from skerry_firmware_bridge.ble.availability import bluetooth_errors, no_bluetooth, require_bleak
from skerry_firmware_bridge.ble.characteristics import SERVICE_UUID

if TYPE_CHECKING:
    from bleak.backends.device import BLEDevice

__all__ = ["SCAN_S", "FoundHotspot", "find_hotspots", "hear"]

SCAN_S = 8.0
SCAN_MARGIN_S = 15.0  # for starting and stopping it


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHotspot:
    """An advertising hotspot. The address is what the computer calls it: on a Mac not the radio's own."""

    address: str
    name: str
    rssi_dbm: int | None


async def find_hotspots(*, scan_s: float = SCAN_S) -> list[FoundHotspot]:
    """Listen for advertising hotspots, the strongest first. Raises `LinkRefused` where Bluetooth cannot be used."""
    require_bleak()
    from bleak import BleakScanner

    try:
        async with io_timeout(scan_s + SCAN_MARGIN_S):
            heard = await BleakScanner.discover(timeout=scan_s, return_adv=True, service_uuids=[SERVICE_UUID])
    except bluetooth_errors() as error:
        raise no_bluetooth(error) from error
    found = [
        FoundHotspot(address=device.address, name=device.name or "", rssi_dbm=advertisement.rssi)
        for device, advertisement in heard.values()
    ]
    return sorted(found, key=lambda one: (-(one.rssi_dbm or -127), one.address))


async def hear(address: str, *, scan_s: float) -> "BLEDevice | None":
    """Listen for one device until it is heard: BlueZ forgets devices that it has not heard for a while.

    Raises what bleak raises; see `bluetooth_errors`.
    """
    from bleak import BleakScanner

    async with io_timeout(scan_s + SCAN_MARGIN_S):
        return await BleakScanner.find_device_by_address(address, timeout=scan_s)
