"""dsmr-parser, a program of others, reads what our emulator sends exactly as our parser does."""

import asyncio
from random import Random
from typing import Any

import pytest

from skerry_firmware_bridge.meter.p1 import P1Stream, check_telegram
from skerry_firmware_bridge.meter.p1_values import read_telegram
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.meter import EncryptedP1Firmware, P1Firmware

START_S = 1_790_000_000
VARIANTS = {  # the name of their specification, and what our emulator is made with
    "V2_2": {"version": 2},
    "V3": {"version": 3},
    "V4": {"version": 4},
    "V5": {"version": 5},
    "BELGIUM_FLUVIUS": {"country": "be"},
    "LUXEMBOURG_SMARTY": {"country": "lu"},
    "SWEDEN": {"country": "se"},
}


def _telegram(version: int = 5, country: str = "nl") -> bytes:
    return P1Firmware(clock=SimulatedClock(start_s=START_S), version=version, country=country).tick()


def _value(telegram: Any, *names: str) -> Any:
    """Return the first of their values that the telegram has."""
    return next((getattr(telegram, name).value for name in names if hasattr(telegram, name)), None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", VARIANTS)
def test_dsmr_parser_reads_every_version_and_country_as_we_do(name: str) -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications  # type: ignore[import-untyped]  # it has no types
    from dsmr_parser.parsers import TelegramParser  # type: ignore[import-untyped]  # it has no types

    raw = _telegram(**VARIANTS[name])  # type: ignore[arg-type]  # a version is a number, a country a text
    theirs = TelegramParser(getattr(telegram_specifications, name)).parse(raw.decode("ascii"))
    ours = read_telegram(check_telegram(raw))
    totals = ("ELECTRICITY_IMPORTED_TOTAL", "ELECTRICITY_EXPORTED_TOTAL")
    assert _value(theirs, totals[0]) == ours.import_kwh[0]
    assert _value(theirs, totals[1]) == ours.export_kwh[0]
    for number in (1, 2):
        assert _value(theirs, f"ELECTRICITY_USED_TARIFF_{number}") == ours.import_kwh[number]
        assert _value(theirs, f"ELECTRICITY_DELIVERED_TARIFF_{number}") == ours.export_kwh[number]
    assert any(value is not None for value in ours.import_kwh)
    assert _value(theirs, "CURRENT_ELECTRICITY_USAGE") == ours.import_kw is not None
    assert _value(theirs, "CURRENT_ELECTRICITY_DELIVERY") == ours.export_kw is not None
    assert _value(theirs, "INSTANTANEOUS_VOLTAGE_L1") == ours.phases[0].voltage_v
    time = _value(theirs, "P1_MESSAGE_TIMESTAMP")
    assert (None if time is None else time.timestamp()) == ours.time_s
    identity = _value(theirs, "EQUIPMENT_IDENTIFIER", "BELGIUM_EQUIPMENT_IDENTIFIER", "LUXEMBOURG_EQUIPMENT_IDENTIFIER")
    assert (None if identity is None else bytes.fromhex(identity).decode()) == ours.meter_id
    assert (name == "SWEDEN") == (ours.meter_id is None)


@pytest.mark.filterwarnings("ignore")
def test_dsmr_parser_finds_the_same_meters_behind_a_belgian_meter() -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications
    from dsmr_parser.parsers import TelegramParser

    raw = _telegram(country="be")
    theirs = TelegramParser(telegram_specifications.BELGIUM_FLUVIUS).parse(raw.decode("ascii"))
    ours = read_telegram(check_telegram(raw))
    assert [
        (
            device.channel_id,
            device.MBUS_DEVICE_TYPE.value,
            bytes.fromhex(device.MBUS_EQUIPMENT_IDENTIFIER.value).decode(),
            device.MBUS_METER_READING.value,
            device.MBUS_METER_READING.datetime.timestamp(),
        )
        for device in theirs.MBUS_DEVICES
    ] == [(meter.channel, meter.type, meter.id, meter.value, meter.time_s) for meter in ours.mbus]
    assert ours.peak is not None
    assert theirs.BELGIUM_MAXIMUM_DEMAND_MONTH.value == ours.peak.month_kw
    assert theirs.BELGIUM_CURRENT_AVERAGE_DEMAND.value == ours.peak.average_kw


@pytest.mark.filterwarnings("ignore")
def test_dsmr_parser_decrypts_what_our_encrypting_emulator_sends() -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications
    from dsmr_parser.parsers import TelegramParser

    raw = EncryptedP1Firmware(clock=SimulatedClock(start_s=START_S)).tick()
    key = EncryptedP1Firmware.KEY.hex()
    theirs = TelegramParser(telegram_specifications.MSN).parse(raw.hex(), encryption_key=key)
    assert theirs.LUXEMBOURG_EQUIPMENT_IDENTIFIER.value == b"SKRY0000000001".hex().upper()


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
