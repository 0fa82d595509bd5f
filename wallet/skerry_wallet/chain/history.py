"""Which transactions landed and where the journal keeps them; found by signature. Used by `Bank`.

A year of payouts is hundreds of thousands of entries, so what a snapshot holds stays packed and sorted.
"""

from array import array
from bisect import bisect_left, bisect_right

__all__ = ["History"]

_PREFIX = 16  # bytes of the signature that name it; 2**-128 is no chance worth storing 48 bytes more
_OFFSET = 8
_ENTRY = _PREFIX + _OFFSET


class History:
    """Signatures to journal offsets."""

    def __init__(self, packed: bytes = b"") -> None:
        self._packed = _Packed(packed)
        self._recent: dict[bytes, int] = {}
        self._offsets = array("Q", sorted(self._packed.offset(index) for index in range(len(self._packed))))

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, signature: bytes, offset: int) -> None:
        """Remember a landed transaction; offsets only grow."""
        self._recent[signature[:_PREFIX]] = offset
        self._offsets.append(offset)

    def find(self, signature: bytes) -> int | None:
        """Return the journal offset of a transaction, None when it never landed."""
        prefix = signature[:_PREFIX]
        if prefix in self._recent:
            return self._recent[prefix]
        index = bisect_left(self._packed, prefix)
        if index < len(self._packed) and self._packed[index] == prefix:
            return self._packed.offset(index)
        return None

    def record_at(self, position: int) -> int:
        """Return the offset of the record that holds a journal position."""
        return self._offsets[bisect_right(self._offsets, position) - 1]

    def pack(self) -> bytes:
        """Return the content for a snapshot."""
        entries = [self._packed.entry(index) for index in range(len(self._packed))]
        entries += [prefix + offset.to_bytes(_OFFSET, "little") for prefix, offset in self._recent.items()]
        return b"".join(sorted(entries))


class _Packed:
    """A sorted run of entries seen as a sequence of prefixes, for bisection without unpacking."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw) // _ENTRY

    def __getitem__(self, index: int) -> bytes:
        return self._raw[index * _ENTRY : index * _ENTRY + _PREFIX]

    def entry(self, index: int) -> bytes:
        return self._raw[index * _ENTRY : (index + 1) * _ENTRY]

    def offset(self, index: int) -> int:
        return int.from_bytes(self._raw[index * _ENTRY + _PREFIX : (index + 1) * _ENTRY], "little")
