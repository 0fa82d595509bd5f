"""Deterministic CBOR (RFC 8949, 4.2.1) of a small value set, the encoding of everything that evidence hashes.

Values are maps with text keys, lists, bytes, text, integers below 2^64, booleans and null; no floats, no tags.
Decoding is our own because a general decoder expands tags (big numbers, patterns, references) before they can be
refused. Called by the entry, seal and bundle formats.
"""

from typing import Any

import cbor2

from skerry_coverage.evidence.errors import EvidenceRejected

__all__ = ["MAX_DEPTH", "MAX_ITEMS", "decode", "encode"]

MAX_DEPTH = 12  # a bundle nests seven deep; more is an attack on the stack
MAX_ITEMS = 1_000_000  # values in one encoding; bounds the memory that hostile bytes can ask for
_MAX_INT = 1 << 64
_SIMPLE = {20: False, 21: True, 22: None}


def encode(value: Any) -> bytes:
    """Return the one encoding of a value. Raises `TypeError` for anything outside the value set."""
    _check(value, MAX_DEPTH)
    return cbor2.dumps(value, canonical=True)


def decode(untrusted: bytes) -> Any:
    """Return the value of bytes that `encode` could have made. Raises `EvidenceRejected` for any other bytes."""
    reader = _Reader(untrusted)
    value = reader.value(MAX_DEPTH)
    if reader.position != len(untrusted):
        raise EvidenceRejected("trailing_bytes", f"{len(untrusted) - reader.position} bytes follow the value")
    return value


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise TypeError(f"nested more than {MAX_DEPTH} deep")
    match value:
        case bool() | None | bytes() | str():
            return
        case int():
            if not -_MAX_INT <= value < _MAX_INT:
                raise TypeError(f"integer outside 64 bits: {value}")
        case list() | tuple():
            for member in value:
                _check(member, depth - 1)
        case dict():
            for key, member in value.items():
                if not isinstance(key, str):
                    raise TypeError(f"map keys are text, got {key!r}")
                _check(member, depth - 1)
        case _:
            raise TypeError(f"no deterministic encoding for {type(value).__name__}")


class _Reader:
    """A cursor over untrusted bytes; every step checks bounds and the shortest form."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items = 0
        self.position = 0

    def value(self, depth: int) -> Any:
        if depth < 0:
            raise EvidenceRejected("too_deep", f"nested more than {MAX_DEPTH} deep")
        self._items += 1
        if self._items > MAX_ITEMS:
            raise EvidenceRejected("too_large", f"more than {MAX_ITEMS} values")
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        if major == 7:
            if info not in _SIMPLE:
                raise EvidenceRejected("not_deterministic", f"initial byte {initial:#04x} is not in the value set")
            return _SIMPLE[info]
        argument = self._argument(info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self._take(argument)
            case 3:
                return self._text(argument)
            case 4:
                return [self.value(depth - 1) for _ in range(self._count(argument))]
            case 5:
                return self._map(self._count(argument), depth)
            case _:
                raise EvidenceRejected("not_deterministic", "tags are not in the value set")

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise EvidenceRejected("not_deterministic", "indefinite or reserved length")
        size = 1 << (info - 24)
        argument = int.from_bytes(self._take(size), "big")
        if argument < (24 if size == 1 else 1 << (4 * size)):
            raise EvidenceRejected("not_deterministic", "a number is not in its shortest form")
        return argument

    def _count(self, members: int) -> int:
        if members > len(self._data) - self.position:  # each member takes a byte at least
            raise EvidenceRejected("truncated", f"{members} members announced, fewer bytes left")
        return members

    def _text(self, size: int) -> str:
        try:
            return self._take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise EvidenceRejected("not_utf8", str(error)) from None

    def _map(self, members: int, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        previous = b""
        for _ in range(members):
            start = self.position
            key = self.value(0)
            encoded_key = self._data[start : self.position]
            if not isinstance(key, str) or encoded_key <= previous:
                raise EvidenceRejected("not_deterministic", "map keys are text in strictly rising order")
            previous = encoded_key
            result[key] = self.value(depth - 1)
        return result

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self._data):
            raise EvidenceRejected("truncated", f"{size} bytes wanted, {len(self._data) - self.position} left")
        taken = self._data[self.position : end]
        self.position = end
        return taken
