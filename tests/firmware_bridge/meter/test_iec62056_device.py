"""The optical head changes speed where its link can, and meters that share a line answer to their number only."""

from random import Random

import pytest

from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import DeviceTimeout
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.memory import FirmwareLink
from skerry_simulate.devices.meter import OpticalMeterFirmware
from skerry_testing.simulated import simulated


class FastLink(FirmwareLink):
    """A link whose speed can change."""

    def __init__(self, clock: SimulatedClock) -> None:
        super().__init__(OpticalMeterFirmware(clock=clock), clock=clock, random=Random(1))
        self.bauds: list[int] = []

    async def set_baud(self, baud: int) -> None:
        self.bauds.append(baud)


def _read(address: str) -> tuple[FastLink, object]:
    async def main(clock: SimulatedClock) -> tuple[FastLink, object]:
        link = FastLink(clock)

        async def opener(url: str, settings: SerialSettings) -> Link:
            return link

        around = Surroundings(clock=clock, random=Random(1), open_link=opener)
        config = DeviceConfig(device_id="m", kind="iec62056", url="memory:m", options={"address": address})
        async with DRIVERS["iec62056"].open(config, around) as session:
            return link, (await session.identify())["serial"]

    return simulated(main)


def test_both_ends_switch_to_the_meters_speed_and_even_parity_is_on_the_wire() -> None:
    link, serial = _read("")
    assert serial == "12345678"
    assert link.bauds == [300, 9600]
    assert link.written == bytes([0xAF, 0x3F, 0x21, 0x8D, 0x0A]) + b"\x06\x30\x35\x30\x8d\x0a"


def test_only_the_addressed_meter_answers() -> None:
    assert _read("12345678")[1] == "12345678"
    with pytest.raises(DeviceTimeout):
        _read("99999999")
