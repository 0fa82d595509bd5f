"""What is told of a P1 port without telegrams: nothing came, the speed is wrong, the meter encrypts, pieces only."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.device import DeviceConfig
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, ModuleUnfit
from skerry_firmware_bridge.meter.p1_trouble import encrypted, no_telegram
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import Firmware, LineFaults
from skerry_simulate.devices.meter import EncryptedP1Firmware, P1Firmware
from skerry_testing.simulated import Bench, simulated

FAST, SLOW = 115_200, 9600
STEPS = 48  # of the finer of the two clocks within one of its bits


def _levels(data: bytes, *, bit_steps: int) -> bytes:
    """Return a line's level at every step: start bit, eight bits from the lowest, stop bit, a little pause."""
    levels = bytearray(b"\1" * bit_steps * 3)
    for byte in data:
        for bit in (0, *(byte >> at & 1 for at in range(8)), 1):
            levels += bytes([bit]) * bit_steps
    return bytes(levels + b"\1" * bit_steps * 12)


def _sampled(levels: bytes, *, bit_steps: int) -> Iterator[int]:
    """Return the bytes that a receiver makes of it at its own speed: from each falling edge the middles of its bits."""
    at = 0
    while (start := levels.find(b"\0", at)) >= 0:
        middles = [start + bit_steps // 2 + bit_steps * number for number in range(1, 10)]
        if middles[-1] >= len(levels):
            return
        yield sum(levels[middle] << number for number, middle in enumerate(middles[:8]))
        at = middles[-1]
        while at < len(levels) and not levels[at]:  # no stop bit: wait until the line rests
            at += 1


def _misread(data: bytes, *, sent: int, read: int) -> bytes:
    finest = max(sent, read)
    return bytes(_sampled(_levels(data, bit_steps=finest // sent * STEPS), bit_steps=finest // read * STEPS))


class WrongSpeed(Firmware):
    """A meter heard at another speed than it speaks."""

    def __init__(self, meter: P1Firmware, *, sent: int, read: int) -> None:
        self.period_s = meter.period_s
        self._meter, self._sent, self._read = meter, sent, read

    def receive(self, data: bytes) -> bytes:
        return b""

    def tick(self) -> bytes:
        return _misread(self._meter.tick(), sent=self._sent, read=self._read)


def _refused(make: Callable[[SimulatedClock], Firmware], kind: str, faults: LineFaults) -> tuple[BridgeError, float]:
    async def main(clock: SimulatedClock) -> tuple[BridgeError, float]:
        bench = Bench(lambda *_: make(clock), clock=clock, faults=faults)
        async with DRIVERS[kind].open(DeviceConfig(device_id="p", kind=kind, url="memory:p"), bench.around) as session:
            with pytest.raises(BridgeError) as raised:
                await session.identify()
        return raised.value, clock.monotonic_ns() / NS_PER_S

    return simulated(main)


def test_the_line_that_is_simulated_here_brings_what_was_sent_at_the_right_speed() -> None:
    assert _misread(b"/SKY5\x80\xff\x00", sent=SLOW, read=SLOW) == b"/SKY5\x80\xff\x00"


@pytest.mark.parametrize(
    ("version", "kind", "sent", "read", "advice"),
    [(2, "p1", SLOW, FAST, "is a p1-v2 (9600 baud)"), (5, "p1-v2", FAST, SLOW, "is a p1 (115200 baud)")],
)
def test_a_meter_at_the_wrong_speed_is_told_with_the_kind_to_use(
    version: int, kind: str, sent: int, read: int, advice: str
) -> None:
    error, _ = _refused(
        lambda clock: WrongSpeed(P1Firmware(clock=clock, version=version), sent=sent, read=read), kind, LineFaults()
    )
    assert isinstance(error, DeviceTimeout)
    assert "the speed is wrong" in str(error)
    assert advice in error.remedy


def test_a_meter_that_encrypts_is_told_with_its_first_frame() -> None:
    error, after_s = _refused(lambda clock: EncryptedP1Firmware(clock=clock), "p1", LineFaults(single_bytes=True))
    assert isinstance(error, ModuleUnfit)
    assert "encrypts its telegrams" in str(error)
    assert "key from your grid operator" in error.remedy
    assert after_s < 11


@pytest.mark.parametrize("seed", range(20))
def test_misread_bytes_are_not_called_encrypted(seed: int) -> None:
    meter = P1Firmware(clock=SimulatedClock(start_s=1_790_000_000 + 977 * seed))
    for sent, read in ((FAST, SLOW), (SLOW, FAST)):
        assert encrypted(_misread(meter.tick(), sent=sent, read=read)) is None


def test_silence_and_pieces_are_told_apart() -> None:
    silent, _ = _refused(lambda clock: P1Firmware(clock=clock), "p1", LineFaults(stuck=True))
    assert "not a single byte came" in str(silent)
    assert silent.remedy == ""  # the kind's own advice fits: cable, and switch the port on
    torn, _ = _refused(lambda clock: P1Firmware(clock=clock), "p1", LineFaults(torn=1.0))
    assert "only pieces came" in str(torn)
    assert "another cable" in torn.remedy


@given(st.binary(max_size=3000), st.sampled_from(["p1", "p1-v2"]))
def test_whatever_came_has_one_sentence_and_no_error_of_its_own(heard: bytes, kind: str) -> None:
    encrypted(heard)
    told = str(no_telegram(heard, kind=kind, limit_s=35.0))
    assert told.startswith("P1: no whole telegram within 35 s")
