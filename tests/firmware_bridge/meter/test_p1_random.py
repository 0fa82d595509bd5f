"""dsmr-parser as oracle on random telegrams of four kinds of meter: whatever it reads, our parser reads the same."""

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from skerry_firmware_bridge.checksums import crc16_arc
from skerry_firmware_bridge.meter.p1 import check_telegram
from skerry_firmware_bridge.meter.p1_values import P1Reading, read_telegram

TELEGRAMS = 150
KWH, KW = ("kWh", 6, 3), ("kW", 2, 3)
ENERGY = {"1.8.1": KWH, "1.8.2": KWH, "2.8.1": KWH, "2.8.2": KWH, "1.7.0": KW, "2.7.0": KW}
PHASES = {
    f"{x + step}2.7.0" if unit == "V" else f"{x + step}1.7.0": (unit, 4 if unit == "V" else 3, 1 if unit == "V" else 0)
    for unit, x in (("V", 3), ("A", 3))
    for step in (0, 2, 4)
}
PHASE_POWERS = {f"{x}{part}.7.0": KW for x in (2, 4, 6) for part in (1, 2)}
COUNTS = [f"{x}2.{what}.0" for x in (3, 5, 7) for what in (32, 36)]


def _read(ours: P1Reading) -> dict[str, object]:
    """Return our values by the names that their program gives them."""
    values: dict[str, object] = {
        "ELECTRICITY_USED_TARIFF_1": ours.import_kwh[1],
        "ELECTRICITY_USED_TARIFF_2": ours.import_kwh[2],
        "ELECTRICITY_DELIVERED_TARIFF_1": ours.export_kwh[1],
        "ELECTRICITY_DELIVERED_TARIFF_2": ours.export_kwh[2],
        "ELECTRICITY_ACTIVE_TARIFF": ours.tariff,
        "CURRENT_ELECTRICITY_USAGE": ours.import_kw,
        "CURRENT_ELECTRICITY_DELIVERY": ours.export_kw,
        "SHORT_POWER_FAILURE_COUNT": ours.short_failures,
        "LONG_POWER_FAILURE_COUNT": ours.long_failures,
        "ACTUAL_TRESHOLD_ELECTRICITY": ours.limiter and ours.limiter.value,
        "BELGIUM_CURRENT_AVERAGE_DEMAND": ours.peak and ours.peak.average_kw,
        "BELGIUM_MAXIMUM_DEMAND_MONTH": ours.peak and ours.peak.month_kw,
    }
    for number, phase in enumerate(ours.phases, start=1):
        values |= {
            f"VOLTAGE_SAG_L{number}_COUNT": phase.sags,
            f"VOLTAGE_SWELL_L{number}_COUNT": phase.swells,
            f"INSTANTANEOUS_VOLTAGE_L{number}": phase.voltage_v,
            f"INSTANTANEOUS_CURRENT_L{number}": phase.current_a,
            f"INSTANTANEOUS_ACTIVE_POWER_L{number}_POSITIVE": phase.import_kw,
            f"INSTANTANEOUS_ACTIVE_POWER_L{number}_NEGATIVE": phase.export_kw,
        }
    return values


def _number(random: Random, unit: str, whole: int, places: int) -> str:
    value = f"{random.randrange(10**whole):0{whole}d}" + (
        f".{random.randrange(10**places):0{places}d}" if places else ""
    )
    return f"({value}*{unit})"


def _time(random: Random) -> str:
    """Return a local time; winter time only in winter, since their program reckons the offset by itself."""
    month = random.choice([1, 2, 6, 7, 8, 12])
    letter = "S" if 6 <= month <= 8 else "W"
    moment = f"{random.randrange(20, 37):02d}{month:02d}{random.randrange(1, 28):02d}"
    return f"{moment}{random.randrange(24):02d}{random.randrange(60):02d}{random.randrange(60):02d}{letter}"


def _hex(text: str) -> str:
    return text.encode().hex().upper()


