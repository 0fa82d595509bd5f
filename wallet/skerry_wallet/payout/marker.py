"""Marker accounts: addresses that the chain lets exist only once. Used by payouts and data-credit movements.

A marker is derived from the payer's key and a seed that names the cause. It is handed to the memo program, which can
never give it back, so not even the payer can remove it. It is made by transfer and allocate instead of create:
anybody can send lamports to a predictable address, and create would then fail for ever.
"""

import hashlib
from dataclasses import dataclass

from skerry_wallet.address import derived_with_seed
from skerry_wallet.programs import (
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    allocate_with_seed,
    transfer_lamports,
    transfer_with_seed,
)
from skerry_wallet.transaction import Instruction

__all__ = ["Anchor", "Marker"]

_SEED_LENGTH = 32  # characters; 128 bits of the hash, as long as Solana allows


@dataclass(frozen=True, slots=True)
class Marker:
    """The marker of one cause; equal causes of one payer give the same address."""

    payer: bytes
    cause: tuple[str, ...]  # network, kind and what names the single movement

    @property
    def seed(self) -> str:
        """The seed text: hexadecimal SHA-256 of the length-prefixed parts, cut to 32 characters."""
        return _seed(("marker", *self.cause))

    @property
    def address(self) -> bytes:
        """The account's 32 bytes."""
        return derived_with_seed(self.payer, self.seed, MEMO_PROGRAM)

    def instructions(self, *, rent_lamports: int) -> tuple[Instruction, ...]:
        """Return what creates the marker; the second fails when it is there."""
        return (
            transfer_lamports(source=self.payer, target=self.address, lamports=rent_lamports),
            allocate_with_seed(account=self.address, base=self.payer, seed=self.seed, size_bytes=0, owner=MEMO_PROGRAM),
        )


@dataclass(frozen=True, slots=True)
class Anchor:
    """Binds an epoch to one manifest on the chain: only batch 0 funds this account, every later batch draws on it.

    Batch 0 exists once per epoch (its marker does not depend on the manifest), the anchor's address depends on the
    manifest; so batches of another manifest for the same epoch fail, however little the payer remembers.
    """

    payer: bytes
    network: str
    epoch: int
    manifest_hash: bytes

    @property
    def seed(self) -> str:
        """The seed text."""
        return _seed(("anchor", self.network, str(self.epoch), self.manifest_hash.hex()))

    @property
    def address(self) -> bytes:
        """The account's 32 bytes; it stays with the system program, so that it can be drawn on."""
        return derived_with_seed(self.payer, self.seed, SYSTEM_PROGRAM)

    def fund(self, *, rent_lamports: int, draws: int) -> Instruction:
        """Return what batch 0 does: rent and one lamport for every later batch."""
        return transfer_lamports(source=self.payer, target=self.address, lamports=rent_lamports + draws)

    def draw(self) -> Instruction:
        """Return what every later batch does: take one lamport, impossible before batch 0 landed."""
        return transfer_with_seed(
            source=self.address, base=self.payer, seed=self.seed, owner=SYSTEM_PROGRAM, target=self.payer, lamports=1
        )


def _seed(parts: tuple[str, ...]) -> str:
    digest = hashlib.sha256(b"skerry\x00")
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.hexdigest()[:_SEED_LENGTH]
