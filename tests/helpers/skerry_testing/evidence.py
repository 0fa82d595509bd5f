"""Keys and records for evidence tests: a real Ed25519 signer that signs evidence only."""

from dataclasses import dataclass

from google.protobuf.message import Message
from nacl.signing import SigningKey

from skerry_coverage.evidence.entry import Entry, EntryKind, Stamp, TimeSource
from skerry_keys.signer import Signer, evidence_message

__all__ = ["BOOT", "TestSigner", "entry", "salt", "stamp"]

BOOT = bytes(range(16))


@dataclass(frozen=True)
class TestSigner(Signer):
    """An Ed25519 key from a seed number."""

    __test__ = False
    number: int = 1

    @property
    def _key(self) -> SigningKey:
        return SigningKey(self.number.to_bytes(32, "big"))

    @property
    def public_key(self) -> bytes:
        return b"\x01" + bytes(self._key.verify_key)

    def sign_helium(self, message: Message) -> bytes:
        message.ClearField("signature")
        return bytes(self._key.sign(message.SerializeToString(deterministic=True)).signature)

    def sign_evidence(self, domain: str, network: str, digest: bytes) -> bytes:
        return bytes(self._key.sign(evidence_message(domain, network, digest)).signature)

    def sign_transaction(self, message: bytes) -> bytes:
        raise ValueError("no transactions here")


def stamp(at_s: int = 1_700_000_000, *, synchronised: bool = True) -> Stamp:
    """Return a stamp of one boot that began at time 0."""
    return Stamp(
        boot_id=BOOT,
        monotonic_ns=at_s * 10**9,
        wall_ns=at_s * 10**9 if synchronised else None,
        source=TimeSource.NTP if synchronised else TimeSource.NONE,
        error_ns=5_000_000 if synchronised else None,
    )


def salt(seq: int) -> bytes:
    """Return a predictable salt."""
    return seq.to_bytes(32, "big")


def entry(seq: int = 0, *, agent: bytes | None = None, body: bytes = b"body", kind: str = EntryKind.FRAME) -> Entry:
    """Return an entry that differs by its sequence number."""
    return Entry(
        kind=kind,
        agent=TestSigner().public_key if agent is None else agent,
        seq=seq,
        stamp=stamp(1_700_000_000 + seq),
        link="udp",
        source="127.0.0.1:40001",
        body=body,
    )
