"""The optical head changes speed where its link can, and meters that share a line answer to their number only."""

import termios
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_firmware_bridge.device import DeviceConfig, Surroundings, Values
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import DeviceTimeout, LinkRefused, ModuleRefused, ModuleUnfit
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, LineFaults
from skerry_simulate.devices.hosts import open_pty, open_tcp
from skerry_simulate.devices.memory import FirmwareLink
from skerry_simulate.devices.optical_meter import OpticalMeterFirmware
from skerry_simulate.rfc2217 import Rfc2217Port
from skerry_testing.simulated import simulated


class FastLink(FirmwareLink):
    """A link whose speed can change."""

    def __init__(self, clock: SimulatedClock, firmware: OpticalMeterFirmware | None = None) -> None:
        super().__init__(firmware or OpticalMeterFirmware(clock=clock), clock=clock, random=Random(1))
        self.bauds: list[int] = []

    async def set_baud(self, baud: int) -> None:
        self.bauds.append(baud)


def _read(address: str, **options: str | int) -> tuple[FastLink, object]:
    async def main(clock: SimulatedClock) -> tuple[FastLink, object]:
        link = FastLink(clock)

        async def opener(url: str, settings: SerialSettings) -> Link:
            return link

        around = Surroundings(clock=clock, random=Random(1), open_link=opener)
        config = DeviceConfig(device_id="m", kind="iec62056", url="memory:m", options={"address": address, **options})
        async with DRIVERS["iec62056"].open(config, around) as session:
            return link, (await session.identify())["serial"]

    return simulated(main)


def test_both_ends_switch_to_the_meters_speed_and_even_parity_is_on_the_wire() -> None:
    link, serial = _read("")
    assert serial == "12345678"
    assert link.bauds == [300, 300, 300, 9600]
    assert link.written == bytes([0xAF, 0x3F, 0x21, 0x8D, 0x0A]) + b"\x06\x30\x35\x30\x8d\x0a"


def test_a_meter_that_listens_at_another_speed_than_the_usual_one_is_asked_there() -> None:
    link, _ = _read("", baud="4800")
    assert link.bauds == [300, 4800, 4800, 9600]


def test_an_answer_that_is_not_understood_hints_at_the_speed_and_silence_does_not() -> None:
    class Unclear(OpticalMeterFirmware):
        def receive(self, data: bytes) -> bytes:
            return bytes(byte ^ 0x55 for byte in super().receive(data))

    with pytest.raises(DeviceTimeout) as raised:
        _values(lambda clock: Unclear(clock=clock))
    assert "option baud" in raised.value.remedy
    with pytest.raises(DeviceTimeout) as raised:
        _read("99999999")
    assert raised.value.remedy == ""


@pytest.mark.parametrize("text", ["1e999999999", "NaN", "-", "1_000", "", "9" * 21, "12,5"])
def test_what_is_no_plain_number_is_no_value(text: str) -> None:
    class Odd(OpticalMeterFirmware):
        def _registers(self) -> dict[str, str]:
            return super()._registers() | {"1.8.0": f"{text}*kWh"}

    values, _ = _values(lambda clock: Odd(clock=clock))
    assert values["imported_wh"] is None


def test_a_meter_of_another_mode_is_told_as_that() -> None:
    class ModeB(OpticalMeterFirmware):
        def _answer(self, frame: bytes) -> bytes:
            return super()._answer(frame).replace(b"/SKY5", b"/SKYE")

    with pytest.raises(ModuleUnfit, match="mode A or B") as raised:
        _values(lambda clock: ModeB(clock=clock))
    assert "mode C" in raised.value.remedy


def test_tariffs_are_added_up_where_a_meter_tells_no_total_and_past_values_are_left_alone() -> None:
    class Tariffs(OpticalMeterFirmware):
        lines: ClassVar = {
            "1-0:C.1.0": "55",
            "1.8.1": "1.5*kWh",
            "1.8.2": "2.25*kWh",
            "2.8.0*255": "9*kWh",
            "1.8.0*01": "1*kWh",
            "1-0:16.7.0": "0.5*kW",
        }

        def _registers(self) -> dict[str, str]:
            return self.lines

    values, _ = _values(lambda clock: Tariffs(clock=clock))
    told = (values["meter_id"], values["imported_wh"], values["exported_wh"], values["power_w"])
    assert told == ("55", 3750, 9000, 500)


