"""Borsh: values of `schema` types to bytes and back (wallet-economics 1.2).

Values are plain Python: ints, bools, None, lists, dicts; pubkeys are Base58 text; bytes and byte arrays are lower-case
hex; an enum is its name, or `{name: {...}}` when it carries content; `Option<Option<T>>` is None or an object with the
one member `set`.
"""

from collections.abc import Mapping
from typing import Any

from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.schema import (
    ArrayOf,
    EnumOf,
    Named,
    OptionOf,
    Primitive,
    Schema,
    StructOf,
    VecOf,
)

__all__ = ["Reader", "decode", "encode"]

_INTEGERS = {
    "u8": (1, False),
    "u16": (2, False),
    "u32": (4, False),
    "u64": (8, False),
    "u128": (16, False),
    "i8": (1, True),
    "i32": (4, True),
    "i64": (8, True),
}
_BYTE = Primitive("u8")

Types = Mapping[str, Schema]


class Reader:
    """Takes bytes from the front. Raises `HeliumRejected` truncated."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def rest(self) -> bytes:
        """The bytes not yet taken."""
        return self._data[self._position :]

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        chunk = self._data[self._position : self._position + size]
        if len(chunk) != size:
            raise HeliumRejected("truncated", f"{size} bytes wanted, {len(chunk)} left")
        self._position += size
        return chunk

    def integer(self, name: str) -> int:
        """Return the next integer of a Borsh type."""
        size, signed = _INTEGERS[name]
        return int.from_bytes(self.take(size), "little", signed=signed)


def encode(schema: Schema, value: Any, types: Types) -> bytes:
    """Return the bytes of a value. Raises `HeliumRejected` invalid_value."""
    match schema:
        case Primitive(name):
            return _encode_primitive(name, value)
        case Named(name):
            return encode(types[name], value, types)
        case StructOf(fields):
            members = _mapping(value, {field.name for field in fields})
            return b"".join(encode(field.schema, members[field.name], types) for field in fields)
        case OptionOf(item):
            if value is None:
                return b"\x00"
            inner = _mapping(value, {"set"})["set"] if isinstance(item, OptionOf) else value
            return b"\x01" + encode(item, inner, types)
        case ArrayOf(item, size) if item == _BYTE:
            return _hex(value, size)
        case VecOf(item) | ArrayOf(item, _):
            return _encode_items(schema, item, value, types)
        case EnumOf():
            return _encode_enum(schema, value, types)


def decode(schema: Schema, reader: Reader, types: Types) -> Any:
    """Return the next value of a reader. Raises `HeliumRejected` truncated or invalid_value, as met from the front."""
    match schema:
        case Primitive(name):
            return _decode_primitive(name, reader)
        case Named(name):
            return decode(types[name], reader, types)
        case StructOf(fields):
            return {field.name: decode(field.schema, reader, types) for field in fields}
        case OptionOf(item):
            if not _flag(reader):
                return None
            value = decode(item, reader, types)
            return {"set": value} if isinstance(item, OptionOf) else value
        case ArrayOf(item, size) if item == _BYTE:
            return reader.take(size).hex()
        case ArrayOf(item, size):
            return [decode(item, reader, types) for _ in range(size)]
        case VecOf(item):
            return [decode(item, reader, types) for _ in range(reader.integer("u32"))]
        case EnumOf(variants):
            index = reader.integer("u8")
            if index >= len(variants):
                raise HeliumRejected("invalid_value", f"variant {index} of {len(variants)}")
            variant = variants[index]
            if variant.content is None:
                return variant.name
            return {variant.name: decode(variant.content, reader, types)}


def _encode_primitive(name: str, value: Any) -> bytes:
    match name:
        case "bool":
            if not isinstance(value, bool):
                raise HeliumRejected("invalid_value", f"expected true or false, got {value!r}")
            return bytes([value])
        case "pubkey":
            return to_raw(value)
        case "string":
            content = str(value).encode()
        case "bytes":
            content = _hex(value, None)
        case _:
            return _encode_integer(name, value)
    return len(content).to_bytes(4, "little") + content


def _encode_integer(name: str, value: Any) -> bytes:
    size, signed = _INTEGERS[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise HeliumRejected("invalid_value", f"expected an integer, got {value!r}")
    try:
        return value.to_bytes(size, "little", signed=signed)
    except OverflowError:
        raise HeliumRejected("invalid_value", f"{value} is no {name}") from None


def _encode_items(schema: VecOf | ArrayOf, item: Schema, value: Any, types: Types) -> bytes:
    if not isinstance(value, list | tuple) or (isinstance(schema, ArrayOf) and len(value) != schema.size):
        raise HeliumRejected("invalid_value", "expected a list of the right length")
    count = len(value).to_bytes(4, "little") if isinstance(schema, VecOf) else b""
    return count + b"".join(encode(item, member, types) for member in value)


def _encode_enum(schema: EnumOf, value: Any, types: Types) -> bytes:
    name, content = (value, None) if isinstance(value, str) else next(iter(_mapping(value, None).items()))
    for index, variant in enumerate(schema.variants):
        if variant.name == name and (variant.content is None) == (content is None):
            return bytes([index]) + (encode(variant.content, content, types) if variant.content is not None else b"")
    raise HeliumRejected("invalid_value", f"no variant {name!r} of this form")


def _decode_primitive(name: str, reader: Reader) -> Any:
    match name:
        case "bool":
            return _flag(reader)
        case "pubkey":
            return to_text(reader.take(32))
        case "string":
            try:
                return reader.take(reader.integer("u32")).decode()
            except UnicodeDecodeError:
                raise HeliumRejected("invalid_value", "text that is not UTF-8") from None
        case "bytes":
            return reader.take(reader.integer("u32")).hex()
        case _:
            return reader.integer(name)


def _flag(reader: Reader) -> bool:
    byte = reader.integer("u8")
    if byte > 1:
        raise HeliumRejected("invalid_value", f"expected 0 or 1, got {byte}")
    return byte == 1


def _hex(value: Any, size: int | None) -> bytes:
    try:
        raw = bytes.fromhex(value)
    except (TypeError, ValueError):
        raise HeliumRejected("invalid_value", "expected hex text") from None
    if size is not None and len(raw) != size:
        raise HeliumRejected("invalid_value", f"expected {size} bytes, got {len(raw)}")
    return raw


def _mapping(value: Any, names: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not value or (names is not None and not names <= value.keys()):
        if isinstance(value, Mapping) and names == set():
            return value
        raise HeliumRejected("invalid_value", f"expected an object with {sorted(names or ['one variant'])}")
    return value
