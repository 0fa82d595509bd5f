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
from skerry_firmware_bridge.radio import EventSink
from skerry_firmware_bridge.supervise import supervise

__all__ = ["attached_device", "attached_devices", "run_attached", "surroundings"]


NUMBERED = ("unit", "address")  # options that tell devices at one place apart, and so belong to their ids
SHARED_KINDS = frozenset({"sunspec"})  # kinds of which several may stand at one place: a bus serves them all


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
                remedy="Leave one of them out; only sunspec devices share a bus, each with its own unit.",
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
    numbers = [f",{name}={device.options[name]}" for name in NUMBERED if device.options.get(name, 1) != 1]
    return replace(device, device_id=place + "".join(numbers))


def _clash(one: DeviceConfig, other: DeviceConfig) -> bool:
    if one.url != other.url:
        return False
    return one.device_id == other.device_id or not {one.kind, other.kind} <= SHARED_KINDS


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
