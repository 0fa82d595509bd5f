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
from skerry_firmware_bridge.gwmp.downlink import Downlink

__all__ = ["is_first_form", "read_downlink", "read_strictly", "without_nul"]

LARGEST_NUMBER = 1.7e308  # what fits into a float of double precision
Check = Callable[[Any], bool]
_DATARATE = re.compile(r"SF(5|6|7|8|9|10|11|12)BW(7|10|15|20|31|41|62|125|250|500)")


def read_strictly(datagram: Datagram) -> dict[str, Any] | None:
    """Return a datagram's JSON, None where it has none. Raises `FrameRejected("invalid_json")`."""
    match datagram.kind:
        case Kind.PUSH_DATA:
            content = read_json(without_nul(datagram.body))
            _check_push(content)
            return content
        case Kind.PULL_RESP:
            content = read_json(without_nul(datagram.body))
            read_downlink(content.get("txpk"))
            return content
        case Kind.TX_ACK if datagram.body not in {b"", b"\0"}:
            content = read_json(without_nul(datagram.body))
            if not _fits(content.get("txpk_ack"), _TXPK_ACK):
                raise FrameRejected("invalid_json", detail="no txpk_ack, or it has a member of a wrong kind")
            return content
        case _:
            return None


def read_downlink(txpk: object) -> Downlink:
    """Return a txpk object. Raises `FrameRejected("invalid_json")`."""
    if not isinstance(txpk, dict) or not _fits(txpk, _TXPK):
        raise FrameRejected("invalid_json", detail="txpk lacks a member or has one of a wrong kind")
    return Downlink.from_json(txpk)


def without_nul(body: bytes) -> bytes:
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


def _signed(bits: int = 32) -> Check:
    return lambda value: type(value) is int and -(1 << bits - 1) <= value < 1 << bits - 1


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST_NUMBER


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _rate(value: Any) -> bool:
    return isinstance(value, str) and _DATARATE.fullmatch(value) is not None


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
    "datr": _rate,
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
    "rssi": _signed(),
    "rssis": _optional(_signed()),
}
_RSIG: dict[str, Check] = {
    "ant": _unsigned(64),
    "chan": _unsigned(64),
    "rssic": _signed(),
    "rssis": _optional(_signed()),
    "lsnr": _number,
    "etime": _optional(_text),
    "foff": _optional(_signed(64)),
    "ftstat": _optional(_unsigned(8)),
    "ftver": _optional(_unsigned(64)),
    "ftdelta": _optional(_signed(64)),
}
_RXPK_2 = _COMMON | {
    "aesk": _unsigned(64),
    "brd": _unsigned(64),
    "jver": _unsigned(64),
    "modu": _text,
    "rsig": _antennas,
    "delayed": _optional(_flag),
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
    "alti": _optional(_signed(64)),
    "temp": _optional(_number),
}
# an outcome that nobody knows is text like any other
_TXPK_ACK: dict[str, Check] = {
    "error": _optional(_text),
    "warn": _optional(_text),
    "value": _optional(_signed()),
    "tmst": _optional(_unsigned(32)),
}
# beside the members that `Downlink` checks itself
_TXPK: dict[str, Check] = {
    "rfch": _unsigned(64),
    "powe": _unsigned(64),
    "datr": _rate,
    "fdev": _optional(_unsigned(64)),
    "prea": _optional(_unsigned(64)),
    "size": _unsigned(64),
    "data": _base64,
    "ncrc": _optional(_flag),
}
