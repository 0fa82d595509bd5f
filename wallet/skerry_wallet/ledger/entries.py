"""The entries of what settlement does. The agent books them when a payment is final."""

from collections.abc import Iterator

from skerry_wallet.dc.credits import CreditMovement
from skerry_wallet.ledger.book import BURNED, EMISSION, Entry, Posting, owner_account
from skerry_wallet.payout.payer import PayoutResult
from skerry_wallet.payout.payment import PaymentState

__all__ = ["credit_issue_entry", "payout_entries", "usage_entry"]


DC_PRICE_USD = "0.00001"
DC_PRICE_SOURCE = "fixed: 1 DC costs $0.00001"


def payout_entries(
    result: PayoutResult,
    *,
    at_s: int,
    source: str = EMISSION,
    price: str | None = None,
    price_source: str | None = None,
) -> Iterator[Entry]:
    """Yield one entry per final batch; `source` is `emission` when the payer mints, else the payer's account.

    `price` is in US dollars per whole token, as decimal text; None where no source has one.
    """
    for batch in result.batches:
        if batch.state is not PaymentState.FINAL:
            continue
        postings = []
        for line in batch.lines:
            postings.append(Posting(account=source, token=line.mint, amount=-line.amount))
            postings.append(Posting(account=owner_account(line.owner), token=line.mint, amount=line.amount))
        yield Entry(
            id=batch.key,
            at_s=at_s,
            kind="payout",
            cause=f"{result.network} epoch {result.epoch} manifest {result.manifest_hash.hex()}",
            postings=tuple(postings),
            signature=batch.signature,
            price=price,
            price_source=price_source,
        )


def credit_issue_entry(movement: CreditMovement, *, mint: str, owner: str, at_s: int, cause: str) -> Entry:
    """Return the entry of data credits that were issued; the movement must be final."""
    return _movement(movement, "issue", mint=mint, giver=EMISSION, taker=owner_account(owner), at_s=at_s, cause=cause)


def usage_entry(movement: CreditMovement, *, mint: str, owner: str, at_s: int, cause: str) -> Entry:
    """Return the entry of data credits that were burned for usage; the movement must be final."""
    return _movement(movement, "usage", mint=mint, giver=owner_account(owner), taker=BURNED, at_s=at_s, cause=cause)


def _movement(
    movement: CreditMovement, kind: str, *, mint: str, giver: str, taker: str, at_s: int, cause: str
) -> Entry:
    if movement.state is not PaymentState.FINAL:
        raise ValueError(f"{movement.key} is {movement.state.value}, only final movements are booked")
    return Entry(
        id=movement.key,
        at_s=at_s,
        kind=kind,
        cause=cause,
        postings=(
            Posting(account=giver, token=mint, amount=-movement.amount),
            Posting(account=taker, token=mint, amount=movement.amount),
        ),
        signature=movement.signature,
        price=DC_PRICE_USD,
        price_source=DC_PRICE_SOURCE,
    )
