"""One piece of evidence and its hashes. Made by the agent's evidence log, opened again by the bundle verifier.

The leaf is salted, so that a published leaf says nothing of a body that is not published (many bodies are guessable).
It covers header and body together; once a body is deleted, kind, agent and sequence number stay bound by the id.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.fields import Fields, decode_map

__all__ = ["BOOT_ID_BYTES", "SALT_BYTES", "Entry", "EntryKind", "Stamp", "TimeSource", "entry_id", "leaf_hash"]

SALT_BYTES = 32
BOOT_ID_BYTES = 16
_LEAF_DOMAIN = b"skerry/evidence/leaf/1\x00"
_ID_DOMAIN = b"skerry/evidence/id/1\x00"


class EntryKind(StrEnum):
    """What the body of an entry is."""

    BEACON_REPORT = "beacon_report"  # signed lora_beacon_report_req_v1, as sent or as received
    WITNESS_REPORT = "witness_report"  # signed lora_witness_report_req_v1
    SESSION_OFFER = "session_offer"  # lora_stream_session_offer_v1 as received: the server's nonce
    SESSION_INIT = "session_init"  # signed lora_stream_session_init_v1
    ENTROPY = "entropy"  # entropy_report_v1 as received
    REGION_ANSWER = "region_answer"  # signed gateway_region_params_res_v1 as received
    REGISTRATION = "registration"  # admission record signed by gateway and owner
    ASSERTION = "assertion"  # location record signed by the owner
    STATEMENT = "statement"  # the oracle's signed statement on one beacon (skerry_coverage.bundle.statement)
    FRAME = "frame"  # a received radio frame with its metadata
    PACKETS = "packets"  # Merkle root of ten minutes of data packets (skerry_coverage.evidence.packets)
    CLOCK_SYNC = "clock_sync"  # wall time of this boot became known: stamps earlier entries of the boot


class TimeSource(StrEnum):
    """Where the wall time of a stamp comes from."""

    NONE = "none"  # not synchronised since boot: monotonic time only
    NTP = "ntp"
    GNSS = "gnss"
    OPERATOR = "operator"  # the operator's answer carried a time
    MANUAL = "manual"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When something happened: always boot and monotonic time, wall time only once it was known."""

    boot_id: bytes
    monotonic_ns: int
    wall_ns: int | None
    source: TimeSource
    error_ns: int | None  # half width of the interval that holds the true time

    def to_map(self) -> dict[str, object]:
        """Return the fields as they are hashed."""
        return {
            "boot": self.boot_id,
            "mono_ns": self.monotonic_ns,
            "wall_ns": self.wall_ns,
            "time": str(self.source),
            "error_ns": self.error_ns,
        }

    @classmethod
    def take_from(cls, fields: Fields) -> "Stamp":
        """Take a stamp's fields out of an untrusted map. Raises `EvidenceRejected`."""
        source = fields.text("time")
        if source not in set(TimeSource):
            raise fields.bad("time", "a known time source")
        return cls(
            boot_id=fields.data("boot", size=BOOT_ID_BYTES),
            monotonic_ns=fields.count("mono_ns"),
            wall_ns=fields.optional_count("wall_ns"),
            source=TimeSource(source),
            error_ns=fields.optional_count("error_ns"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was sent or received. `body` holds the exact bytes; they are never encoded again.

    `link` and `source` say how it came (`udp`, `127.0.0.1:40001`); `refs` are ids of entries that it rests on, such as
    the session that signed it. `kind` is an `EntryKind` in what we write; a reader meets newer kinds too.
    """

    kind: str
    agent: bytes
    seq: int
    stamp: Stamp
    link: str
    source: str
    refs: tuple[bytes, ...] = ()
    body: bytes

    def header(self) -> bytes:
        """Return everything but the body as it is hashed."""
        return dcbor.encode(
            {
                "kind": str(self.kind),
                "agent": self.agent,
                "seq": self.seq,
                "link": self.link,
                "source": self.source,
                "refs": list(self.refs),
                **self.stamp.to_map(),
            }
        )

    def leaf(self, salt: bytes) -> bytes:
        """Return the salted leaf hash."""
        return leaf_hash(salt, self.header(), self.body)

    def id(self, salt: bytes) -> bytes:
        """Return the entry's id, which other entries and people use."""
        return entry_id(kind=self.kind, agent=self.agent, seq=self.seq, leaf=self.leaf(salt))

    @classmethod
    def from_parts(cls, header: bytes, body: bytes) -> "Entry":
        """Rebuild an entry from its untrusted header and body. Raises `EvidenceRejected`."""
        fields = decode_map(header, what="entry header")
        entry = cls(
            kind=fields.text("kind"),
            agent=fields.data("agent"),
            seq=fields.count("seq"),
            link=fields.text("link"),
            source=fields.text("source"),
            refs=fields.hashes("refs"),
            stamp=Stamp.take_from(fields),
            body=body,
        )
        fields.end()
        return entry


def leaf_hash(salt: bytes, header: bytes, body: bytes) -> bytes:
    """Return SHA-256(domain || salt || header length || header || body)."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, got {len(salt)}")
    return hashlib.sha256(_LEAF_DOMAIN + salt + len(header).to_bytes(4, "big") + header + body).digest()


def entry_id(*, kind: str, agent: bytes, seq: int, leaf: bytes) -> bytes:
    """Return SHA-256 over kind, agent key, sequence number and leaf, each length-prefixed where its size varies."""
    name = kind.encode()
    parts = (bytes([len(name)]), name, bytes([len(agent)]), agent, seq.to_bytes(8, "big"), leaf)
    return hashlib.sha256(_ID_DOMAIN + b"".join(parts)).digest()
