"""The strict reading of GWMP's JSON: every member that Helium's parser demands, each of its kind (iot-poc 5.1).

Only conformance uses it, to tell a datagram that gateway-rs would refuse; the session reads tolerantly.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind, read_json
from skerry_firmware_bridge.gwmp.downlink import Downlink, read_ack

__all__ = ["is_first_form", "read_downlink", "read_strictly"]

LARGEST_NUMBER = 1.7e308  # what fits into a float of double precision
Check = Callable[[Any], bool]
_DATARATE = re.compile(r"SF(5|6|7|8|9|10|11|12)BW\d+")


def read_strictly(datagram: Datagram) -> dict[str, Any] | None:
    """Return a datagram's JSON, None where it has none. Raises `FrameRejected("invalid_json")`."""
    match datagram.kind:
        case Kind.PUSH_DATA:
            content = read_json(_without_nul(datagram.body))
            _check_push(content)
            return content
        case Kind.PULL_RESP:
            content = read_json(_without_nul(datagram.body))
            read_downlink(content.get("txpk"))
            return content
        case Kind.TX_ACK if datagram.body not in {b"", b"\0"}:
            content = read_json(_without_nul(datagram.body))
            read_ack(datagram.body)
            return content
        case _:
            return None


def read_downlink(txpk: object) -> Downlink:
    """Return a txpk object whose base64 has its padding. Raises `FrameRejected("invalid_json")`."""
    if not isinstance(txpk, dict) or not _base64(txpk.get("data")):
        raise FrameRejected("invalid_json", detail="no txpk with data in base64")
    return Downlink.from_json(txpk)


def _without_nul(body: bytes) -> bytes:
    """Drop one NUL after the JSON; a second one is no JSON."""
    plain = body.removesuffix(b"\0")
    if plain.endswith(b"\0"):
        raise FrameRejected("invalid_json", detail="more than one NUL", frame=body)
    return plain


def is_first_form(rxpk: Mapping[str, Any]) -> bool:
    """Return whether a packet has the first form; the form with `rsig` is tried after it."""
    return _fits(rxpk, _RXPK_1)


def _check_push(content: Mapping[str, Any]) -> None:
    packets, stat = content.get("rxpk"), content.get("stat")
    if packets is not None:
        known = isinstance(packets, list) and all(_fits(rxpk, _RXPK_1) or _fits(rxpk, _RXPK_2) for rxpk in packets)
        if not known:
            raise FrameRejected("invalid_json", detail="an rxpk lacks a member or has one of a wrong kind")
    if stat is not None and not _fits(stat, _STAT):
        raise FrameRejected("invalid_json", detail="stat lacks a member or has one of a wrong kind")


def _fits(value: Any, members: Mapping[str, Check]) -> bool:
    return isinstance(value, Mapping) and all(check(value.get(name)) for name, check in members.items())


def _unsigned(bits: int) -> Check:
    return lambda value: type(value) is int and 0 <= value < 1 << bits


def _signed(value: Any) -> bool:
    return type(value) is int and -(1 << 31) <= value < 1 << 31


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST_NUMBER


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(*names: Any) -> Check:
    return lambda value: type(value) in (str, int) and value in names


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and base64.b64encode(base64.b64decode(value, validate=True)).decode() == value
    except (binascii.Error, ValueError):
        return False


def _antennas(value: Any) -> bool:
    return isinstance(value, list) and all(_fits(antenna, _RSIG) for antenna in value)


_COMMON: dict[str, Check] = {
    "codr": _one_of("4/5", "4/6", "4/7", "4/8", "OFF"),
    "data": _base64,
    "datr": lambda value: isinstance(value, str) and _DATARATE.fullmatch(value) is not None,
    "freq": _number,
    "size": _unsigned(64),
    "stat": _one_of(1, 0, -1),
    "tmst": _unsigned(32),
    "time": _optional(_text),
}
_RXPK_1 = _COMMON | {
    "chan": _unsigned(64),
    "lsnr": _number,
    "modu": _one_of("LORA", "FSK"),
    "rfch": _unsigned(64),
    "rssi": _signed,
    "rssis": _optional(_signed),
}
_RSIG: dict[str, Check] = {
    "ant": _unsigned(64),
    "chan": _unsigned(64),
    "rssic": _signed,
    "rssis": _optional(_signed),
    "lsnr": _number,
}
_RXPK_2 = _COMMON | {
    "aesk": _unsigned(64),
    "brd": _unsigned(64),
    "jver": _unsigned(64),
    "modu": _text,
    "rsig": _antennas,
    "delayed": _optional(lambda value: isinstance(value, bool)),
    "tmms": _optional(_unsigned(64)),
}
_STAT: dict[str, Check] = {
    "time": _text,
    "rxnb": _unsigned(64),
    "rxok": _unsigned(64),
    "rxfw": _unsigned(64),
    "dwnb": _unsigned(64),
    "txnb": _unsigned(64),
    "ackr": _optional(_number),
    "lati": _optional(_number),
    "long": _optional(_number),
    "alti": _optional(_number),
    "temp": _optional(_number),
}
