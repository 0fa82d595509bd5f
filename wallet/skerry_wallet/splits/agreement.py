"""How one hotspot's rewards are divided between its owner and its hosts. Pure integers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skerry_core.errors import UsageError
from skerry_wallet.address import address_bytes

__all__ = ["WHOLE", "Agreement", "Share"]

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One party's part, in basis points; `name` is the owner's word for it."""

    address: str
    basis_points: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Valid from `start_epoch` to `end_epoch`, both included; None is until further notice."""

    hotspot: str
    shares: tuple[Share, ...]
    start_epoch: int
    end_epoch: int | None = None

    def check(self) -> None:
        """Raise `UsageError` E_SPLIT_SHARES or E_SPLIT_EPOCHS for what cannot be agreed."""
        total = sum(share.basis_points for share in self.shares)
        if total != WHOLE or any(share.basis_points <= 0 for share in self.shares):
            raise UsageError(
                "E_SPLIT_SHARES",
                f"The shares are {total} basis points in all; every share must be above 0 and the sum {WHOLE}.",
                remedy="Name the owner's own share too: 7500 and 2500 are three quarters and one quarter.",
                params={"total": total},
            )
        addresses = [share.address for share in self.shares]
        if len(set(addresses)) != len(addresses):
            raise UsageError("E_SPLIT_SHARES", "An address has two shares.", remedy="Add them up.")
        for address in addresses:
            try:
                address_bytes(address)
            except ValueError as error:
                raise UsageError("E_WALLET_ADDRESS", f"{address} is no wallet address.") from error
        if self.start_epoch < 0 or (self.end_epoch is not None and self.end_epoch < self.start_epoch):
            raise UsageError("E_SPLIT_EPOCHS", "The agreement ends before it begins.")

    def covers(self, epoch: int) -> bool:
        """Say whether it is valid in an epoch."""
        return self.start_epoch <= epoch and (self.end_epoch is None or epoch <= self.end_epoch)

    def divide(self, amount: int) -> Mapping[str, int]:
        """Return address -> base units that add up to `amount` exactly.

        Largest remainder: every share is rounded down, and the units left over go one each to the shares that lost
        most by it; of equal losses the share named first gets the unit.
        """
        return dict(zip([share.address for share in self.shares], _parts(amount, self.shares), strict=True))


def _parts(amount: int, shares: Sequence[Share]) -> list[int]:
    exact = [divmod(amount * share.basis_points, WHOLE) for share in shares]
    parts = [whole for whole, _ in exact]
    by_loss = sorted(range(len(shares)), key=lambda index: -exact[index][1])  # stable: equal losses keep their order
    for index in by_loss[: amount - sum(parts)]:
        parts[index] += 1
    return parts
