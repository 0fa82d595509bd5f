"""Devices that are no radios - modems, meters, inverters - as the settings name them, each supervised by itself."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl

from skerry_agent.background import run_together
from skerry_core.clock import Clock
from skerry_core.errors import UsageError
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.drivers import checked
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.iec62056 import plain_address
from skerry_firmware_bridge.radio import EventSink
from skerry_firmware_bridge.supervise import supervise

__all__ = ["attached_device", "attached_devices", "run_attached", "surroundings"]


# kinds of which several may stand at one place: the option that tells them apart, and what it is where it is not given
SHARED = {"sunspec": ("unit", 1), "iec62056": ("address", None)}


def attached_devices(texts: Sequence[str]) -> list[DeviceConfig]:
    """Read the setting devices.attached. Raises `UsageError` as `attached_device`, and E_DEVICE_TWICE."""
    devices: list[DeviceConfig] = []
    for text in texts:
        device = attached_device(text)
        other = next((one for one in devices if _clash(one, device)), None)
        if other is not None:
            raise UsageError(
                "E_DEVICE_TWICE",
                f"devices.attached names {device.url} twice, as {other.device_id} and {device.device_id}.",
                remedy="Leave one of them out; only sunspec devices share a bus, each with its own unit, and iec62056 "
                "meters a line, each with its own address.",
                params={"device": device.device_id},
            )
        devices.append(device)
    return devices


def attached_device(text: str) -> DeviceConfig:
    """Read `KIND:URL` or `KIND:URL?option=value&...`.

    Raises `UsageError` E_DEVICE_KIND, E_DEVICE_OPTION, E_DEVICE_TEXT.
    """
    place, question, options = text.strip().partition("?")
    kind, colon, url = place.partition(":")
    try:
        told = dict(parse_qsl(options, keep_blank_values=True, strict_parsing=bool(question)))
    except ValueError:
        colon = ""
    if not colon or not url:
        raise UsageError(
            "E_DEVICE_TEXT",
            f"{text!r} in devices.attached is not KIND:URL or KIND:URL?option=value.",
            remedy="Write it like modem:/dev/ttyUSB2 or sunspec:modbus-tcp://192.0.2.7:502?unit=1.",
            params={"value": text},
        )
    device = checked(DeviceConfig(device_id=place, kind=kind, url=url, options=told))
    name, usual = SHARED.get(kind, ("", None))
    number = device.options.get(name, usual)
    return device if number == usual else replace(device, device_id=f"{place},{name}={number}")


def _clash(one: DeviceConfig, other: DeviceConfig) -> bool:
    if one.url != other.url:
        return False
    numbers = {_number(one), _number(other)}
    return one.kind != other.kind or len(numbers) < 2 or None in numbers


def _number(device: DeviceConfig) -> str | None:
    """Return what tells a device from others at its place, None where nothing does; leading zeros do not count."""
    name, usual = SHARED.get(device.kind, ("", None))
    number = device.options.get(name, usual)
    return None if number is None else plain_address(str(number))


def surroundings(clock: Clock, random: Random) -> Surroundings:
    """Return what drivers use of the outside."""

    async def opened(url: str, settings: SerialSettings) -> Link:
        return await open_link(url, clock=clock, settings=settings)

    return Surroundings(clock=clock, random=random, open_link=opened)


async def run_attached(devices: Sequence[DeviceConfig], *, clock: Clock, random: Random, events: EventSink) -> None:
    """Supervise every device until cancelled."""
    around = surroundings(clock, random)
    await run_together(
        {f"{device.device_id}: supervisor": supervise(device, around=around, events=events) for device in devices}
    )
