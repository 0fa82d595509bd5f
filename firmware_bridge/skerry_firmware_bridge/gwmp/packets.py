"""What a gateway reports: received packets (`rxpk`, both forms) and its statistics (`stat`), read tolerantly.

Each packet is read on its own, so that a bad one never costs its neighbours (serial-devices 2.3, "Strictness").
Used by the session; emulators write the same objects.
"""

import math
import re
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from skerry_firmware_bridge.errors import FrameRejected
from skerry_wire.frames import Crc, ReceivedFrame

__all__ = [
    "LEAST_DBM",
    "MAX_NUMBER",
    "MAX_PHY_BYTES",
    "MOST_DBM",
    "WRAP_US",
    "Packet",
    "chosen_signal",
    "downlink_tmst",
    "gps_seconds",
    "hz_from_mhz",
    "mhz_from_hz",
    "quick_frame",
    "read_packets",
    "read_status",
    "received_frame",
    "uplink_context",
]

MODULATIONS = {"LORA": "lora", "FSK": "fsk", "LR-FHSS": "lr_fhss", "LRFHSS": "lr_fhss"}
_NOT_LORA = frozenset({"fsk", "lr_fhss"})
_CRC = {1: Crc.OK, 0: Crc.DISABLED, -1: Crc.FAILED}
_LORA_DATARATE = re.compile(r"SF(\d{1,2})BW(\d{1,4})")
_USUAL_RATES = frozenset(f"SF{factor}BW{khz}" for factor in range(5, 13) for khz in (125, 250, 500))
_STATUS_NAMES = {
    "time": "time", "received": "rxnb", "received_ok": "rxok", "forwarded": "rxfw", "ack_percent": "ackr",
    "downlinks": "dwnb", "sent": "txnb", "lat": "lati", "lon": "long", "alt_m": "alti", "temperature_c": "temp",
}  # fmt: skip
MAX_NUMBER = 10_000.0  # far above every MHz, dB and dBm; keeps products and 32-bit fields downstream in range
MAX_INTEGER = 1 << 63
LEAST_DBM, MOST_DBM = -400, 100
LOWEST_SNR_DB = -150  # where the search for the best antenna starts (iot-poc 2.1, rule 4)
MAX_PHY_BYTES = 255
WRAP_US = 1 << 32
_FIRST_FORM = ("rssi", "lsnr", "chan", "rfch")  # what only a packet of the first form tells itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One received packet on one antenna, as the forwarder wrote it; None = the JSON lacks it."""

    tmst: int | None
    gps_ms: int | None
    time: str | None
    frequency_hz: int | None
    crc: Crc | None
    modulation: str | None
    datarate: str | None
    bit_rate: int | None
    coding_rate: str | None
    channel: int | None
    rf_chain: int | None
    antenna: int | None
    rssi_dbm: int | None
    signal_rssi_dbm: int | None
    snr_db: float | None
    offset_hz: int | None
    payload: bytes | None


def read_packets(rxpk: Mapping[str, Any]) -> list[Packet]:
    """Read one element of `rxpk`: one packet, or one per entry of `rsig`. Raises `FrameRejected("invalid_json")`."""
    antennas = rxpk.get("rsig")
    if antennas is None or antennas == []:
        return [_packet(rxpk, rxpk, rssi_name="rssi")]
    if not isinstance(antennas, list) or not all(isinstance(antenna, dict) for antenna in antennas):
        raise FrameRejected("invalid_json", detail="rsig is not a list of objects")
    return [_packet(rxpk, antenna, rssi_name="rssic") for antenna in antennas]


