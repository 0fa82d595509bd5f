"""Data packets in evidence: one Merkle root per ten minutes instead of an entry per packet.

Raw packets are telemetry with a short life; whoever still has one can show with an inclusion proof that it was carried.
"""

import hashlib
from dataclasses import dataclass

from skerry_coverage.evidence import dcbor, merkle
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import decode_map

__all__ = ["WINDOW_NS", "PacketRoot", "PacketWindow", "packet_leaf", "window_start"]

WINDOW_NS = 600 * 1_000_000_000  # ten minutes (DESIGN, Evidence and proofs)
_PACKET_DOMAIN = b"skerry/evidence/packet/1\x00"


def packet_leaf(*, received_ns: int, frequency_hz: int, datarate: str, phy: bytes) -> bytes:
    """Return the leaf of one packet."""
    record = dcbor.encode({"at_ns": received_ns, "hz": frequency_hz, "datarate": datarate, "phy": phy})
    return hashlib.sha256(_PACKET_DOMAIN + record).digest()


def window_start(wall_ns: int) -> int:
    """Return the start of the ten-minute window that holds a time."""
    return wall_ns - wall_ns % WINDOW_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRoot:
    """The body of a `packets` entry."""

    start_ns: int
    count: int
    root: bytes

    def to_bytes(self) -> bytes:
        """Return the entry body."""
        return dcbor.encode({"start_ns": self.start_ns, "count": self.count, "root": self.root})

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> "PacketRoot":
        """Decode an entry body. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="packet root")
        result = cls(start_ns=fields.count("start_ns"), count=fields.count("count"), root=fields.data("root", size=32))
        fields.end()
        if result.start_ns % WINDOW_NS or not result.count:
            raise EvidenceRejected("bad_range", "a packet root covers one full ten-minute window with a packet in it")
        return result


class PacketWindow:
    """Collects one agent's packet leaves and gives out a root for each window that has ended. Not thread-safe."""

    def __init__(self) -> None:
        self._leaves: dict[int, list[bytes]] = {}

    @property
    def start_ns(self) -> int | None:
        """The start of the earliest window with a packet in it; None when there is none."""
        return min(self._leaves, default=None)

    def add(self, *, received_ns: int, frequency_hz: int, datarate: str, phy: bytes) -> None:
        """Count a packet in the window of its receive time."""
        leaf = packet_leaf(received_ns=received_ns, frequency_hz=frequency_hz, datarate=datarate, phy=phy)
        self._leaves.setdefault(window_start(received_ns), []).append(leaf)

    def ended(self, now_ns: int | None) -> list[PacketRoot]:
        """Remove and return the roots of windows over at `now_ns`; all windows when it is None (shutdown)."""
        due = sorted(start for start in self._leaves if now_ns is None or start + WINDOW_NS <= now_ns)
        return [_root_of(start, self._leaves.pop(start)) for start in due]


def _root_of(start_ns: int, leaves: list[bytes]) -> PacketRoot:
    return PacketRoot(start_ns=start_ns, count=len(leaves), root=merkle.root(leaves))
