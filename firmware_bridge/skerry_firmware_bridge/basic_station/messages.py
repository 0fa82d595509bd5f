"""What a Basic Station says: its name, and frames that it has taken apart, put together again here.

Field names and signs as the station writes them; sans-I/O.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from skerry_core import strict_json
from skerry_firmware_bridge.errors import FrameRejected
from skerry_radio.lora import Datarate
from skerry_wire.frames import Crc, ReceivedFrame

__all__ = ["read_eui", "read_frame", "read_message", "read_version"]

MAX_MESSAGE_BYTES = 16_384
_HEX_EUI = re.compile(r"[0-9A-Fa-f]{2}([-:]?[0-9A-Fa-f]{2}){7}")
_ID6 = re.compile(r"[0-9A-Fa-f]{1,4}")
_PLAUSIBLE_DBM = range(-400, 100)
_HIGHEST_HZ = 10_000_000_000
_VERSION_MEMBERS = ("station", "firmware", "package", "os", "model", "protocol", "features")
_LONGEST_TEXT = 100


def read_message(text: str) -> dict[str, Any]:
    """Parse one websocket text message. Raises `FrameRejected("invalid_json")`."""
    try:
        message = strict_json.loads(text.encode("utf-8", "surrogatepass"), limit_bytes=MAX_MESSAGE_BYTES)
    except strict_json.JsonRejected as error:
        raise FrameRejected("invalid_json", detail=str(error)) from None
    if not isinstance(message, dict):
        raise FrameRejected("invalid_json", detail="a message is an object")
    return message


def read_version(message: Mapping[str, Any]) -> dict[str, int | float | str | None]:
    """Return what a station says of itself; members of other names or kinds are left out."""
    found: dict[str, int | float | str | None] = {}
    for name in _VERSION_MEMBERS:
        value = message.get(name)
        is_text = isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable()
        if is_text or (type(value) is int and abs(value) < 1 << 31):
            found[name] = value
    return found


def read_eui(value: object) -> bytes:
    """Read an EUI: a number, sixteen hex digits with or without separators, or the short form `1:2::3`.

    Raises `FrameRejected("invalid_eui")`.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64:
        return value.to_bytes(8, "big")
    if isinstance(value, str):
        if _HEX_EUI.fullmatch(value):
            return bytes.fromhex(value.replace("-", "").replace(":", ""))
        words = _short_form(value)
        if words is not None:
            return b"".join(int(word, 16).to_bytes(2, "big") for word in words)
    raise FrameRejected("invalid_eui", detail=repr(value)[:40])


def _short_form(text: str) -> list[str] | None:
    """Return the four words of a short form; `::` stands for as many zero words as are missing."""
    head, gap, tail = text.partition("::")
    before = head.split(":") if head else []
    after = tail.split(":") if tail else []
    missing = 4 - len(before) - len(after)
    if (missing != 0 and not gap) or missing < 0 or not all(_ID6.fullmatch(word) for word in before + after):
        return None
    return before + ["0"] * missing + after


def read_frame(
    message: Mapping[str, Any],
    *,
    datarates: Sequence[Datarate | None],
    wall_ns: int,
    monotonic_ns: int,
    source: str,
) -> ReceivedFrame | None:
    """Return the frame of an uplink message, None for another message or an FSK frame.

    `datarates` is the table that the station was given. Raises `FrameRejected`: invalid_json, missing_field.
    """
    build = _BUILDERS.get(str(message.get("msgtype")))
    if build is None:
        return None
    number, info = _integer(message, "DR", 0, len(datarates) - 1), message.get("upinfo")
    if not isinstance(info, dict):
        raise FrameRejected("missing_field", detail="upinfo")
    rate = datarates[number]
    if rate is None:
        return None
    snr = info.get("snr")
    if isinstance(snr, bool) or not isinstance(snr, int | float) or abs(snr) > 200:
        raise FrameRejected("missing_field", detail="snr")
    return ReceivedFrame(
        phy=build(message),
        frequency_hz=_integer(message, "Freq", 1, _HIGHEST_HZ),
        datarate=str(rate),
        rssi_dbm=_integer(info, "rssi", _PLAUSIBLE_DBM[0], _PLAUSIBLE_DBM[-1]),
        snr_db=float(snr),
        tmst_us=_integer(info, "xtime", -(1 << 63), 1 << 63) & 0xFFFFFFFF,  # its low bits count microseconds
        crc=Crc.OK,  # a station forwards nothing else
        received_wall_ns=wall_ns,
        received_monotonic_ns=monotonic_ns,
        source=source,
    )


def _whole(message: Mapping[str, Any]) -> bytes:
    return _bytes(message, "FRMPayload")


def _join(message: Mapping[str, Any]) -> bytes:
    header = bytes((_integer(message, "MHdr", 0, 255),))
    join_eui, dev_eui = read_eui(message.get("JoinEui", message.get("JoinEUI"))), read_eui(message.get("DevEui"))
    nonce = _integer(message, "DevNonce", 0, 0xFFFF).to_bytes(2, "little")
    return header + join_eui[::-1] + dev_eui[::-1] + nonce + _word(message, "MIC")


def _data(message: Mapping[str, Any]) -> bytes:
    header = bytes((_integer(message, "MHdr", 0, 255),)) + _word(message, "DevAddr")
    control, options = _integer(message, "FCtrl", 0, 255), _bytes(message, "FOpts")
    if len(options) != control & 0x0F:
        raise FrameRejected("invalid_json", detail="FOpts and FCtrl do not agree")
    counter = _integer(message, "FCnt", 0, 0xFFFF).to_bytes(2, "little")
    port = _integer(message, "FPort", -1, 255)
    body = b"" if port < 0 else bytes((port,)) + _bytes(message, "FRMPayload")
    return header + bytes((control,)) + counter + options + body + _word(message, "MIC")


_BUILDERS = {"updf": _data, "dndf": _data, "jreq": _join, "rejoin": _join, "propdf": _whole, "jacc": _whole}


def _integer(holder: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise FrameRejected("missing_field", detail=name)
    return value


def _word(message: Mapping[str, Any], name: str) -> bytes:
    """Return a 32-bit field, which the station writes as a signed number."""
    return (_integer(message, name, -(1 << 31), (1 << 32) - 1) & 0xFFFFFFFF).to_bytes(4, "little")


def _bytes(message: Mapping[str, Any], name: str) -> bytes:
    value = message.get(name)
    try:
        return bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        raise FrameRejected("invalid_json", detail=f"{name} is not hex") from None
