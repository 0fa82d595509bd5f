"""Which radios the settings name: read and checked here; `radios` runs them, `config check` refuses what it would."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skerry_agent.settings import Settings
from skerry_agent.settings.table import (
    GWMP_GATEWAYS,
    GWMP_LISTEN,
    RADIO_HARDWARE_RESET,
    REGION,
    SERIAL_RADIOS,
    STATION_LISTEN,
)
from skerry_core.errors import UsageError
from skerry_firmware_bridge.hardware_reset import HardwareReset, read_reset
from skerry_radio.errors import UnknownRegion

__all__ = [
    "GATEWAY_ON_UART",
    "RadioSettings",
    "SerialRadio",
    "gateway_pins",
    "listen_address",
    "radio_settings",
    "serial_radio",
]

EUI_BYTES = 8
HIGHEST_PORT = 65_535
GATEWAY_ON_UART = "gwmp-serial"  # the kind of a port where a gateway speaks GWMP


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialRadio:
    """One serial module: its kind and port."""

    kind: str
    port: str

    @property
    def device_id(self) -> str:
        """The device's id in the API."""
        return f"{self.kind}:{self.port}"


def serial_radio(text: str) -> SerialRadio:
    """Read `KIND:PORT` of the setting serial.radios. Raises `UsageError` E_SERIAL_RADIO."""
    from skerry_firmware_bridge.at_radio.dialects import DIALECTS

    kind, colon, port = text.partition(":")
    kinds = sorted([*DIALECTS, GATEWAY_ON_UART])
    if not colon or not port or kind not in kinds:
        raise UsageError(
            "E_SERIAL_RADIO",
            f"{text!r} in serial.radios is not KIND:PORT.",
            remedy=f"Write it like wio-e5:/dev/ttyUSB0; known kinds are {', '.join(kinds)}.",
            params={"value": text},
        )
    return SerialRadio(kind=kind, port=port)


def _each_once(texts: tuple[str, ...]) -> tuple[SerialRadio, ...]:
    """Read the setting serial.radios. Raises `UsageError` for a port that is there twice."""
    radios = tuple(serial_radio(text) for text in texts)
    ports = [radio.port for radio in radios]
    for port in ports:
        if ports.count(port) > 1:
            raise UsageError(
                "E_SERIAL_RADIO",
                f"{port} is in serial.radios twice.",
                remedy="Name each port once, with the kind of its module.",
                params={"value": port},
            )
    return radios


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioSettings:
    """Which radios to run; None switches a server off, `pins` are the gateways beyond loopback."""

    gwmp: tuple[str, int] | None
    station: tuple[str, int] | None
    pins: Mapping[bytes, str]
    serial: Sequence[SerialRadio]
    region: str | None
    resets: Sequence[HardwareReset]


def radio_settings(settings: Settings) -> RadioSettings:
    """Read the radios from the settings. Raises `UsageError` with what is wrong and how to write it."""
    station = listen_address("station.listen", settings[STATION_LISTEN])
    if station is not None:
        _check_plan(settings[REGION])
    return RadioSettings(
        gwmp=listen_address("gwmp.listen", settings[GWMP_LISTEN]),
        station=station,
        pins=gateway_pins(settings[GWMP_GATEWAYS]),
        serial=_each_once(settings[SERIAL_RADIOS]),
        region=settings[REGION] or None,
        resets=tuple(read_reset(text) for text in settings[RADIO_HARDWARE_RESET]),
    )


def listen_address(name: str, listen: str) -> tuple[str, int] | None:
    """Read a HOST:PORT setting, None where it is empty. Raises `UsageError` E_LISTEN."""
    host, colon, port = listen.rpartition(":")
    if listen and not (colon and host and port.isdecimal() and int(port) <= HIGHEST_PORT):
        raise UsageError("E_LISTEN", f"{name} is {listen!r}.", remedy="Write it like 127.0.0.1:1680 or [::1]:1680.")
    return (host.removeprefix("[").removesuffix("]"), int(port)) if listen else None


def _check_plan(region: str) -> None:
    """Refuse a region without a channel plan: a Basic Station hears nothing until it is told one."""
    from skerry_firmware_bridge.basic_station.plan import router_config

    try:
        router_config(region, wall_ns=0)
    except (UnknownRegion, ValueError) as error:
        raise UsageError(
            "E_STATION_REGION",
            f"station.listen is set, but there are no channels for region {region!r} ({error}).",
            remedy="Set hotspot.region to where the gateway stands.",
            params={"region": region},
        ) from None


def gateway_pins(texts: tuple[str, ...]) -> dict[bytes, str]:
    """Read `EUI@ADDRESS` of the setting gwmp.gateways. Raises `UsageError` E_GWMP_PIN."""
    pins: dict[bytes, str] = {}
    for text in texts:
        eui, at, address = text.partition("@")
        try:
            key, host = bytes.fromhex(eui), str(ipaddress.ip_address(address))
        except ValueError:
            key, host = b"", ""
        if not at or len(key) != EUI_BYTES or key in pins:
            raise UsageError(
                "E_GWMP_PIN",
                f"{text!r} in gwmp.gateways is not EUI@ADDRESS, or its EUI is there twice.",
                remedy="Write it like aa555a0000000001@192.0.2.7, each gateway once.",
                params={"value": text},
            )
        pins[key] = host
    return pins
