"""The accounts at one point of the journal, so that opening replays only what came later. Written by `Bank`.

File: 8 bytes of magic, SHA-256 of the rest, CBOR body.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cbor2

from skerry_core.files import write_atomic
from skerry_wallet.errors import ChainDamaged

__all__ = ["Snapshot", "StoredAccount"]

_MAGIC = b"SKSNAPS1"
_DIGEST = 32

StoredAccount = tuple[bytes, int, bytes, bool, bytes]  # key, lamports, owning program, executable, data


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """State after the records before `offset`; `recent` maps message hashes to slots (for duplicates)."""

    offset: int
    unix_ms: int
    accounts: list[StoredAccount]
    recent: dict[bytes, int]
    history: bytes

    def write(self, path: Path) -> None:
        """Replace the file. Raises `OSError` with the old file kept."""
        body = cbor2.dumps([self.offset, self.unix_ms, self.accounts, self.recent, self.history])
        write_atomic(path, _MAGIC + hashlib.sha256(body).digest() + body)

    @classmethod
    def read(cls, path: Path) -> "Snapshot | None":
        """Return the stored snapshot, None when there is none. Raises `ChainDamaged`."""
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return None
        start = len(_MAGIC) + _DIGEST
        body = raw[start:]
        if raw[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != raw[len(_MAGIC) : start]:
            raise ChainDamaged(f"{path.name} fails its checksum")
        offset, unix_ms, accounts, recent, history = cbor2.loads(body)
        return cls(
            offset=offset,
            unix_ms=unix_ms,
            accounts=[(key, lamports, owner, executable, data) for key, lamports, owner, executable, data in accounts],
            recent=recent,
            history=history,
        )
