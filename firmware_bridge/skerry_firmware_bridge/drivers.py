"""The device kinds that a settings file may name, and how each is opened. Radios are opened by their own packages."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from skerry_core.errors import UsageError
from skerry_firmware_bridge.cellular.modem import open_modem
from skerry_firmware_bridge.device import DeviceConfig, Option, Session, Surroundings
from skerry_firmware_bridge.mcu.picogw_device import open_picogw
from skerry_firmware_bridge.mcu.sx1302_device import open_sx1302
from skerry_firmware_bridge.meter.iec62056_device import open_iec62056
from skerry_firmware_bridge.meter.p1_device import open_p1
from skerry_firmware_bridge.sunspec.device import open_sunspec

__all__ = ["DRIVERS", "Driver", "checked"]

POLL = Option(name="poll_s", type=int, about="seconds between readings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to open a kind of device, and the options it takes; `about` is one line for people."""

    about: str
    options: tuple[Option, ...] = ()
    open: Callable[[DeviceConfig, Surroundings], AbstractAsyncContextManager[Session]]


DRIVERS: dict[str, Driver] = {
    "iec62056": Driver(
        about="meter behind an optical head (IEC 62056-21 mode C)",
        options=(POLL, Option(name="address", type=str, about="number of the meter, where several share the line")),
        open=open_iec62056,
    ),
    "modem": Driver(
        about="5G or LTE modem over AT commands",
        options=(POLL, Option(name="secondary_url", type=str, about="second AT port, used when the first goes dead")),
        open=open_modem,
    ),
    "p1": Driver(about="P1/DSMR meter, version 4 or 5 (115200 baud)", open=open_p1),
    "p1-v2": Driver(about="P1/DSMR meter, version 2 or 3 (9600 baud)", open=open_p1),
    "picogw": Driver(about="PicoCell gateway (SX1308), diagnostics only", options=(POLL,), open=open_picogw),
    "sunspec": Driver(
        about="SunSpec inverter, meter or battery over Modbus",
        options=(
            POLL,
            Option(name="unit", type=int, about="Modbus address of the device (1)"),
            Option(name="baud", type=int, about="speed of a serial bus (9600)"),
            Option(name="parity", type=str, about="parity of a serial bus: N, E or O (N)"),
        ),
        open=open_sunspec,
    ),
    "sx1302-usb": Driver(
        about="CoreCell USB concentrator (SX1302), diagnostics only",
        options=(POLL, Option(name="gentle", type=int, about="1 = never reset the concentrator to read its EUI")),
        open=open_sx1302,
    ),
}


def checked(config: DeviceConfig) -> DeviceConfig:
    """Return the configuration with its options in their types. Raises `UsageError` naming what is wrong."""
    driver = DRIVERS.get(config.kind)
    if driver is None:
        raise UsageError(
            "E_DEVICE_KIND",
            f"{config.device_id}: there is no device kind {config.kind!r}.",
            remedy=f"Use one of: {', '.join(sorted(DRIVERS))}.",
            params={"kind": config.kind},
        )
    types = {option.name: option.type for option in driver.options}
    options: dict[str, str | int] = {}
    for name, value in config.options.items():
        try:
            options[name] = types[name](value)
        except KeyError:
            remedy = f"Known are: {', '.join(sorted(types)) or 'none'}."
            raise _bad_option(config, name, f"has no option {name!r}", remedy) from None
        except ValueError:
            raise _bad_option(config, name, f"option {name} is no whole number", "Write a whole number.") from None
    return replace(config, options=options)


def _bad_option(config: DeviceConfig, name: str, detail: str, remedy: str) -> UsageError:
    params = {"device": config.device_id, "option": name}
    return UsageError("E_DEVICE_OPTION", f"{config.device_id}: {config.kind} {detail}.", remedy=remedy, params=params)
