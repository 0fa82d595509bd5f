"""dsmr-parser, a program of others, reads what our emulator sends exactly as our parser does."""

import asyncio
from random import Random

import pytest

from skerry_firmware_bridge.meter.p1 import P1Stream, check_telegram
from skerry_firmware_bridge.meter.p1_values import read_telegram
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.meter import P1Firmware


def _telegram(version: int) -> bytes:
    return P1Firmware(clock=SimulatedClock(start_s=1_790_000_000), version=version).tick()


@pytest.mark.filterwarnings("ignore")
def test_dsmr_parser_agrees_on_a_version_5_telegram() -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications  # type: ignore[import-untyped]  # it has no types
    from dsmr_parser.parsers import TelegramParser  # type: ignore[import-untyped]  # it has no types

    raw = _telegram(5)
    theirs = TelegramParser(telegram_specifications.V5).parse(raw.decode("ascii"))
    ours = read_telegram(check_telegram(raw))
    assert theirs.ELECTRICITY_USED_TARIFF_1.value == ours.import_kwh[1]
    assert theirs.ELECTRICITY_DELIVERED_TARIFF_1.value == ours.export_kwh[1]
    assert theirs.CURRENT_ELECTRICITY_DELIVERY.value == ours.export_kw
    assert theirs.P1_MESSAGE_TIMESTAMP.value.timestamp() == ours.time_s
    assert theirs.INSTANTANEOUS_VOLTAGE_L1.value == ours.phases[0].voltage_v
    assert bytes.fromhex(theirs.EQUIPMENT_IDENTIFIER.value).decode() == ours.meter_id


@pytest.mark.filterwarnings("ignore")
def test_dsmr_parser_refuses_the_telegram_that_we_refuse() -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications
    from dsmr_parser.exceptions import InvalidChecksumError  # type: ignore[import-untyped]  # it has no types
    from dsmr_parser.parsers import TelegramParser

    from skerry_firmware_bridge.errors import FrameRejected

    raw = _telegram(5).replace(b"0230.1", b"0231.1")
    with pytest.raises(InvalidChecksumError):
        TelegramParser(telegram_specifications.V5).parse(raw.decode("ascii"))
    with pytest.raises(FrameRejected) as raised:
        check_telegram(raw)
    assert raised.value.reason == "bad_crc"


@pytest.mark.parametrize("seed", range(5))
def test_after_a_half_telegram_the_next_whole_one_is_found(seed: int) -> None:
    raw, random = _telegram(5), Random(seed)
    cut = random.randrange(1, len(raw))
    assert P1Stream().feed(raw[cut:] + raw) == [raw]


def test_an_endless_telegram_is_dropped_and_the_next_one_heard() -> None:
    stream = P1Stream()
    assert stream.feed(b"/" + b"x" * 10_000) == []
    assert stream.open_bytes == 0
    assert stream.feed(_telegram(5)) == [_telegram(5)]


def test_the_emulated_household_only_counts_upwards() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    firmware = P1Firmware(clock=clock)

    async def main() -> list[tuple[object, ...]]:
        counters: list[tuple[object, ...]] = []
        for _ in range(48):
            await clock.sleep(1800)
            reading = read_telegram(check_telegram(firmware.tick()))
            counters.append((reading.import_kwh[1], reading.export_kwh[1]))
        return counters

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        counters = runner.run(main())
    assert counters == sorted(counters)
    assert len(set(counters)) == 48
