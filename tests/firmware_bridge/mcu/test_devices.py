"""What the diagnostics drivers do when a concentrator is not what it should be."""

from random import Random

import pytest

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import DeviceConfig, Values
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import FrameRejected
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.concentrator import CoreCellFirmware, PicoCellFirmware
from skerry_simulate.devices.firmware import Firmware, LineFaults
from skerry_testing.simulated import Bench, simulated


class OldPicoCell(PicoCellFirmware):
    """Runs other firmware, so the firmware question is refused."""

    def _answer(self, letter: str, address: int, data: bytes) -> bytes:
        return self._frame(letter, bytes(8), status=False) if letter == "l" else super()._answer(letter, address, data)


class WrongChip(PicoCellFirmware):
    """Another chip answers behind the gateway."""

    def _answer(self, letter: str, address: int, data: bytes) -> bytes:
        return self._frame(letter, b"\x21") if letter == "r" else super()._answer(letter, address, data)


class Foreigner(Firmware):
    """Some other device on the port, which answers everything with its own noise."""

    def receive(self, data: bytes) -> bytes:
        return b"\x00" * 8


def _identify(kind: str, firmware: Firmware, **options: int) -> tuple[Values, Firmware]:
    async def main(clock: SimulatedClock) -> Values:
        def make(_: Clock, __: Random) -> Firmware:
            return firmware

        bench = Bench(make, clock=clock, faults=LineFaults())
        config = DeviceConfig(device_id="c", kind=kind, url="memory:c", options=options)
        async with DRIVERS[kind].open(config, bench.around) as session:
            return await session.identify()

    return simulated(main), firmware


def _clock() -> SimulatedClock:
    return SimulatedClock(start_s=1_790_000_000)


def test_a_picocell_with_other_firmware_is_named_so() -> None:
    values, _ = _identify("picogw", OldPicoCell(clock=_clock()))
    assert (values["firmware"], values["serial"]) == ("other", None)


def test_a_picocell_with_another_chip_is_refused() -> None:
    with pytest.raises(FrameRejected) as raised:
        _identify("picogw", WrongChip(clock=_clock()))
    assert raised.value.reason == "wrong_chip"


def test_a_corecell_with_unknown_firmware_is_asked_nothing_over_spi() -> None:
    values, firmware = _identify("sx1302-usb", CoreCellFirmware(clock=_clock(), version="V02.00.00"))
    assert (values["firmware"], values["eui"]) == ("V02.00.00", None)
    assert isinstance(firmware, CoreCellFirmware)
    assert firmware.pins == []


def test_a_gentle_look_does_not_reset_the_concentrator() -> None:
    _, firmware = _identify("sx1302-usb", CoreCellFirmware(clock=_clock()), gentle=1)
    assert isinstance(firmware, CoreCellFirmware)
    assert firmware.pins == []
    _, reset = _identify("sx1302-usb", CoreCellFirmware(clock=_clock()))
    assert isinstance(reset, CoreCellFirmware)
    assert reset.pins == [(0, 1, 1), (0, 2, 1), (0, 2, 0), (0, 8, 0), (0, 8, 1)]


def test_a_picocell_is_restarted_when_its_owner_wants_it() -> None:
    values, firmware = _identify("picogw", PicoCellFirmware(clock=_clock()), reset=1)
    assert isinstance(firmware, PicoCellFirmware)
    assert (firmware.resets, values["chip_version"]) == (1, 103)
    _, untouched = _identify("picogw", PicoCellFirmware(clock=_clock()))
    assert isinstance(untouched, PicoCellFirmware)
    assert untouched.resets == 0


def test_a_restart_of_the_microcontroller_is_counted_and_the_wrap_of_its_clock_is_none() -> None:
    class Uptimes(CoreCellFirmware):
        def __init__(self, *, clock: Clock) -> None:
            super().__init__(clock=clock)
            self.times = [2**32 - 100, 200, 31_000, 500]

        def _status(self, payload: bytes) -> bytes:
            return self.times.pop(0).to_bytes(4, "big") + bytes(2)

    async def main(clock: SimulatedClock) -> list[object]:
        bench = Bench(lambda *_: Uptimes(clock=clock), clock=clock, faults=LineFaults())
        config = DeviceConfig(device_id="c", kind="sx1302-usb", url="memory:c")
        async with DRIVERS["sx1302-usb"].open(config, bench.around) as session:
            return [(await session.read())["restarts"] for _ in range(4)]

    assert simulated(main) == [0, 0, 0, 1]


@pytest.mark.parametrize("kind", ["sx1302-usb", "picogw"])
def test_it_is_said_that_frames_come_by_another_way(kind: str) -> None:
    firmware = {"sx1302-usb": CoreCellFirmware(clock=_clock()), "picogw": PicoCellFirmware(clock=_clock())}[kind]
    values, _ = _identify(kind, firmware)
    assert "packet forwarder" in str(values["frames"])


@pytest.mark.parametrize("kind", ["sx1302-usb", "picogw"])
def test_another_device_on_the_port_is_not_taken_for_a_concentrator(kind: str) -> None:
    with pytest.raises(FrameRejected):
        _identify(kind, Foreigner())
