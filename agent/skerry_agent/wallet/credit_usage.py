"""What a ledger says of an account's data credits: the balance, and what was burned on each day.

Used by `skerry dc runway` and by the agent's alerts.
"""

from skerry_wallet.economy.epochs import epoch_of
from skerry_wallet.ledger.book import Ledger, owner_account

__all__ = ["usage_by_day"]


async def usage_by_day(ledger: Ledger, owner: str, *, now_s: int) -> tuple[int, list[int]]:
    """Return the balance of `owner` and what was burned on each whole day since the first burn, oldest first."""
    account = owner_account(owner)
    mine = [
        (entry, posting)
        for entry in await ledger.all_entries()
        for posting in entry.postings
        if posting.account == account
    ]
    credits = [(entry, posting) for entry, posting in mine if entry.kind in ("issue", "usage")]
    burned: dict[int, int] = {}
    for entry, posting in credits:
        if entry.kind == "usage":
            day = epoch_of(entry.at_s)
            burned[day] = burned.get(day, 0) - posting.amount
    today = epoch_of(now_s)
    first = min(burned, default=today)
    # On its first day there is no whole day yet: then the part day is better than nothing.
    days = list(range(first, today)) or [today]
    return sum(posting.amount for _, posting in credits), [burned.get(day, 0) for day in days]
