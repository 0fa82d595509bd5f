"""Three books side by side: what the oracle stated, what the ledger booked, what the chain holds, for every owner."""

from collections import Counter
from dataclasses import dataclass

from skerry_agent.operator.house import OperatorHouse
from skerry_coverage.manifest import Manifest
from skerry_oracle.epochs.driver import EpochState
from skerry_wallet.address import address_bytes
from skerry_wallet.ledger.book import owner_account
from skerry_wallet.ledger.reconcile import Difference
from skerry_wallet.splits.booking import SPLIT_PAYOUT
from skerry_wallet.tokens import token_balances

__all__ = ["Books", "OwnerBooks", "compare_books"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerBooks:
    """One owner's reward token, in base units; `stated` are paid epochs, `pending` signed ones that are not paid.

    `shared` is what split payouts from this folder brought to the wallet, negative for who paid them.
    """

    owner: str
    stated: int
    pending: int
    booked: int
    held: int
    shared: int = 0

    def finding(self) -> str:
        """Return what differs and what that usually means, "" when nothing does."""
        if self.stated + self.shared != self.booked:
            return f"oracle stated {self.stated}, ledger booked {self.booked}: a payment is not booked, or not stated"
        if self.held < self.booked:
            return f"{self.booked - self.held} base units left the wallet since: sent by its owner"
        if self.held > self.booked:
            return f"{self.held - self.booked} base units more than were paid: received from elsewhere"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """All owners of one network, and every difference between ledger and chain, supplies included."""

    token: str
    owners: tuple[OwnerBooks, ...]
    differences: tuple[Difference, ...]

    @property
    def agree(self) -> bool:
        """Whether oracle, ledger and chain agree to the last unit."""
        return not self.differences and not any(owner.finding() for owner in self.owners)


async def compare_books(house: OperatorHouse) -> Books:
    """Compare them. Raises `ClusterError`."""
    stated, pending = await _stated(house)
    token = house.treasury.tokens.tokens[house.network.reward_token]
    booked = await house.treasury.ledger.balances(token.mint, prefix=owner_account(""))
    shared = await house.treasury.ledger.balances(token.mint, prefix=owner_account(""), kind=SPLIT_PAYOUT)
    names = {account.removeprefix(owner_account("")) for account in booked}
    owners = sorted(names | stated.keys() | pending.keys())
    held = await token_balances(house.cluster, token.mint, [address_bytes(owner) for owner in owners])
    rows = tuple(
        OwnerBooks(
            owner=owner,
            stated=stated[owner],
            pending=pending[owner],
            booked=booked.get(owner_account(owner), 0),
            held=balance.amount,
            shared=shared.get(owner_account(owner), 0),
        )
        for owner, balance in zip(owners, held, strict=True)
    )
    return Books(token=token.name, owners=rows, differences=(await house.treasury.compare(owners)).differences)


async def _stated(house: OperatorHouse) -> tuple[Counter[str], Counter[str]]:
    paid: Counter[str] = Counter()
    pending: Counter[str] = Counter()
    for epoch in await house.oracle.epochs.all():
        manifest = await house.oracle.manifest(epoch.epoch)
        if manifest is None or epoch.state == EpochState.UNPAID.value:
            continue
        target = paid if epoch.state == EpochState.PAID.value else pending
        target.update(Manifest.from_bytes(manifest.body).owner_totals())
    return paid, pending
