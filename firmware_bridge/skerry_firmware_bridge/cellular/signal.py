"""Signal replies +CSQ, +CESQ, +QCSQ, +QRSRP and temperatures +QTEMP (serial-devices 2.4)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from skerry_firmware_bridge.cellular.fields import at, payload, rsrp, rsrq, rssi, sinr, split, whole

__all__ = [
    "Cesq",
    "Csq",
    "LteSignal",
    "NrSignal",
    "Qcsq",
    "Qrsrp",
    "SignalRecord",
    "Temperatures",
    "read_signals",
    "read_temperatures",
]

ABSENT_SENSOR_C = -273
IDLE_SENSOR_C = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Csq:
    """+CSQ; 99,99 (all None) is normal on standalone 5G."""

    rssi_dbm: int | None
    ber: int | None
    quality_pct: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cesq:
    """+CESQ at the lower edge of each bin, as ModemManager reports it."""

    gsm_rssi_dbm: int | None
    gsm_ber: int | None
    rscp_dbm: int | None
    ecio_db: Decimal | None
    rsrq_db: Decimal | None
    rsrp_dbm: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LteSignal:
    """The LTE leg of +QCSQ."""

    rssi_dbm: int | None
    rsrp_dbm: int | None
    sinr_db: int | None
    rsrq_db: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NrSignal:
    """The NR leg of +QCSQ."""

    rsrp_dbm: int | None
    sinr_db: int | None
    rsrq_db: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Qcsq:
    """+QCSQ; a leg that the modem does not report is None."""

    lte: LteSignal | None
    nr: NrSignal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Qrsrp:
    """+QRSRP: power per antenna."""

    rat: str | None
    antennas_dbm: tuple[int | None, ...]
    best_dbm: int | None


SignalRecord = Csq | Cesq | Qcsq | Qrsrp


@dataclass(frozen=True, slots=True, kw_only=True)
class Temperatures:
    """Named sensors in degrees Celsius without absent and idle ones; `plain` = numbers of an older layout."""

    sensors: tuple[tuple[str, int], ...]
    plain: tuple[int, ...] | None


def read_signals(lines: Iterable[str]) -> list[SignalRecord]:
    """Return one record per known line."""
    records: list[SignalRecord] = []
    for line in lines:
        for prefix, read in _READERS.items():
            text = payload(line, prefix)
            if text is not None:
                records.append(read(split(text)))
    return records


def read_temperatures(lines: Iterable[str]) -> Temperatures:
    """Return the sensors of all +QTEMP lines."""
    sensors: list[tuple[str, int]] = []
    plain: tuple[int, ...] | None = None
    for line in lines:
        fields = split(payload(line, "+QTEMP") or "")
        celsius = [whole(field) for field in fields]
        if len(fields) == 2 and celsius[0] is None and celsius[1] is not None:
            if celsius[1] not in (ABSENT_SENSOR_C, IDLE_SENSOR_C):
                sensors.append((fields[0], celsius[1]))
        elif all(value is not None for value in celsius):
            plain = tuple(value for value in celsius if value is not None)
    return Temperatures(sensors=tuple(sensors), plain=plain)


def _csq(fields: list[str]) -> Csq:
    level = whole(at(fields, 0), low=0, high=31)
    return Csq(
        rssi_dbm=None if level is None else -113 + 2 * level,
        ber=whole(at(fields, 1), low=0, high=7),
        quality_pct=None if level is None else level * 100 // 31,
    )


def _cesq(fields: list[str]) -> Cesq:
    return Cesq(
        gsm_rssi_dbm=_bin(at(fields, 0), top=63, floor=-111),
        gsm_ber=whole(at(fields, 1), low=0, high=7),
        rscp_dbm=_bin(at(fields, 2), top=96, floor=-121),
        ecio_db=_half_bin(at(fields, 3), top=49, floor=Decimal("-24.5")),
        rsrq_db=_half_bin(at(fields, 4), top=34, floor=Decimal(-20)),
        rsrp_dbm=_bin(at(fields, 5), top=97, floor=-141),
    )


def _bin(text: str, *, top: int, floor: int) -> int | None:
    step = whole(text, low=0, high=top)
    return None if step is None else floor + step


def _half_bin(text: str, *, top: int, floor: Decimal) -> Decimal | None:
    step = whole(text, low=0, high=top)
    return None if step is None else floor + Decimal(step) / 2


def _qcsq(fields: list[str]) -> Qcsq:
    mode = re.sub("_", "-", at(fields, 0).upper())
    lte = nr = None
    if mode in ("LTE", "NR5G-NSA"):
        values = [at(fields, index) for index in range(1, 5)]
        lte = LteSignal(
            rssi_dbm=rssi(values[0]), rsrp_dbm=rsrp(values[1]), sinr_db=sinr(values[2]), rsrq_db=rsrq(values[3])
        )
    if mode.startswith("NR5G"):
        first = 5 if lte else 1
        nr = NrSignal(
            rsrp_dbm=rsrp(at(fields, first)), sinr_db=sinr(at(fields, first + 1)), rsrq_db=rsrq(at(fields, first + 2))
        )
    return Qcsq(lte=lte, nr=nr)


def _qrsrp(fields: list[str]) -> Qrsrp:
    antennas = tuple(rsrp(at(fields, index)) for index in range(4))
    heard = [value for value in antennas if value is not None]
    rat = {"LTE": "lte", "NR5G": "nr"}.get(at(fields, 4).upper())
    return Qrsrp(rat=rat, antennas_dbm=antennas, best_dbm=max(heard, default=None))


_READERS: dict[str, Callable[[list[str]], SignalRecord]] = {
    "+CSQ": _csq,
    "+CESQ": _cesq,
    "+QCSQ": _qcsq,
    "+QRSRP": _qrsrp,
}
