"""All conformance kinds of the device side; `skerry conformance` reads `KINDS`."""

from skerry_core.conformance import Kind
from skerry_firmware_bridge.ble import conformance as ble
from skerry_firmware_bridge.cellular import conformance as cellular
from skerry_firmware_bridge.gwmp import conformance as gwmp
from skerry_firmware_bridge.mcu import conformance as mcu
from skerry_firmware_bridge.meter import conformance as meter
from skerry_firmware_bridge.modbus import conformance as modbus
from skerry_firmware_bridge.sunspec import conformance as sunspec

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {
    name: kind for family in (gwmp, cellular, mcu, meter, modbus, sunspec, ble) for name, kind in family.KINDS.items()
}
