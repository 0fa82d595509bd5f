"""The content of a bundle as typed values. The exporter builds it, the verifier takes it apart again.

A log's entries come in segments, one per seal: all leaves under the seal as hashes, and those entries in full that the
exporter chose to show. Leaving an entry out is the only redaction; its leaf stays, so that nobody can hide a gap.
"""

from dataclasses import dataclass
from typing import Any

from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.evidence.entry import SALT_BYTES, Entry
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import Fields
from skerry_coverage.evidence.seal import SignedSeal

__all__ = ["Bundle", "LogExtract", "OpenedEntry", "Segment"]

HASH_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedEntry:
    """An entry shown in full, with its audit path to the segment's seal."""

    salt: bytes
    header: bytes
    body: bytes
    path: tuple[bytes, ...]

    def entry(self) -> Entry:
        """Return the entry. Raises `EvidenceRejected`."""
        return Entry.from_parts(self.header, self.body)

    def to_map(self) -> dict[str, Any]:
        """Return the fields as they are encoded."""
        return {"salt": self.salt, "header": self.header, "body": self.body, "path": list(self.path)}

    @classmethod
    def from_map(cls, untrusted: Any) -> "OpenedEntry":
        """Raises `EvidenceRejected`."""
        fields = Fields(untrusted, what="entry")
        opened = cls(
            salt=fields.data("salt", size=SALT_BYTES),
            header=fields.data("header"),
            body=fields.data("body"),
            path=fields.hashes("path"),
        )
        fields.end()
        return opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What one seal added: `leaves` from the seal's `first_seq` on, `chain_before` the chain value ahead of them.

    `consistency` shows that this seal's tree extends the tree of the segment before (empty for the first).
    """

    seal: SignedSeal
    chain_before: bytes
    leaves: tuple[bytes, ...]
    entries: tuple[OpenedEntry, ...]
    consistency: tuple[bytes, ...]

    def to_map(self) -> dict[str, Any]:
        """Return the fields as they are encoded."""
        return {
            "seal": self.seal.seal,
            "signature": self.seal.signature,
            "chain_before": self.chain_before,
            "leaves": b"".join(self.leaves),
            "entries": [entry.to_map() for entry in self.entries],
            "consistency": list(self.consistency),
        }

    @classmethod
    def from_map(cls, untrusted: Any) -> "Segment":
        """Raises `EvidenceRejected`."""
        fields = Fields(untrusted, what="segment")
        leaves = fields.data("leaves")
        if len(leaves) % HASH_BYTES:
            raise EvidenceRejected("bad_type", "leaves are 32 bytes each")
        segment = cls(
            seal=SignedSeal(seal=fields.data("seal"), signature=fields.data("signature")),
            chain_before=fields.data("chain_before", size=HASH_BYTES),
            leaves=tuple(leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES)),
            entries=tuple(OpenedEntry.from_map(entry) for entry in fields.items("entries")),
            consistency=fields.hashes("consistency"),
        )
        fields.end()
        return segment


@dataclass(frozen=True, slots=True, kw_only=True)
class LogExtract:
    """Segments of one agent's log, oldest first."""

    agent: bytes
    segments: tuple[Segment, ...]

    def to_map(self) -> dict[str, Any]:
        """Return the fields as they are encoded."""
        return {"agent": self.agent, "segments": [segment.to_map() for segment in self.segments]}

    @classmethod
    def from_map(cls, untrusted: Any) -> "LogExtract":
        """Raises `EvidenceRejected`."""
        fields = Fields(untrusted, what="log")
        extract = cls(
            agent=fields.data("agent"),
            segments=tuple(Segment.from_map(segment) for segment in fields.items("segments")),
        )
        fields.end()
        return extract


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Everything in a bundle file. `profile` holds the exact bytes of the network profile that the reports fell under.

    `made_by` names the program and version that exported it; nothing signs it, so it proves nothing.
    """

    network: str
    made_by: str
    profile: bytes
    logs: tuple[LogExtract, ...]
    anchors: tuple[bytes, ...] = ()

    def to_map(self) -> dict[str, Any]:
        """Return the body of the bundle file."""
        return {
            "network": self.network,
            "made_by": self.made_by,
            "profile": self.profile,
            "logs": [log.to_map() for log in self.logs],
            "anchors": list(self.anchors),
        }

    @classmethod
    def from_map(cls, untrusted: dict[str, Any]) -> "Bundle":
        """Take the body of a bundle file apart. Raises `BundleRejected`."""
        try:
            fields = Fields(untrusted, what="bundle")
            bundle = cls(
                network=fields.text("network"),
                made_by=fields.text("made_by"),
                profile=fields.data("profile"),
                logs=tuple(LogExtract.from_map(log) for log in fields.items("logs")),
                anchors=tuple(fields.byte_strings("anchors")),
            )
            fields.end()
        except EvidenceRejected as error:
            raise BundleRejected(error.reason, error.detail) from None
        return bundle
