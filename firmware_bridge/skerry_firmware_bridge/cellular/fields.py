"""Fields of modem replies: split, and turned into numbers only where they really are numbers within their range."""

import re
from decimal import Decimal

from skerry_firmware_bridge.decimals import scaled

__all__ = [
    "Plmn",
    "at",
    "band_number",
    "hexadecimal",
    "nr_band",
    "nr_frequency_mhz",
    "payload",
    "plmn",
    "rsrp",
    "rsrq",
    "rssi",
    "sinr",
    "split",
    "whole",
]

Plmn = tuple[str, str]
LTE_BANDWIDTH_MHZ = tuple(map(Decimal, ("1.4", "3", "5", "10", "15", "20")))
NR_BANDWIDTH_MHZ = (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 200, 400, 35, 45)
# downlink ARFCN ranges that point to one band; the first match counts, and is never called measured
NR_BANDS = (
    (1, 422000, 434000),
    (3, 361000, 376000),
    (8, 185000, 192000),
    (20, 158200, 164200),
    (40, 460000, 480000),
    (41, 499200, 537999),
    (78, 620000, 653333),
    (71, 123400, 130400),
)


def payload(line: str, prefix: str) -> str | None:
    """Return what stands behind `prefix` and its colon, None for another line; the blank may be missing."""
    head, colon, rest = line.strip().partition(":")
    return rest.strip() if colon and head == prefix else None


def split(text: str) -> list[str]:
    """Split at commas outside quotes; blanks and quotes around a field go.

    A quote without its partner quotes nothing: then every comma separates.
    """
    pieces = text.split(",") if text.count('"') % 2 else re.findall(r'(?:^|,)((?:"[^"]*"|[^,"])*)', text)
    return [piece.strip().strip('"').strip() for piece in pieces]


def at(fields: list[str], index: int) -> str:
    """Return a field, empty when the line is too short."""
    return fields[index] if index < len(fields) else ""


def whole(text: str, *, low: int | None = None, high: int | None = None) -> int | None:
    """Return a plain integer within [low, high], else None (`-`, blanks, words, sentinels out of range)."""
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        return None
    value = int(text)
    return None if (low is not None and value < low) or (high is not None and value > high) else value


def hexadecimal(text: str) -> int | None:
    """Return a plain hexadecimal number, else None."""
    return int(text, 16) if re.fullmatch(r"[0-9A-Fa-f]{1,16}", text) else None


def rsrp(text: str) -> int | None:
    """Return a reference signal power in dBm."""
    return whole(text, low=-139, high=-30)


def rsrq(text: str) -> int | None:
    """Return a reference signal quality in dB."""
    return whole(text, low=-43, high=-1)


def rssi(text: str) -> int | None:
    """Return a received signal strength in dBm."""
    return whole(text, low=-120, high=-20)


def sinr(text: str) -> int | None:
    """Return a signal to noise ratio in dB."""
    return whole(text, low=-30, high=50)


def plmn(text: str) -> Plmn | None:
    """Return (mcc, mnc) of a numeric operator code; leading zeros of the mnc count."""
    return (text[:3], text[3:]) if re.fullmatch(r"[0-9]{5,6}", text) else None


def band_number(text: str) -> int | None:
    """Return the number at the end of a band's name."""
    match = re.search(r"([0-9]{1,4})$", text)
    return int(match[1]) if match else None


def nr_frequency_mhz(arfcn: int) -> Decimal:
    """Return the carrier frequency of an NR channel (3GPP 38.104 raster)."""
    if arfcn < 600_000:
        return scaled(5 * arfcn, -3)
    if arfcn < 2_016_667:
        return 3000 + scaled(15 * (arfcn - 600_000), -3)
    return Decimal("24250.08") + scaled(6 * (arfcn - 2_016_667), -2)


def nr_band(arfcn: int | None) -> int | None:
    """Guess the band of a downlink channel."""
    return next((band for band, low, high in NR_BANDS if arfcn is not None and low <= arfcn <= high), None)
