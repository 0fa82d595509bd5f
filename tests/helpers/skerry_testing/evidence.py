"""Keys and records for evidence tests."""

from skerry_coverage.evidence.entry import Entry, EntryKind, Stamp, TimeSource
from skerry_keys.signer import Signer
from skerry_keys.software import SoftwareSigner

__all__ = ["BOOT", "entry", "salt", "signer_of", "stamp"]

BOOT = bytes(range(16))


def signer_of(number: int = 1) -> Signer:
    """Return a real Ed25519 signer from a seed number."""
    return SoftwareSigner.from_seed(number.to_bytes(32, "big"))


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
        agent=signer_of().public_key if agent is None else agent,
        seq=seq,
        stamp=stamp(1_700_000_000 + seq),
        link="udp",
        source="127.0.0.1:40001",
        body=body,
    )
