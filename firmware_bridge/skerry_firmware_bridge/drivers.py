"""The device kinds that a settings file may name, and how each is opened. Radios are opened by their own packages."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from skerry_core.errors import UsageError
from skerry_firmware_bridge.cellular.modem import open_modem
from skerry_firmware_bridge.cellular.modem_manager import MEASURE_S, open_managed_modem
from skerry_firmware_bridge.device import DeviceConfig, Option, Session, Surroundings
from skerry_firmware_bridge.mcu.picogw_device import open_picogw
from skerry_firmware_bridge.mcu.sx1302_device import open_sx1302
from skerry_firmware_bridge.meter.iec62056 import BAUDS
from skerry_firmware_bridge.meter.iec62056_device import open_iec62056
from skerry_firmware_bridge.meter.p1_device import open_p1
from skerry_firmware_bridge.sunspec.device import open_sunspec

__all__ = ["DRIVERS", "Driver", "checked"]

POLL = Option(name="poll_s", type=int, about="seconds between readings", low=1, high=86_400)
REPLUG = "Unplug the concentrator, wait five seconds and plug it in again: a reset over USB does not wake it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How to open a kind of device, and the options it takes; `about` is one line for people.

    `advice`: what a person can do when the device is silent or cannot be understood.
    """

    about: str
    advice: str
    options: tuple[Option, ...] = ()
    open: Callable[[DeviceConfig, Surroundings], AbstractAsyncContextManager[Session]]


DRIVERS: dict[str, Driver] = {
    "iec62056": Driver(
        about="meter behind an optical head, or one of several on a line (IEC 62056-21 mode C)",
        advice="Check that the head sits straight on the meter, or the line's wires and the meter's number (option "
        "address); a meter with a battery needs the option wake=1.",
        options=(
            POLL,
            Option(
                name="address",
                type=str,
                about="number of the meter, where several share the line",
                pattern="[0-9A-Za-z ]{1,32}",
                looks="up to 32 digits and letters",
            ),
            Option(
                name="baud",
                type=str,
                about="speed at which the meter listens for its request (300)",
                choices=tuple(map(str, BAUDS)),
            ),
            Option(name="wake", type=int, about="1 = wake a meter that sleeps on its battery (0)", low=0, high=1),
            Option(
                name="registers",
                type=str,
                about="read these in programming mode, such as 1.8.0,2.8.0",
                pattern="[0-9A-Za-z.:*&,-]+",
                looks="registers with commas between them, such as 0.0.0,1.8.0",
            ),
            Option(name="password_file", type=str, about="file with the password of the programming mode"),
        ),
        open=open_iec62056,
    ),
    "modem": Driver(
        about="5G or LTE modem over AT commands",
        advice="Check its power and that this is its AT port (if2 of a Quectel), which no other program may use.",
        options=(POLL, Option(name="secondary_url", type=str, about="second AT port, used when the first goes dead")),
        open=open_modem,
    ),
    "modem-manager": Driver(
        about="modem that ModemManager owns and connects, by IMEI or `any`",
        advice="Restart it (sudo systemctl restart ModemManager), or see its log: journalctl -u ModemManager -n 50.",
        options=(
            POLL,
            Option(
                name="measure_s",
                type=int,
                high=3600,
                about=f"seconds between measurements, if ModemManager makes none yet ({MEASURE_S}); 0 = ask for none",
            ),
            Option(name="bus", type=str, about="address of another D-Bus than the system's"),
        ),
        open=open_managed_modem,
    ),
    "p1": Driver(
        about="P1/DSMR meter, version 4 or 5 (115200 baud)",
        advice="Check the cable, and that the meter's P1 port is switched on; a meter of version 2 or 3 is a p1-v2.",
        open=open_p1,
    ),
    "p1-v2": Driver(
        about="P1/DSMR meter, version 2 or 3 (9600 baud)",
        advice="Check the cable; a meter of version 4 or 5 is a p1.",
        open=open_p1,
    ),
    "picogw": Driver(
        about="PicoCell gateway (SX1308), diagnostics only",
        advice=REPLUG,
        options=(POLL, Option(name="reset", type=int, about="1 = restart the gateway before use (0)", low=0, high=1)),
        open=open_picogw,
    ),
    "sunspec": Driver(
        about="SunSpec inverter, meter or battery over Modbus",
        advice="Check unit, baud and parity, the bus wires, and that SunSpec (Modbus) is switched on in the device.",
        options=(
            POLL,
            Option(name="unit", type=int, about="Modbus address of the device (1)", low=0, high=255),
            Option(name="baud", type=int, about="speed of a serial bus (9600)", low=300, high=4_000_000),
            Option(name="parity", type=str, about="parity of a serial bus: N, E or O (N)", choices=("N", "E", "O")),
        ),
        open=open_sunspec,
    ),
    "sx1302-usb": Driver(
        about="CoreCell USB concentrator (SX1302), diagnostics only",
        advice=REPLUG,
        options=(
            POLL,
            Option(name="gentle", type=int, about="1 = never reset the concentrator to read its EUI", low=0, high=1),
        ),
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
    known = {option.name: option for option in driver.options}
    options: dict[str, str | int] = {}
    for name, value in config.options.items():
        option = known.get(name)
        if option is None:
            remedy = f"Known are: {', '.join(sorted(known)) or 'none'}."
            raise _bad_option(config, name, f"has no option {name!r}", remedy)
        try:
            options[name] = option.checked(value)
        except ValueError:
            raise _bad_option(
                config, name, f"option {name} cannot be {str(value)!r}", f"Write {option.wanted}."
            ) from None
    return replace(config, options=options)


def _bad_option(config: DeviceConfig, name: str, detail: str, remedy: str) -> UsageError:
    params = {"device": config.device_id, "option": name}
    return UsageError("E_DEVICE_OPTION", f"{config.device_id}: {config.kind} {detail}.", remedy=remedy, params=params)
