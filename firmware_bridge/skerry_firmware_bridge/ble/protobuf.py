"""The few proto3 features that the Helium GATT values use (serial-devices 2.8): small enough to need no generated code.

Every decoding error is `FrameRejected("badargs")`, the hotspot's own word for it.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["Layout", "decode", "encode"]

# field names in the order of their numbers from 1; kinds: text, uint64, float, texts (repeated), text_map
Layout = Sequence[tuple[str, str]]

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)
WIRE_TYPES = {"text": BYTES, "texts": BYTES, "text_map": BYTES, "uint64": VARINT, "float": FIXED32}
MAP_ENTRY: Layout = (("key", "text"), ("value", "text"))
VARINT_LIMIT_BYTES = 10
GROUP_DEPTH_LIMIT = 16
FLOAT_DECIMALS = 6  # as the app shows coordinates


def decode(layout: Layout, raw: bytes) -> dict[str, Any]:
    """Return all fields, defaults included. Unknown fields are skipped, the last value of a field or map key wins."""
    fields: dict[str, Any] = {name: _default(kind) for name, kind in layout}
    for number, wire_type, value in _members(raw):
        if number > len(layout):
            continue
        name, kind = layout[number - 1]
        if wire_type != WIRE_TYPES[kind]:
            raise _badargs(f"field {number} has wire type {wire_type}")
        match kind:
            case "text":
                fields[name] = _text(value)
            case "texts":
                fields[name].append(_text(value))
            case "text_map":
                entry = decode(MAP_ENTRY, value)
                fields[name][entry["key"]] = entry["value"]
            case "uint64":
                fields[name] = value
            case "float":
                fields[name] = round(struct.unpack("<f", value)[0], FLOAT_DECIMALS)
    return fields


def encode(layout: Layout, fields: Mapping[str, Any]) -> bytes:
    """Return the bytes of a message: fields ascending, defaults omitted; a field not given has its default."""
    parts = []
    for number, (name, kind) in enumerate(layout, start=1):
        for value in _wire_values(kind, fields.get(name, _default(kind))):
            parts.append(_varint(number << 3 | WIRE_TYPES[kind]) + value)
    return b"".join(parts)


def _wire_values(kind: str, value: Any) -> Iterator[bytes]:
    match kind:
        case "text" if value:
            yield _delimited(value.encode())
        case "texts":
            yield from (_delimited(text.encode()) for text in value)
        case "text_map":
            for key, text in value.items():
                yield _delimited(encode(MAP_ENTRY, {"key": key, "value": text}))
        case "uint64" if value:
            yield _varint(value)
        case "float" if struct.pack("<f", value) != bytes(4):
            yield struct.pack("<f", value)


def _default(kind: str) -> Any:
    return {"text": "", "texts": [], "text_map": {}, "uint64": 0, "float": 0.0}[kind]


def _members(raw: bytes) -> Iterator[tuple[int, int, Any]]:
    at = 0
    while at < len(raw):
        tag, at = _read_varint(raw, at)
        number, wire_type = tag >> 3, tag & 7
        if number == 0 or number >= 1 << 29:
            raise _badargs(f"field number {number}")
        value, at = _read_value(raw, at, number, wire_type, depth=0)
        yield number, wire_type, value


def _read_value(raw: bytes, at: int, number: int, wire_type: int, *, depth: int) -> tuple[Any, int]:
    match wire_type:
        case 0:
            return _read_varint(raw, at)
        case 1:
            return _read_bytes(raw, at, 8)
        case 2:
            size, at = _read_varint(raw, at)
            return _read_bytes(raw, at, size)
        case 3 if depth < GROUP_DEPTH_LIMIT:
            return None, _skip_group(raw, at, number, depth=depth)
        case 5:
            return _read_bytes(raw, at, 4)
    raise _badargs(f"wire type {wire_type}")


def _skip_group(raw: bytes, at: int, number: int, *, depth: int) -> int:
    while True:
        tag, at = _read_varint(raw, at)
        if tag & 7 == GROUP_END:
            if tag >> 3 != number:
                raise _badargs("a group ends with another number")
            return at
        _, at = _read_value(raw, at, tag >> 3, tag & 7, depth=depth + 1)


def _read_varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(VARINT_LIMIT_BYTES):
        if at + index >= len(raw):
            raise _badargs("ends inside a number")
        byte = raw[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise _badargs("a number is too long")


def _read_bytes(raw: bytes, at: int, size: int) -> tuple[bytes, int]:
    if len(raw) - at < size:
        raise _badargs("ends inside a field")
    return raw[at : at + size], at + size


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _badargs("text is not UTF-8") from None


def _delimited(raw: bytes) -> bytes:
    return _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _badargs(detail: str) -> FrameRejected:
    return FrameRejected("badargs", detail=detail)
