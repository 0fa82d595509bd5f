"""Gateways and pairs that are denied: an operator's signed list, or the published filter (iot-poc 4.7)."""

import struct
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from xxhash import xxh64_intdigest

from skerry_coverage.iot.errors import FilterRejected
from skerry_keys.verify import verify

__all__ = ["Denylist", "ExplicitDenylist", "FilterDenylist", "edge_hash", "node_hash", "read_filter_file"]

_U64 = (1 << 64) - 1
_MAX_FINGERPRINTS = 1 << 26  # 256 MB; the published filter has a few million


@lru_cache(maxsize=1 << 16)
def node_hash(key: bytes) -> int:
    """Return the 64-bit hash under which a gateway key stands in a filter."""
    return xxh64_intdigest(key)


@lru_cache(maxsize=1 << 16)
def edge_hash(a: bytes, b: bytes) -> int:
    """Return the hash of an unordered pair of gateway keys."""
    return xxh64_intdigest(a + b if a < b else b + a)


class Denylist(ABC):
    """What the rules ask; a missing list (None in their inputs) denies everything."""

    tag: int

    @abstractmethod
    def denies(self, key: bytes) -> bool:
        """Say whether a gateway is denied."""

    @abstractmethod
    def denies_edge(self, a: bytes, b: bytes) -> bool:
        """Say whether reports between two gateways are denied."""


@dataclass(frozen=True, slots=True)
class ExplicitDenylist(Denylist):
    """A list in full; `skerry-open` starts with an explicit empty one."""

    tag: int = 0
    keys: frozenset[bytes] = frozenset()
    edges: frozenset[frozenset[bytes]] = frozenset()

    @classmethod
    def of(
        cls, *, tag: int, keys: Iterable[bytes] = (), edges: Iterable[tuple[bytes, bytes]] = ()
    ) -> "ExplicitDenylist":
        """Return a list of keys and unordered pairs."""
        return cls(tag, frozenset(keys), frozenset(frozenset(edge) for edge in edges))

    def denies(self, key: bytes) -> bool:
        return key in self.keys

    def denies_edge(self, a: bytes, b: bytes) -> bool:
        return bool(self.edges) and frozenset((a, b)) in self.edges


@dataclass(frozen=True, slots=True)
class FilterDenylist(Denylist):
    """A published filter: never misses a denied key, and denies an innocent one with probability 2^-32."""

    tag: int
    seed: int
    fingerprints: Sequence[int] = field(repr=False)
    block_length: int = 0  # xor filter
    segment_length: int = 0  # binary fuse filter, with the next two
    segment_mask: int = 0
    segment_count_length: int = 0

    def denies(self, key: bytes) -> bool:
        return self.contains(node_hash(key))

    def denies_edge(self, a: bytes, b: bytes) -> bool:
        return self.contains(edge_hash(a, b))

    def contains(self, element: int) -> bool:
        """Look up a 64-bit hash."""
        if not self.fingerprints:
            return False
        mixed = _murmur_finish(element + self.seed & _U64)
        first, second, third = self._fuse_places(mixed) if self.segment_length else self._xor_places(mixed)
        prints = self.fingerprints
        return (mixed ^ mixed >> 32) & 0xFFFFFFFF == prints[first] ^ prints[second] ^ prints[third]

    def _xor_places(self, mixed: int) -> tuple[int, int, int]:
        length = self.block_length
        return (
            (mixed & 0xFFFFFFFF) * length >> 32,
            ((_rotate(mixed, 21) & 0xFFFFFFFF) * length >> 32) + length,
            ((_rotate(mixed, 42) & 0xFFFFFFFF) * length >> 32) + 2 * length,
        )

    def _fuse_places(self, mixed: int) -> tuple[int, int, int]:
        first = mixed * self.segment_count_length >> 64
        second = first + self.segment_length
        third = second + self.segment_length
        return first, second ^ (mixed >> 18 & self.segment_mask), third ^ (mixed & self.segment_mask)


def read_filter_file(content: bytes, *, trusted_keys: Iterable[bytes]) -> FilterDenylist:
    """Read a `filter.bin` whose signature one of the trusted keys made; `tag` is its serial number.

    Raises `FilterRejected` truncated, unknown_version, bad_signature, bad_filter.
    """
    reader = _Reader(content)
    version, signature_length = reader.take("<BH")
    if version not in (1, 2):
        raise FilterRejected("unknown_version", f"file version {version}")
    signature = reader.raw(signature_length)
    signed = content[reader.position :]
    if not any(verify(key, signed, signature) for key in trusted_keys):
        raise FilterRejected("bad_signature", "none of the trusted keys signed this list")
    (serial,) = reader.take("<I")
    variant = reader.take("<I")[0] if version == 2 else 0
    if variant == 0:
        return _read_xor(serial, reader)
    if variant == 1:
        return _read_fuse(serial, reader)
    raise FilterRejected("bad_filter", f"filter variant {variant}")


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0

    def raw(self, size: int) -> bytes:
        part = self._content[self.position : self.position + size]
        if len(part) != size:
            raise FilterRejected("truncated", f"{size} bytes wanted at {self.position}, {len(part)} are left")
        self.position += size
        return part

    def take(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.raw(struct.calcsize(layout)))

    def fingerprints(self) -> "array[int]":
        (count,) = self.take("<Q")
        if count > _MAX_FINGERPRINTS:
            raise FilterRejected("bad_filter", f"{count} fingerprints")
        raw = self.raw(4 * count)
        if self.position != len(self._content):
            raise FilterRejected("bad_filter", "bytes after the filter")
        numbers = array("I", raw)
        if struct.pack("=H", 1) != struct.pack("<H", 1):  # the file is little-endian on every machine
            numbers.byteswap()
        return numbers


def _read_xor(serial: int, reader: _Reader) -> FilterDenylist:
    seed, block_length = reader.take("<QQ")
    prints = reader.fingerprints()
    if 3 * block_length != len(prints):
        raise FilterRejected("bad_filter", f"{len(prints)} fingerprints for blocks of {block_length}")
    return FilterDenylist(tag=serial, seed=seed, fingerprints=prints, block_length=block_length)


def _read_fuse(serial: int, reader: _Reader) -> FilterDenylist:
    seed, length, mask, count_length = reader.take("<QIII")
    prints = reader.fingerprints()
    # The mask flips bits inside a segment, so segments are powers of two and three must fit behind the last start.
    if prints and (length == 0 or mask != length - 1 or length & mask or count_length + 2 * length > len(prints)):
        raise FilterRejected("bad_filter", f"segments of {length} do not fit {len(prints)} fingerprints")
    return FilterDenylist(
        tag=serial,
        seed=seed,
        fingerprints=prints,
        segment_length=length,
        segment_mask=mask,
        segment_count_length=count_length,
    )


def _rotate(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _U64


def _murmur_finish(value: int) -> int:
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & _U64
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & _U64
    return value ^ value >> 33