def _packet(rxpk: Mapping[str, Any], antenna: Mapping[str, Any], *, rssi_name: str) -> Packet:
    rate = rxpk.get("datr")
    mhz = _number(rxpk, "freq")
    stat = _integer(rxpk, "stat")
    return Packet(
        tmst=_integer(rxpk, "tmst"),
        gps_ms=_integer(rxpk, "tmms"),
        time=_text(rxpk, "time"),
        frequency_hz=None if mhz is None else round(mhz * 1_000_000),
        crc=None if stat is None else _CRC.get(stat),
        modulation=MODULATIONS.get(_text(rxpk, "modu") or ""),
        datarate=rate if isinstance(rate, str) else None,
        bit_rate=None if isinstance(rate, str) else _integer(rxpk, "datr"),
        coding_rate=_text(rxpk, "codr"),
        channel=_integer(antenna, "chan"),
        rf_chain=_integer(rxpk, "rfch"),
        antenna=_integer(antenna, "ant"),
        rssi_dbm=_integer(antenna, rssi_name),
        signal_rssi_dbm=_integer(antenna if "rssis" in antenna else rxpk, "rssis"),
        snr_db=_number(antenna, "lsnr"),
        offset_hz=_integer(antenna if "foff" in antenna else rxpk, "foff"),
        payload=read_payload(rxpk),
    )


def chosen_signal(rxpk: Mapping[str, Any]) -> tuple[int | None, float | None]:
    """Return RSSI (dBm) and SNR (dB) that represent a packet (iot-poc 2.1, rule 4).

    The packet's own, as in the first form, or the best of its antennas where it is not whole in that form.
    """
    antennas = rxpk.get("rsig")
    if not isinstance(antennas, list) or None not in [rxpk.get(name) for name in _FIRST_FORM]:
        signal = _integer(rxpk, "rssis")
        return signal if signal is not None else _integer(rxpk, "rssi"), _number(rxpk, "lsnr")
    entries = [antenna for antenna in antennas if isinstance(antenna, dict)]
    signals = [value for antenna in entries if (value := _integer(antenna, "rssis")) is not None]
    channels = [value for antenna in entries if (value := _integer(antenna, "rssic")) is not None]
    best_whole, best = LOWEST_SNR_DB, None
    for antenna in entries:
        snr = _number(antenna, "lsnr")
        if snr is not None and math.trunc(snr) > best_whole:
            best_whole, best = math.trunc(snr), snr
    return max(signals or channels, default=None), best


def received_frame(rxpk: Any, *, wall_ns: int, monotonic_ns: int, source: str) -> ReceivedFrame | None:
    """Return the LoRa frame of a packet, None for another modulation.

    Raises `FrameRejected`: invalid_json, or missing_field naming the members without which a frame is worthless.
    """
    if not isinstance(rxpk, dict):
        raise FrameRejected("invalid_json", detail="an rxpk is no object")
    modulation = rxpk.get("modu")
    if modulation != "LORA" and isinstance(modulation, str) and MODULATIONS.get(modulation) in _NOT_LORA:
        return None
    rate, stat = rxpk.get("datr"), rxpk.get("stat")
    crc = _CRC.get(stat) if type(stat) is int else None
    if crc is None or not isinstance(rate, str) or not (rate in _USUAL_RATES or _LORA_DATARATE.fullmatch(rate)):
        raise FrameRejected("missing_field", detail="datr or stat")
    mhz, tmst = _number(rxpk, "freq"), _integer(rxpk, "tmst")
    rssi_dbm, snr_db = chosen_signal(rxpk)
    phy = read_payload(rxpk)
    if mhz is None or tmst is None or rssi_dbm is None or snr_db is None or phy is None:
        raise FrameRejected("missing_field", detail="freq, tmst, rssi, lsnr or data")
    if len(phy) > MAX_PHY_BYTES:
        raise FrameRejected("invalid_json", detail=f"data of {len(phy)} bytes, where LoRa carries {MAX_PHY_BYTES}")
    if not LEAST_DBM <= rssi_dbm <= MOST_DBM or mhz <= 0:
        raise FrameRejected("invalid_json", detail=f"rssi {rssi_dbm} dBm, freq {mhz} MHz")
    frequency_hz = math.trunc(mhz * 1_000_000.0)
    return quick_frame(phy, frequency_hz, rate, rssi_dbm, snr_db, tmst % WRAP_US, crc, wall_ns, monotonic_ns, source)


class _Unfrozen:
    """A `ReceivedFrame` in the making."""

    __slots__ = tuple(field.name for field in fields(ReceivedFrame))
    phy: bytes
    frequency_hz: int
    datarate: str
    rssi_dbm: int
    snr_db: float
    tmst_us: int
    crc: Crc
    received_wall_ns: int
    received_monotonic_ns: int
    source: str


