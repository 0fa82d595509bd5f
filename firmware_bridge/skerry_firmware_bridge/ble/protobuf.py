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
SHORT_VARINT_LIMIT_BYTES = 5  # tags and lengths have 32 bits
UINT64_LIMIT = 1 << 64
GROUP_DEPTH_LIMIT = 100  # as protobuf's own libraries
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
    """Return the bytes of a message: fields ascending, defaults omitted; a field not given has its default.

    Raises `FrameRejected` badargs for values that the format cannot hold.
    """
    parts = []
    try:
        for number, (name, kind) in enumerate(layout, start=1):
            given = fields.get(name)
            for value in _wire_values(kind, _default(kind) if given is None else given):
                parts.append(_varint(number << 3 | WIRE_TYPES[kind]) + value)
    except (UnicodeEncodeError, OverflowError, struct.error) as error:
        raise _badargs(str(error)) from None
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
        number, wire_type, at = _read_tag(raw, at)
        if number == 0:  # inside a group that is skipped nobody minds, as in protobuf's own libraries
            raise _badargs("field number 0")
        value, at = _read_value(raw, at, number, wire_type, depth=0)
        yield number, wire_type, value


def _read_tag(raw: bytes, at: int) -> tuple[int, int, int]:
    tag, at = _read_varint(raw, at, most_bytes=SHORT_VARINT_LIMIT_BYTES)
    number = tag >> 3
    if number >= 1 << 29:
        raise _badargs(f"field number {number}")
    return number, tag & 7, at


def _read_value(raw: bytes, at: int, number: int, wire_type: int, *, depth: int) -> tuple[Any, int]:
    match wire_type:
        case 0:
            return _read_varint(raw, at)
        case 1:
            return _read_bytes(raw, at, 8)
        case 2:
            size, at = _read_varint(raw, at, most_bytes=SHORT_VARINT_LIMIT_BYTES)
            return _read_bytes(raw, at, size)
        case 3 if depth < GROUP_DEPTH_LIMIT:
            return None, _skip_group(raw, at, number, depth=depth)
        case 5:
            return _read_bytes(raw, at, 4)
    raise _badargs(f"wire type {wire_type}")


def _skip_group(raw: bytes, at: int, number: int, *, depth: int) -> int:
    while True:
        inner, wire_type, at = _read_tag(raw, at)
        if wire_type == GROUP_END:
            if inner != number:
                raise _badargs("a group ends with another number")
            return at
        _, at = _read_value(raw, at, inner, wire_type, depth=depth + 1)


def _read_varint(raw: bytes, at: int, *, most_bytes: int = VARINT_LIMIT_BYTES) -> tuple[int, int]:
    value = 0
    for index in range(most_bytes):
        if at + index >= len(raw):
            raise _badargs("ends inside a number")
        byte = raw[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value % UINT64_LIMIT, at + index + 1
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
    if not 0 <= value < UINT64_LIMIT:
        raise _badargs(f"{value} is no 64-bit number")
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _badargs(detail: str) -> FrameRejected:
    return FrameRejected("badargs", detail=detail)
