"""Devices that are no radios - modems, meters, inverters - as the settings name them, each supervised by itself."""

from collections.abc import Sequence
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

__all__ = ["attached_device", "run_attached", "surroundings"]


def attached_device(text: str) -> DeviceConfig:
    """Read `KIND:URL` or `KIND:URL?option=value&...` of the setting devices.attached.

    Raises `UsageError` E_DEVICE_KIND, E_DEVICE_OPTION, E_DEVICE_TEXT.
    """
    place, _, options = text.partition("?")
    kind, colon, url = place.partition(":")
    if not colon or not url:
        raise UsageError(
            "E_DEVICE_TEXT",
            f"{text!r} in devices.attached is not KIND:URL.",
            remedy="Write it like modem:/dev/ttyUSB2 or sunspec:modbus-tcp://192.0.2.7:502?unit=1.",
            params={"value": text},
        )
    return checked(DeviceConfig(device_id=place, kind=kind, url=url, options=dict(parse_qsl(options))))


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
