"""Compares the ledger with the chain, account by account and supply by supply, to the last unit."""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_wallet.address import address_bytes
from skerry_wallet.cluster import Cluster
from skerry_wallet.ledger.book import BURNED, EMISSION, Ledger
from skerry_wallet.tokens import read_mint, token_balances

__all__ = ["Difference", "Reconciliation", "reconcile"]

SUPPLY = "supply"
_OWNER = "owner:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An account (or `supply`) that the two disagree on, in base units; `note` says in words what differs."""

    account: str
    token: str
    ledger: int
    chain: int
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.account} {self.token}: ledger {self.ledger}, chain {self.chain}{note}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What was compared and what differs."""

    accounts: int
    differences: tuple[Difference, ...]

    @property
    def matches(self) -> bool:
        """Whether every balance is equal to the last unit."""
        return not self.differences

    def __add__(self, other: "Reconciliation") -> "Reconciliation":
        return Reconciliation(accounts=self.accounts + other.accounts, differences=self.differences + other.differences)


async def reconcile(
    ledger: Ledger, cluster: Cluster, mints: Sequence[str], *, owners: Sequence[str] = ()
) -> Reconciliation:
    """Compare every booked wallet, the given owners besides, and the supply of every mint.

    The supply is what left `emission` less what was `burned`; it finds tokens that went to wallets nobody booked.
    Raises `ClusterError`.
    """
    differences: list[Difference] = []
    compared = 0
    for mint in mints:
        booked = await ledger.balances(mint)
        wallets = {name.removeprefix(_OWNER) for name in booked if name.startswith(_OWNER)} | set(owners)
        ordered = sorted(wallets)
        held = await token_balances(cluster, mint, [address_bytes(wallet) for wallet in ordered])
        for wallet, balance in zip(ordered, held, strict=True):
            _compare(differences, _OWNER + wallet, mint, booked.get(_OWNER + wallet, 0), balance.amount)
        supply, _ = await read_mint(cluster, mint)
        _compare(differences, SUPPLY, mint, -booked.get(EMISSION, 0) - booked.get(BURNED, 0), supply)
        compared += len(ordered) + 1
    return Reconciliation(accounts=compared, differences=tuple(differences))


def _compare(differences: list[Difference], account: str, token: str, ledger: int, chain: int) -> None:
    if ledger != chain:
        differences.append(Difference(account=account, token=token, ledger=ledger, chain=chain))
