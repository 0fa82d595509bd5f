"""The hash chain over leaves: one running value that names everything an agent ever recorded, in order."""

import hashlib
from collections.abc import Iterable

__all__ = ["extend", "genesis", "run"]

_GENESIS_DOMAIN = b"skerry/evidence/genesis/1\x00"
_LINK_DOMAIN = b"skerry/evidence/chain/1\x00"


def genesis(agent: bytes) -> bytes:
    """Return the chain value before an agent's first entry."""
    return hashlib.sha256(_GENESIS_DOMAIN + agent).digest()


def extend(previous: bytes, seq: int, leaf: bytes) -> bytes:
    """Return the chain value after the entry with sequence number `seq`."""
    return hashlib.sha256(_LINK_DOMAIN + previous + seq.to_bytes(8, "big") + leaf).digest()


def run(previous: bytes, first_seq: int, leaves: Iterable[bytes]) -> bytes:
    """Return the chain value after a run of leaves."""
    for seq, leaf in enumerate(leaves, first_seq):
        previous = extend(previous, seq, leaf)
    return previous
