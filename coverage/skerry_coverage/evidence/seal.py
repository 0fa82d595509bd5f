"""Seals: an agent's signature under everything it recorded so far, with the range of entries that are new in it."""

import hashlib
from dataclasses import dataclass

from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.entry import Stamp
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.fields import decode_map
from skerry_keys.signer import Signer, evidence_message

__all__ = ["NO_SEAL", "SEAL_DOMAIN", "Seal", "SignedSeal", "sign_seal"]

SEAL_DOMAIN = "skerry/evidence-seal/1"
NO_SEAL = bytes(32)  # stands for the seal before the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What is signed: the Merkle root and the chain value over entries 0 up to, not including, `tree_size`.

    Entries from `first_seq` on are new since the seal whose digest is `previous`.
    """

    agent: bytes
    network: str
    number: int
    first_seq: int
    tree_size: int
    root: bytes
    chain: bytes
    previous: bytes
    stamp: Stamp

    def to_bytes(self) -> bytes:
        """Return the bytes whose SHA-256 is signed."""
        return dcbor.encode(
            {
                "agent": self.agent,
                "network": self.network,
                "number": self.number,
                "first_seq": self.first_seq,
                "tree_size": self.tree_size,
                "root": self.root,
                "chain": self.chain,
                "previous": self.previous,
                **self.stamp.to_map(),
            }
        )

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> "Seal":
        """Decode a seal. Raises `EvidenceRejected`."""
        fields = decode_map(untrusted, what="seal")
        seal = cls(
            agent=fields.data("agent"),
            network=fields.text("network"),
            number=fields.count("number"),
            first_seq=fields.count("first_seq"),
            tree_size=fields.count("tree_size"),
            root=fields.data("root", size=32),
            chain=fields.data("chain", size=32),
            previous=fields.data("previous", size=32),
            stamp=Stamp.take_from(fields),
        )
        fields.end()
        if seal.first_seq >= seal.tree_size:
            raise EvidenceRejected("bad_range", f"seal {seal.number} covers no entry")
        if seal.stamp.wall_ns is None:
            raise EvidenceRejected("no_time", f"seal {seal.number} was made before the clock was set")
        return seal


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSeal:
    """A seal's exact bytes and the agent's signature."""

    seal: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of the seal's bytes: what is signed, and what the next seal names."""
        return hashlib.sha256(self.seal).digest()

    def decoded(self) -> Seal:
        """Return the seal. Raises `EvidenceRejected`."""
        return Seal.from_bytes(self.seal)

    def signed_message(self) -> bytes:
        """Return the bytes under the signature. Raises `EvidenceRejected`."""
        return evidence_message(SEAL_DOMAIN, self.decoded().network, self.digest)


def sign_seal(seal: Seal, signer: Signer) -> SignedSeal:
    """Sign a seal with the agent's key. Raises `ValueError` for another key or before the clock was synchronised."""
    if seal.agent != signer.public_key:
        raise ValueError("a seal is signed by the agent it names")
    if seal.stamp.wall_ns is None:
        raise ValueError("nothing is signed before the clock was synchronised")
    encoded = seal.to_bytes()
    digest = hashlib.sha256(encoded).digest()
    return SignedSeal(seal=encoded, signature=signer.sign_evidence(SEAL_DOMAIN, seal.network, digest))
