"""Owner-signed records as entry bodies: the record's exact bytes with the signatures beside them.

A registration is signed by gateway and owner, a location by the owner; the record itself is canonical JSON made by
`skerry_oracle.registry`, signed over its SHA-256 in the evidence domain of its kind. Read here by the verifier, which
needs no more of it than a proof does.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skerry_core import strict_json
from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import decode_map
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import evidence_message
from skerry_keys.verify import verify

__all__ = ["OwnerRecord", "SignedRecord"]

MAX_RECORD_BYTES = 4096
_DOMAINS = {EntryKind.REGISTRATION: "registration", EntryKind.ASSERTION: "location"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRecord:
    """What gateway and owner state together (registration), or the owner about the place (location)."""

    kind: EntryKind
    network: str
    gateway: bytes
    owner: bytes
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRecord:
    """The body of a `registration` or `assertion` entry; `gateway_signature` is empty for a location."""

    record: bytes
    owner_signature: bytes
    gateway_signature: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the entry body."""
        return dcbor.encode(
            {
                "record": self.record,
                "owner_signature": self.owner_signature,
                "gateway_signature": self.gateway_signature,
            }
        )

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> "SignedRecord":
        """Decode an entry body. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="signed record")
        signed = cls(
            record=fields.data("record"),
            owner_signature=fields.data("owner_signature"),
            gateway_signature=fields.data("gateway_signature"),
        )
        fields.end()
        return signed

    def read(self, kind: EntryKind) -> OwnerRecord:
        """Return the record after reading it as `kind`. Raises `EvidenceRejected`; signatures are not checked here."""
        try:
            members = strict_json.loads(self.record, limit_bytes=MAX_RECORD_BYTES)
            if not isinstance(members, dict) or strict_json.canonical(members) != self.record:
                raise ValueError("it is not in canonical form")
            if members["kind"] != _DOMAINS[kind] or members["version"] != 1:
                raise ValueError(f"it is no {_DOMAINS[kind]} record of version 1")
            return OwnerRecord(
                kind=kind,
                network=str(members["network"]),
                gateway=PublicKey.from_address(members["gateway"]).binary,
                owner=PublicKey.from_address(members["owner"]).binary,
                members=members,
            )
        except (strict_json.JsonRejected, KeyRejected, ValueError, TypeError, KeyError) as error:
            raise EvidenceRejected("bad_record", str(error)) from None

    def is_signed(self, record: OwnerRecord) -> bool:
        """Say whether everybody who has to sign the record did."""
        digest = hashlib.sha256(self.record).digest()
        message = evidence_message(_DOMAINS[record.kind], record.network, digest)
        if not verify(record.owner, message, self.owner_signature):
            return False
        return record.kind is EntryKind.ASSERTION or verify(record.gateway, message, self.gateway_signature)
