"""The device kinds that a settings file may name, and how each is opened. Radios are opened by their own packages."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from skerry_firmware_bridge.cellular.modem import open_modem
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings
from skerry_firmware_bridge.mcu.picogw_device import open_picogw
from skerry_firmware_bridge.mcu.sx1302_device import open_sx1302
from skerry_firmware_bridge.meter.iec62056_device import open_iec62056
from skerry_firmware_bridge.meter.p1_device import open_p1
from skerry_firmware_bridge.sunspec.device import open_sunspec

__all__ = ["DRIVERS", "Driver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to open a kind of device; `about` is one line for people."""

    about: str
    open: Callable[[DeviceConfig, Surroundings], AbstractAsyncContextManager[Session]]


DRIVERS: dict[str, Driver] = {
    "iec62056": Driver(about="meter behind an optical head (IEC 62056-21 mode C)", open=open_iec62056),
    "modem": Driver(about="5G or LTE modem over AT commands", open=open_modem),
    "p1": Driver(about="P1/DSMR meter, version 4 or 5 (115200 baud)", open=open_p1),
    "p1-v2": Driver(about="P1/DSMR meter, version 2 or 3 (9600 baud)", open=open_p1),
    "picogw": Driver(about="PicoCell gateway (SX1308), diagnostics only", open=open_picogw),
    "sunspec": Driver(about="SunSpec inverter, meter or battery over Modbus", open=open_sunspec),
    "sx1302-usb": Driver(about="CoreCell USB concentrator (SX1302), diagnostics only", open=open_sx1302),
}
