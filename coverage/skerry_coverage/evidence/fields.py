"""Taking typed fields out of a decoded map from outside; used by every evidence and bundle decoder."""

from collections.abc import Mapping
from typing import Any

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected

__all__ = ["Fields", "decode_map"]

_U64 = 1 << 64


def decode_map(untrusted: bytes, *, what: str) -> "Fields":
    """Decode bytes that must hold one map. Raises `EvidenceRejected`."""
    return Fields(dcbor.decode(untrusted), what=what)


class Fields:
    """One untrusted map; each method takes a field of the expected type, `end` refuses fields nobody took.

    All methods raise `EvidenceRejected`.
    """

    def __init__(self, untrusted: Any, *, what: str) -> None:
        if not isinstance(untrusted, Mapping):
            raise EvidenceRejected("bad_type", f"{what} is not a map")
        self._left = dict(untrusted)
        self._what = what

    def take(self, name: str) -> Any:
        """Take a field of any type."""
        if name not in self._left:
            raise EvidenceRejected("missing_field", f"{self._what} has no field '{name}'")
        return self._left.pop(name)

    def data(self, name: str, *, size: int | None = None) -> bytes:
        """Take bytes, of an exact length where one is given."""
        value = self.take(name)
        if not isinstance(value, bytes) or (size is not None and len(value) != size):
            raise self.bad(name, "bytes" if size is None else f"{size} bytes")
        return value

    def text(self, name: str) -> str:
        """Take text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise self.bad(name, "text")
        return value

    def count(self, name: str) -> int:
        """Take an unsigned 64-bit integer."""
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _U64:
            raise self.bad(name, "an unsigned integer")
        return value

    def optional_count(self, name: str) -> int | None:
        """Take an unsigned 64-bit integer or null."""
        return None if self._take_null(name) else self.count(name)

    def optional_data(self, name: str, *, size: int | None = None) -> bytes | None:
        """Take bytes or null."""
        return None if self._take_null(name) else self.data(name, size=size)

    def optional_text(self, name: str) -> str | None:
        """Take text or null."""
        return None if self._take_null(name) else self.text(name)

    def integer(self, name: str) -> int:
        """Take a signed integer of at most 64 bits."""
        value = self.take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not -_U64 // 2 <= value < _U64 // 2:
            raise self.bad(name, "an integer")
        return value

    def flag(self, name: str) -> bool:
        """Take true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise self.bad(name, "true or false")
        return value

    def byte_strings(self, name: str) -> list[bytes]:
        """Take a list of byte strings."""
        values = self.items(name)
        if not all(isinstance(value, bytes) for value in values):
            raise self.bad(name, "a list of byte strings")
        return values

    def items(self, name: str) -> list[Any]:
        """Take a list."""
        value = self.take(name)
        if not isinstance(value, list):
            raise self.bad(name, "a list")
        return value

    def hashes(self, name: str) -> tuple[bytes, ...]:
        """Take a list of 32-byte values."""
        values = self.items(name)
        if not all(isinstance(value, bytes) and len(value) == 32 for value in values):
            raise self.bad(name, "a list of 32-byte hashes")
        return tuple(values)

    def end(self) -> None:
        """Refuse fields that this version does not know: what nobody checks must not look checked."""
        if self._left:
            raise EvidenceRejected("unknown_field", f"{self._what} has unknown fields {sorted(self._left)}")

    def bad(self, name: str, expected: str) -> EvidenceRejected:
        """Return the error for a field of the wrong kind."""
        return EvidenceRejected("bad_type", f"field '{name}' of {self._what} is not {expected}")

    def _take_null(self, name: str) -> bool:
        if self._left.get(name, ...) is not None:
            return False
        del self._left[name]
        return True