def quick_frame(  # noqa: PLR0917 - the fields of a frame, by place because names cost time
    phy: bytes,
    frequency_hz: int,
    datarate: str,
    rssi_dbm: int,
    snr_db: float,
    tmst_us: int,
    crc: Crc,
    wall_ns: int,
    monotonic_ns: int,
    source: str,
    /,
) -> ReceivedFrame:
    """Return a `ReceivedFrame`.

    The constructor of a frozen dataclass calls `object.__setattr__` for every field: a quarter of all the time that a
    datagram takes. Filling equal slots and then changing the class takes a fifth of that.
    """
    frame = _Unfrozen()
    frame.phy = phy
    frame.frequency_hz = frequency_hz
    frame.datarate = datarate
    frame.rssi_dbm = rssi_dbm
    frame.snr_db = snr_db
    frame.tmst_us = tmst_us
    frame.crc = crc
    frame.received_wall_ns = wall_ns
    frame.received_monotonic_ns = monotonic_ns
    frame.source = source
    frame.__class__ = ReceivedFrame  # type: ignore[assignment]  # equal slots
    return frame  # type: ignore[return-value]


def read_status(stat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statistics by clear names, unknown members under `extra`; a location of all zeros is no location."""
    named: dict[str, Any] = {name: stat.get(member) for name, member in _STATUS_NAMES.items()}
    if not any(named[name] for name in ("lat", "lon", "alt_m")):
        named |= {"lat": None, "lon": None, "alt_m": None}
    known = set(_STATUS_NAMES.values())
    return named | {"extra": {name: value for name, value in stat.items() if name not in known}}


def hz_from_mhz(mhz: float) -> int:
    """Return whole Hz, cut in double precision (iot-poc 2.1, rule 3)."""
    return math.trunc(mhz * 1_000_000.0)


def mhz_from_hz(frequency_hz: int) -> float:
    """Return MHz with four decimals, as shown to a network server (iot-poc 5.3)."""
    return round(frequency_hz / 1_000_000, 4)


def uplink_context(tmst: int) -> bytes:
    """Return what a server hands back to name an uplink's moment: the counter, big-endian."""
    return (tmst % WRAP_US).to_bytes(4, "big")


def downlink_tmst(tmst: int, delay_us: int) -> int:
    """Return the counter value of a receive window; the counter wraps every 4294.967296 s."""
    return (tmst + delay_us) % WRAP_US


def gps_seconds(gps_ms: int, fine_ns: int | None) -> Decimal:
    """Return GPS time in seconds; a fine timestamp replaces the part below one second."""
    if fine_ns is None:
        return Decimal(gps_ms) / 1000
    return Decimal(gps_ms // 1000) + Decimal(fine_ns) / 1_000_000_000


def read_payload(holder: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of `data`: base64 with or without padding, also with - and _. Raises `FrameRejected`."""
    text = holder.get("data")
    if not isinstance(text, str):
        return None
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:  # rare: try again with what senders get wrong mended
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return a2b_base64(plain + "=" * (-len(plain) % 4), strict_mode=True)
    except ValueError as error:
        raise FrameRejected("invalid_json", detail=f"data is not base64: {error}") from None


def _integer(holder: Mapping[str, Any], name: str) -> int | None:
    value = holder.get(name)
    if value is None or (type(value) is int and -MAX_INTEGER < value < MAX_INTEGER):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < MAX_INTEGER:
        return int(value)
    raise FrameRejected("invalid_json", detail=f"{name} is not an integer")


def _number(holder: Mapping[str, Any], name: str) -> float | None:
    value = holder.get(name)
    kind = type(value)
    if value is None or ((kind is float or kind is int) and -MAX_NUMBER < value < MAX_NUMBER):
        return value
    raise FrameRejected("invalid_json", detail=f"{name} is no number in range")


def _text(holder: Mapping[str, Any], name: str) -> str | None:
    value = holder.get(name)
    return value if isinstance(value, str) else None
