"""The JSON of nearly every PUSH_DATA, read by msgspec where it is installed; used by `datagram.read_json` only.

msgspec reads five times as fast as `strict_json` but takes the last of equal names, so its word counts only where
counting proves that no name was repeated: outside text each member of the source has one colon; where the members that
were read, and the colons in the one text that usually holds some, account for every colon, nothing was dropped.
(A backslash could write a colon without one.) No list begins late, so nothing is nested deeply.
Whatever is not usual, for whatever reason, `strict_json` reads again and judges.
"""

from typing import Any

try:
    import msgspec
except ImportError:  # no wheel, as on 32-bit ARM
    msgspec = None  # type: ignore[assignment]  # told apart where it is used

__all__ = ["read_usual"]

BACKSLASH, BRACKET, COLON = b"\\[:"
LAST_BRACKET = 16  # that of rxpk comes ninth, if nobody put blanks


def read_usual(body: bytes) -> dict[str, Any] | None:
    """Return an object with `rxpk` exactly as `strict_json.loads` does, None where that is not certain."""
    if _decode is None or body.rfind(BRACKET) > LAST_BRACKET or BACKSLASH in body:
        return None
    try:
        content = _decode(body)
        colons = len(content)
        for packet in content["rxpk"]:
            time = packet.get("time")
            colons += len(packet) if time is None else len(packet) + time.count(":")
    except _UNUSUAL:
        return None
    return content if colons == body.count(COLON) else None


_decode = None if msgspec is None else msgspec.json.Decoder().decode
_UNUSUAL = (ValueError, TypeError, LookupError, AttributeError, RecursionError)  # msgspec's own is a ValueError
