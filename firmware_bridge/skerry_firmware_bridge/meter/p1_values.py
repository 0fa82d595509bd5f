"""What a P1 telegram says, by the OBIS codes of serial-devices 2.6. A value that is missing or empty is None."""

import re
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from skerry_firmware_bridge.meter.p1 import Telegram

__all__ = ["Failure", "MBusReading", "P1Reading", "Peak", "Phase", "Quantity", "read_telegram"]

_NUMBER = re.compile(r"\s*(-?[0-9]{1,20}(?:\.[0-9]{0,40})?)\s*(?:\*\s*(.*?)|([^\W\d_].*?))?\s*")
_TO_KILO = {"wh": "kWh", "w": "kW", "varh": "kvarh", "var": "kvar"}
UTC_OFFSET_S = {"W": 3600, "S": 7200}  # winter and summer time, always by the letter
CENTURY_SPLIT = 70  # years 70-99 are 19xx: meters without a clock say 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with the unit printed behind it; watts and watt-hours have become kilo."""

    value: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase; powers in kW and kvar."""

    voltage_v: Decimal | None
    current_a: Decimal | None
    import_kw: Decimal | None
    export_kw: Decimal | None
    reactive_import_kvar: Decimal | None
    reactive_export_kvar: Decimal | None
    sags: int | None
    swells: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One long power failure."""

    end_s: int | None
    seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Belgian quarter-hour peaks in kW; `history` holds (time, kW)."""

    average_kw: Decimal | None
    month_kw: Decimal | None
    month_time_s: int | None
    history: tuple[tuple[int | None, Decimal | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MBusReading:
    """One meter behind the meter: type 3 gas, 4 heat, 7 water, 12 cooling."""

    channel: int
    type: int | None
    id: str | None
    time_s: int | None
    value: Decimal | None
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class P1Reading:
    """Everything a telegram says. Energies are (total, tariff 1, tariff 2) in kWh, times are Unix seconds."""

    version: str | None
    time_s: int | None
    meter_id: str | None
    import_kwh: tuple[Decimal | None, Decimal | None, Decimal | None]
    export_kwh: tuple[Decimal | None, Decimal | None, Decimal | None]
    tariff: str | None
    import_kw: Decimal | None
    export_kw: Decimal | None
    phases: tuple[Phase, ...]
    short_failures: int | None
    long_failures: int | None
    failures: tuple[Failure, ...]
    message: str | None
    limiter: Quantity | None
    breaker: int | None
    fuse_a: Decimal | None
    peak: Peak | None
    mbus: tuple[MBusReading, ...]


def read_telegram(telegram: Telegram) -> P1Reading:
    """Give a telegram's lines their meaning; never fails, what cannot be read is None."""
    lines = _Lines(telegram.lines)
    return P1Reading(
        version=lines.text("1-3:0.2.8") or lines.text("0-0:96.1.4"),
        time_s=_time(lines.text("0-0:1.0.0")),
        meter_id=next(filter(None, map(_identity, map(lines.text, ("0-0:96.1.1", "0-0:42.0.0", "0-0:96.1.0")))), None),
        import_kwh=(lines.number("1.8.0"), lines.number("1.8.1"), lines.number("1.8.2")),
        export_kwh=(lines.number("2.8.0"), lines.number("2.8.1"), lines.number("2.8.2")),
        tariff=lines.text("0-0:96.14.0"),
        import_kw=lines.number("1.7.0"),
        export_kw=lines.number("2.7.0"),
        phases=tuple(_phase(lines, index) for index in range(3)),
        short_failures=lines.whole("96.7.21"),
        long_failures=lines.whole("96.7.9"),
        failures=tuple(_failures(lines.groups("1-0:99.97.0"))),
        message=_message(lines.text("0-0:96.13.0")),
        limiter=_quantity(lines.text("0-0:17.0.0")),
        breaker=lines.whole("0-0:96.3.10"),
        fuse_a=lines.number("1-0:31.4.0"),
        peak=_peak(lines),
        mbus=tuple(_mbus(lines, channel) for channel in lines.channels()),
    )


class _Lines:
    """Look-up by full OBIS code, or by its C.D.E part within the electricity and general objects of channel 0."""

    def __init__(self, lines: dict[str, tuple[str, ...]]) -> None:
        self._lines = lines
        self._short: dict[str, tuple[str, ...]] = {}
        # electricity of channel 0 before what another medium or channel says under the same number
        for code, groups in sorted(lines.items(), key=lambda line: not line[0].startswith(("1-0:", "0-0:"))):
            medium_channel, _, rest = code.partition(":")
            if not (medium_channel.startswith("0-") and medium_channel != "0-0"):
                self._short.setdefault(rest, groups)

    def groups(self, code: str) -> tuple[str, ...]:
        return (self._lines if ":" in code else self._short).get(code, ())

    def text(self, code: str) -> str | None:
        groups = self.groups(code)
        return groups[0] or None if groups else None

    def number(self, code: str) -> Decimal | None:
        quantity = _quantity(self.text(code))
        return None if quantity is None else quantity.value

    def whole(self, code: str) -> int | None:
        return _whole(self.text(code))

    def channels(self) -> list[int]:
        found = (re.fullmatch(r"0-([1-9][0-9]?):(?:24\.\d+\.\d+|96\.1\.[01])", code) for code in self._lines)
        return sorted({int(match[1]) for match in found if match})


