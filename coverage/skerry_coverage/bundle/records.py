"""Owner-signed records as entry bodies: the record's exact bytes with the signatures beside them.

A registration is signed by gateway and owner, a location by the owner (`skerry_coverage.records`).
"""

from dataclasses import dataclass

from skerry_core.errors import UsageError
from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import decode_map
from skerry_coverage.records import Location, Registration, is_signed

__all__ = ["SignedRecord"]


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

    def registration(self) -> Registration:
        """Return the record as a registration. Raises `EvidenceRejected`; signatures are not checked here."""
        try:
            return Registration.from_bytes(self.record)
        except UsageError as error:
            raise EvidenceRejected("bad_record", error.detail) from None

    def location(self) -> Location:
        """Return the record as a location. Raises `EvidenceRejected`; signatures are not checked here."""
        try:
            return Location.from_bytes(self.record)
        except UsageError as error:
            raise EvidenceRejected("bad_record", error.detail) from None

    def is_signed(self, record: Registration | Location) -> bool:
        """Say whether everybody who has to sign the record did."""
        if not is_signed(record, record.owner, self.owner_signature):
            return False
        return isinstance(record, Location) or is_signed(record, record.gateway, self.gateway_signature)
