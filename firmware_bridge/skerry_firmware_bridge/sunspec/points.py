"""SunSpec point types (serial-devices 2.5, "Types"): register bytes to a value, None when not implemented."""

import math
import struct
from ipaddress import IPv4Address, IPv6Address

__all__ = ["PointValue", "is_number", "point_value"]

PointValue = int | float | str | None

_SIGNED = {"int16", "int32", "int64", "sunssf"}
_UNSIGNED = {"uint16", "uint32", "uint64", "enum16", "enum32", "bitfield16", "bitfield32", "bitfield64", "count"}
_COUNTERS = {"acc16", "acc32", "acc64"}
_SCALED = _COUNTERS | {"int16", "int32", "int64", "uint16", "uint32", "uint64", "raw16"}


def is_number(kind: str) -> bool:
    """Tell measured numbers, which a scale factor applies to, from enums, bit fields, counts and text."""
    return kind in _SCALED


def point_value(kind: str, raw: bytes) -> PointValue:
    """Return the unscaled value of a point, None when the device does not implement it (or the type is unknown)."""
    if kind in _SIGNED:
        value = int.from_bytes(raw, "big", signed=True)
        return None if raw and value == -(1 << (8 * len(raw) - 1)) else value
    if kind in _UNSIGNED:
        return None if raw == b"\xff" * len(raw) else int.from_bytes(raw, "big")
    if kind in _COUNTERS:
        return int.from_bytes(raw, "big") or None
    if kind == "raw16":
        return int.from_bytes(raw, "big")
    match kind:
        case "float32" | "float64":
            number: float = struct.unpack(">f" if kind == "float32" else ">d", raw)[0]
            return number if math.isfinite(number) else None
        case "string":
            return raw.split(b"\0", maxsplit=1)[0].decode("utf-8", "replace") or None
        case "eui48":
            return None if raw[-6:] == b"\xff" * 6 else ":".join(f"{byte:02X}" for byte in raw[-6:])
        case "ipaddr":
            return str(IPv4Address(raw)) if any(raw) else None
        case "ipv6addr":
            return str(IPv6Address(raw)) if any(raw) else None
    return None