def test_only_the_addressed_meter_answers() -> None:
    assert _read("12345678")[1] == "12345678"
    with pytest.raises(DeviceTimeout):
        _read("99999999")


def _session(
    firmware: OpticalMeterFirmware, clock: SimulatedClock, options: dict[str, str | int], faults: LineFaults
) -> tuple[DeviceConfig, Surroundings, FirmwareLink]:
    link = FirmwareLink(firmware, clock=clock, random=Random(3), faults=faults)

    async def opener(url: str, settings: SerialSettings) -> Link:
        return link

    config = DeviceConfig(device_id="m", kind="iec62056", url="memory:m", options=options)
    return config, Surroundings(clock=clock, random=Random(1), open_link=opener), link


def _values(
    make: Callable[[SimulatedClock], OpticalMeterFirmware],
    *,
    faults: LineFaults = NO_LINE_FAULTS,
    **options: str | int,
) -> tuple[Values, bytes]:
    async def main(clock: SimulatedClock) -> tuple[Values, bytes]:
        config, around, link = _session(make(clock), clock, options, faults)
        async with DRIVERS["iec62056"].open(config, around) as session:
            values = await session.identify() | await session.read()
        return values, bytes(byte & 0x7F for byte in link.written)

    return simulated(main)


def test_a_meter_that_sleeps_on_its_battery_is_woken() -> None:
    values, written = _values(lambda clock: OpticalMeterFirmware(clock=clock, battery=True), wake=1)
    assert values["serial"] == "12345678"
    assert written.startswith(b"\0" * 66 + b"/?!\r\n")
    with pytest.raises(DeviceTimeout):
        _values(lambda clock: OpticalMeterFirmware(clock=clock, battery=True))


def test_a_readout_in_partial_blocks_is_acknowledged_block_by_block() -> None:
    values, written = _values(lambda clock: OpticalMeterFirmware(clock=clock, blocks=4))
    assert (values["serial"], values["imported_wh"], values["power_w"]) == ("12345678", 4_426_000, -2180)
    assert written.endswith(b"\r\n" + b"\x06" * 3)


def test_a_damaged_block_is_asked_for_again_and_not_the_whole_readout() -> None:
    class Damaged(OpticalMeterFirmware):
        def _next_block(self) -> bytes:
            block = super()._next_block()
            return block[:-1] + bytes([block[-1] ^ 1]) if block else block

    values, written = _values(lambda clock: Damaged(clock=clock))
    assert values["imported_wh"] == 4_426_000
    assert (written.count(b"\x15"), written.count(b"/?!")) == (1, 1)