def _telegram(kind: str, random: Random) -> bytes:
    with_crc = kind != "V2_2"
    lines = [f"1-3:0.2.8({'42' if kind == 'V4' else '50'})"] if with_crc else []
    lines += [f"0-0:1.0.0({_time(random)})"] if with_crc else []
    lines.append(f"0-0:96.1.1({_hex(f'E{random.randrange(10**15):015d}')})")
    codes = dict(ENERGY)
    if with_crc:
        codes |= PHASES | PHASE_POWERS
        lines += [f"1-0:{code}({random.randrange(10**5):05d})" for code in COUNTS]
        lines += [f"0-0:96.7.21({random.randrange(10**5):05d})", f"0-0:96.7.9({random.randrange(10**5):05d})"]
    lines += [f"1-0:{code}{_number(random, *form)}" for code, form in codes.items() if random.random() < 0.9]
    lines.append(f"0-0:96.14.0({random.choice(['0001', '0002'])})")
    random.shuffle(lines)
    lines += _gas(kind, random)
    if kind == "BELGIUM_FLUVIUS":
        lines += [f"1-0:1.4.0{_number(random, *KW)}", f"1-0:1.6.0({_time(random)}){_number(random, *KW)}"]
    body = ("/XYZ5\\2" + f"{random.randrange(10**6)}\r\n\r\n" + "\r\n".join(lines) + "\r\n!").encode()
    return body + (f"{crc16_arc(body):04X}" if with_crc else "").encode() + b"\r\n"


def _gas(kind: str, random: Random) -> list[str]:
    value = f"{random.randrange(10**5):05d}.{random.randrange(1000):03d}"
    identity = f"0-1:96.1.{1 if kind == 'BELGIUM_FLUVIUS' else 0}({_hex(f'G{random.randrange(10**15):015d}')})"
    if kind == "V2_2":
        return ["0-1:24.1.0(3)", identity, f"0-1:24.3.0({_time(random)[:-1]})(00)(60)(1)(0-1:24.2.1)(m3)", f"({value})"]
    code = "24.2.3" if kind == "BELGIUM_FLUVIUS" else "24.2.1"
    return ["0-1:24.1.0(003)", identity, f"0-1:{code}({_time(random)})({value}*m3)"]


def _assert_gas(kind: str, theirs: Any, ours: P1Reading) -> None:
    (meter,) = ours.mbus
    if kind == "V2_2":
        assert theirs.GAS_METER_READING.value == meter.value
        assert theirs.GAS_METER_READING.unit == meter.unit
        return
    if kind == "V4":
        reading = theirs.HOURLY_GAS_METER_READING
    else:
        (device,) = theirs.MBUS_DEVICES
        reading = device.MBUS_METER_READING
    assert (reading.value, reading.unit) == (meter.value, meter.unit)
    assert reading.datetime.timestamp() == meter.time_s


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["V2_2", "V4", "V5", "BELGIUM_FLUVIUS"])
def test_random_telegrams_are_read_as_dsmr_parser_reads_them(kind: str) -> None:
    pytest.importorskip("dsmr_parser")
    from dsmr_parser import telegram_specifications  # type: ignore[import-untyped]  # it has no types
    from dsmr_parser.parsers import TelegramParser  # type: ignore[import-untyped]  # it has no types

    parser, compared = TelegramParser(getattr(telegram_specifications, kind)), 0
    for seed in range(TELEGRAMS):
        raw = _telegram(kind, Random(seed))
        theirs, ours = parser.parse(raw.decode("ascii")), read_telegram(check_telegram(raw))
        for name, mine in _read(ours).items():
            if (line := getattr(theirs, name, None)) is not None:
                other = line.value
                assert mine == (Decimal(other) if isinstance(mine, Decimal) else other), f"{seed} {name}"
                compared += 1
        if kind != "V2_2":
            assert theirs.P1_MESSAGE_TIMESTAMP.value.timestamp() == ours.time_s
        identifier = getattr(theirs, "EQUIPMENT_IDENTIFIER", None)
        if identifier is not None:
            assert bytes.fromhex(identifier.value).decode() == ours.meter_id
        _assert_gas(kind, theirs, ours)
    assert compared > 5 * TELEGRAMS