def _phase(lines: _Lines, index: int) -> Phase:
    x, p = 3 + 2 * index, 2 + 2 * index
    return Phase(
        voltage_v=lines.number(f"{x}2.7.0"),
        current_a=lines.number(f"{x}1.7.0"),
        import_kw=lines.number(f"{p}1.7.0"),
        export_kw=lines.number(f"{p}2.7.0"),
        reactive_import_kvar=lines.number(f"{p}3.7.0"),
        reactive_export_kvar=lines.number(f"{p}4.7.0"),
        sags=lines.whole(f"{x}2.32.0"),
        swells=lines.whole(f"{x}2.36.0"),
    )


def _failures(groups: tuple[str, ...]) -> Iterator[Failure]:
    count = _whole(groups[0]) if groups else None
    for index in range(min(count or 0, (len(groups) - 2) // 2)):
        end, duration = groups[2 + 2 * index : 4 + 2 * index]
        yield Failure(end_s=_time(end), seconds=_whole(duration.partition("*")[0]))


def _peak(lines: _Lines) -> Peak | None:
    average, month = lines.groups("1-0:1.4.0"), lines.groups("1-0:1.6.0")
    if not average and not month:
        return None
    history = lines.groups("0-0:98.1.0")
    count = min((_whole(history[0]) if history else None) or 0, (len(history) - 3) // 3)
    rows = [history[3 + 3 * index : 6 + 3 * index] for index in range(count)]
    return Peak(
        average_kw=_value(average[0]) if average else None,
        month_kw=_value(month[-1]) if month else None,
        month_time_s=_time(month[0]) if month else None,
        history=tuple((_time(row[1]), _value(row[2])) for row in rows),
    )


def _mbus(lines: _Lines, channel: int) -> MBusReading:
    prefix = f"0-{channel}:"
    time, reading = None, None
    groups = lines.groups(f"{prefix}24.2.1") or lines.groups(f"{prefix}24.2.3")
    older = lines.groups(f"{prefix}24.3.0")
    if groups:
        time, reading = groups[0] if len(groups) > 1 else None, _quantity(groups[-1])
    elif len(older) > 6:  # time, status, period, count, obis, unit, value (on the next line)
        quantity = _quantity(older[6])
        time = older[0]
        reading = quantity and Quantity(value=quantity.value, unit=older[5] or None)
    return MBusReading(
        channel=channel,
        type=lines.whole(f"{prefix}24.1.0"),
        id=_identity(lines.text(f"{prefix}96.1.0") or lines.text(f"{prefix}96.1.1")),
        time_s=_time(time),
        value=reading.value if reading else None,
        unit=reading.unit if reading else None,
    )


def _quantity(text: str | None) -> Quantity | None:
    match = _NUMBER.fullmatch(text or "")
    if match is None:
        return None
    value, unit = Decimal(match[1]), match[2] or match[3] or None
    kilo = _TO_KILO.get((unit or "").lower())
    return Quantity(value=value, unit=unit) if kilo is None else Quantity(value=value.scaleb(-3), unit=kilo)


def _value(text: str) -> Decimal | None:
    quantity = _quantity(text)
    return None if quantity is None else quantity.value


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,20}", text) else None


def _time(text: str | None) -> int | None:
    match = re.fullmatch(r"([0-9]{2})([0-9]{10})([WS])", text or "")
    if match is None:
        return None
    century = 1900 if int(match[1]) >= CENTURY_SPLIT else 2000
    try:
        moment = datetime.strptime(f"{century + int(match[1])}{match[2]}", "%Y%m%d%H%M%S")  # noqa: DTZ007 - the letter gives the offset
    except ValueError:
        return None
    return timegm(moment.timetuple()) - UTC_OFFSET_S[match[3]]


def _identity(text: str | None) -> str | None:
    raw = _unhex(text)
    if raw and all(0x20 <= byte <= 0x7E for byte in raw):
        return raw.decode("ascii")
    return text or None


def _message(text: str | None) -> str | None:
    raw = _unhex(text)
    return text if raw is None else raw.decode("latin-1") or None


def _unhex(text: str | None) -> bytes | None:
    return bytes.fromhex(text) if text and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", text) else None