def test_single_registers_are_read_in_programming_mode_with_a_password(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("12345\n")
    values, written = _values(
        lambda clock: OpticalMeterFirmware(clock=clock, password="12345"),
        registers="0.0.0,1.8.0,2.8.0",
        password_file=str(secret),
    )
    assert (values["serial"], values["imported_wh"], values["exported_wh"]) == ("12345678", 4_426_000, 2_444_000)
    assert values["power_w"] is None
    assert b"\x01P1\x02(12345)\x03" in written
    assert written.endswith(bytes.fromhex("0142300371"))  # the meter is left as it was found


class Echoing(OpticalMeterFirmware):
    """A meter behind a head whose receiver hears its own transmitter; the meter answers a moment later."""

    period_s = 0.1

    def __init__(self, *, clock: SimulatedClock, password: str) -> None:
        super().__init__(clock=clock, password=password)
        self._later = b""

    def receive(self, data: bytes) -> bytes:
        self._later += super().receive(data)
        return data

    def tick(self) -> bytes:
        later, self._later = self._later, b""
        return later


def test_a_head_that_echoes_what_it_sends_reads_single_registers_too(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("12345")
    values, _ = _values(
        lambda clock: Echoing(clock=clock, password="12345"), registers="1.8.0", password_file=str(secret)
    )
    assert values["imported_wh"] == 4_426_000


def test_a_wrong_password_is_said_and_the_meter_left(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("wrong")
    with pytest.raises(ModuleRefused, match="does not take the password") as raised:
        _values(
            lambda clock: OpticalMeterFirmware(clock=clock, password="12345"),
            registers="1.8.0",
            password_file=str(secret),
        )
    assert "wrong" not in str(raised.value)


def test_a_register_that_the_meter_does_not_have_is_named() -> None:
    with pytest.raises(ModuleRefused, match=r"R1 9\.9\.9: er01"):
        _values(lambda clock: OpticalMeterFirmware(clock=clock), registers="9.9.9")


def test_a_password_file_that_cannot_be_read_is_refused_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(LinkRefused, match="password_file"):
        _values(lambda clock: OpticalMeterFirmware(clock=clock), registers="1.8.0", password_file=str(tmp_path / "no"))


def test_a_head_that_falls_off_during_a_readout_is_noticed_before_the_readout_could_end() -> None:
    class Fallen(OpticalMeterFirmware):
        def _next_block(self) -> bytes:
            return super()._next_block()[:20]

    async def main(clock: SimulatedClock) -> None:
        config, around, _ = _session(Fallen(clock=clock), clock, {}, NO_LINE_FAULTS)
        async with DRIVERS["iec62056"].open(config, around) as session:
            with pytest.raises(DeviceTimeout, match="within 5 s, 20 bytes came"):
                await session.identify()
        assert clock.monotonic_ns() < 10 * NS_PER_S

    simulated(main)


@pytest.mark.parametrize(("maker", "pause_ms"), [("SKY", 250), ("SKy", 25)])
def test_the_speed_changes_as_soon_as_the_meter_does(maker: str, pause_ms: int) -> None:
    times: list[int] = []

    async def main(clock: SimulatedClock) -> None:
        class Timed(FastLink):
            async def set_baud(self, baud: int) -> None:
                await super().set_baud(baud)
                times.append(clock.monotonic_ns())

        link = Timed(clock, OpticalMeterFirmware(clock=clock, maker=maker))

        async def opener(url: str, settings: SerialSettings) -> Link:
            return link

        around = Surroundings(clock=clock, random=Random(1), open_link=opener)
        config = DeviceConfig(device_id="m", kind="iec62056", url="memory:m", options={})
        async with DRIVERS["iec62056"].open(config, around) as session:
            await session.identify()

    simulated(main)
    assert (times[-1] - times[-2]) // 1_000_000 == pause_ms


async def test_the_speed_of_a_real_port_changes_and_that_of_a_socket_does_not() -> None:
    clock = SystemClock()
    speeds: list[int] = []
    async with open_pty(OpticalMeterFirmware(clock=clock), clock=clock, random=Random(1)) as host:

        async def opener(url: str, settings: SerialSettings) -> Link:
            return await open_link(url, clock=clock, settings=settings)

        around = Surroundings(clock=clock, random=Random(1), open_link=opener)
        config = DeviceConfig(device_id="m", kind="iec62056", url=host.path, options={})
        async with DRIVERS["iec62056"].open(config, around) as session:
            assert (await session.identify())["serial"] == "12345678"
            with open(host.path, "rb", buffering=0) as port:
                speeds.append(termios.tcgetattr(port)[5])
    assert speeds == [termios.B9600]
    async with open_tcp(lambda: OpticalMeterFirmware(clock=clock), clock=clock, random=Random(1)) as server:
        config = DeviceConfig(device_id="m", kind="iec62056", url=f"socket://127.0.0.1:{server.port}", options={})
        async with DRIVERS["iec62056"].open(config, around) as session:
            assert (await session.identify())["serial"] == "12345678"


async def test_the_speed_of_a_port_in_the_network_changes_too() -> None:
    clock = SystemClock()
    firmware = OpticalMeterFirmware(clock=clock)
    answers: list[Callable[[bytes], None]] = []

    def take(data: bytes) -> None:
        answers[0](firmware.receive(data))

    async def opener(url: str, settings: SerialSettings) -> Link:
        return await open_link(url, clock=clock, settings=settings)

    around = Surroundings(clock=clock, random=Random(1), open_link=opener)
    async with Rfc2217Port(name="meter", clock=clock, on_data=take, on_line=lambda *_: None) as port:
        answers.append(port.write)
        config = DeviceConfig(device_id="m", kind="iec62056", url=port.path, options={})
        async with DRIVERS["iec62056"].open(config, around) as session:
            assert (await session.identify())["serial"] == "12345678"
