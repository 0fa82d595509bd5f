"""What may be signed, and by whom. There is no way to sign bytes that somebody else supplies.

Our own signatures start with a domain string and the network id, so that no signed byte string of one purpose can be
replayed for another (DESIGN, Keys).
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["Signer", "evidence_message"]

_EVIDENCE_PREFIX = b"skerry\x00"


class Signer(ABC):
    """One private key behind the three things it may do; implementations may block for a hardware key's answer."""

    @property
    @abstractmethod
    def public_key(self) -> bytes:
        """The public key binary: tag byte and key (iot-poc 2.4)."""

    @abstractmethod
    def sign_helium(self, message: "Message") -> bytes:
        """Sign the encoding of a `helium.*` message with its signature fields empty; return the signature.

        Raises `ValueError` for a message of another package or one that has no signature field.
        """

    @abstractmethod
    def sign_evidence(self, domain: str, network: str, digest: bytes) -> bytes:
        """Sign `evidence_message(domain, network, digest)`; return the signature. `digest` is 32 bytes."""

    @abstractmethod
    def sign_transaction(self, message: bytes) -> bytes:
        """Sign a Solana transaction message that this program decoded itself; return the 64-byte signature.

        Raises `ValueError` when the bytes do not parse as a transaction message that names this key as a signer.
        """


def evidence_message(domain: str, network: str, digest: bytes) -> bytes:
    """Return the bytes that an evidence signature covers: prefix, domain, network and digest, each length-prefixed."""
    if len(digest) != 32:
        raise ValueError(f"a digest has 32 bytes, got {len(digest)}")
    parts = (domain.encode(), network.encode(), digest)
    return _EVIDENCE_PREFIX + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
