"""Which epochs of a delegated position are claimed: the last one claimed without gaps, and a 128-bit window above it.

Epoch last + 1 is the top bit. Source: `DelegatedPositionV0` of helium_sub_daos (sheet 1.9).
"""

from dataclasses import dataclass

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["ClaimBitmap"]

_WIDTH = 128
_TOP = 1 << (_WIDTH - 1)
_ALL = (1 << _WIDTH) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimBitmap:
    """An immutable state; `claim` and `unclaim` return the next one."""

    last_claimed_epoch: int
    bitmap: int

    def is_claimed(self, epoch: int) -> bool:
        """Say whether an epoch is claimed; True at or below the last. Raises `EconomyRejected` invalid_claim_epoch."""
        return epoch <= self.last_claimed_epoch or bool(self.bitmap & self._bit(epoch))

    def claim(self, epoch: int) -> "ClaimBitmap":
        """Mark an epoch, then move the window past every leading claimed one.

        Raises `EconomyRejected` invalid_claim_epoch at or below the last, or beyond the window.
        """
        if epoch <= self.last_claimed_epoch:
            raise EconomyRejected("invalid_claim_epoch", f"epoch {epoch} is claimed already")
        last, bitmap = self.last_claimed_epoch, self.bitmap | self._bit(epoch)
        while bitmap & _TOP:
            last, bitmap = last + 1, bitmap << 1 & _ALL
        return ClaimBitmap(last_claimed_epoch=last, bitmap=bitmap)

    def unclaim(self, epoch: int) -> "ClaimBitmap":
        """Clear an epoch, moving the window back as far as needed.

        Like the program, epochs between it and the last one become claimable again: only zeros shift in. Raises
        `EconomyRejected` invalid_claim_epoch when a claimed epoch would fall out, or beyond the window.
        """
        last, bitmap = self.last_claimed_epoch, self.bitmap
        while epoch <= last:
            if bitmap & 1:
                raise EconomyRejected("invalid_claim_epoch", "a claimed epoch would fall out of the window")
            last, bitmap = last - 1, bitmap >> 1
        moved = ClaimBitmap(last_claimed_epoch=last, bitmap=bitmap)
        return ClaimBitmap(last_claimed_epoch=last, bitmap=bitmap & ~moved._bit(epoch))

    def _bit(self, epoch: int) -> int:
        offset = epoch - self.last_claimed_epoch - 1
        if offset >= _WIDTH:
            raise EconomyRejected("invalid_claim_epoch", f"epoch {epoch} is beyond the window of {_WIDTH}")
        return _TOP >> offset
