"""What splits put into the ledger: what every epoch's rewards mean for whom, and what was paid out of it.

Claims and money are kept apart. `earned:HOTSPOT` gives to `kept:OWNER` and `host:OWNER-HOST`; a payment moves the
claim on to `settled:OWNER-HOST` and, in the same entry, the money from `owner:OWNER` to `owner:HOST`.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skerry_wallet.ledger.book import Entry, Posting, owner_account
from skerry_wallet.splits.agreement import Agreement
from skerry_wallet.splits.history import Change, in_force

__all__ = ["SPLIT_PAYOUT", "Earned", "booked_epochs", "host_account", "payout_entry", "split_entries"]

SPLIT_PAYOUT = "split payout"  # the kind of a payment's entry
_PREFIX = "split/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """One paid reward of a hotspot; `at_s` is the last second of its epoch, `mint` the token's."""

    network: str
    epoch: int
    hotspot: str
    owner: str
    mint: str
    amount: int
    at_s: int


def split_entries(rewards: Iterable[Earned], changes: Sequence[Change]) -> list[Entry]:
    """Return one entry for every hotspot and epoch of which a host gets something; all kinds of work are added first.

    The sum of the epoch is divided once, so that rounding happens once.
    """
    totals: Counter[Earned] = Counter()
    for one in rewards:
        totals[_key(one)] += one.amount
    entries = []
    for one, total in sorted(totals.items(), key=lambda item: (item[0].at_s, item[0].hotspot)):
        change = in_force(changes, one.hotspot, one.epoch)
        if change is not None and total > 0:
            entries.append(_entry(one, total, change.agreement, change.number))
    return entries


def payout_entry(*, key: str, at_s: int, owner: str, host: str, mint: str, amount: int, signature: str) -> Entry:
    """Return the entry of a final payment to a host."""
    suffix = _parties(owner, host)
    return Entry(
        id=key,
        at_s=at_s,
        kind=SPLIT_PAYOUT,
        cause=f"share of host {host} paid by {owner}",
        postings=(
            Posting(account=host_account(owner, host), token=mint, amount=-amount),
            Posting(account=f"settled:{suffix}", token=mint, amount=amount),
            Posting(account=owner_account(owner), token=mint, amount=-amount),
            Posting(account=owner_account(host), token=mint, amount=amount),
        ),
        signature=signature,
    )


def host_account(owner: str, host: str = "") -> str:
    """Return the account of what an owner owes a host; without a host the prefix of all of an owner's hosts."""
    return f"host:{_parties(owner, host)}"


def booked_epochs(connection: sqlite3.Connection, hotspot: str) -> list[int]:
    """Return the epochs of a hotspot whose splits are booked."""
    query = "SELECT id FROM ledger_entries WHERE kind = 'split' AND id LIKE ? ESCAPE '!'"
    rows = connection.execute(query, (f"{_PREFIX}%/{hotspot}/%",)).fetchall()
    return [int(entry_id.rsplit("/", 1)[1]) for (entry_id,) in rows]


def _key(one: Earned) -> Earned:
    """Return the same reward without its amount, to add up by."""
    return Earned(
        network=one.network, epoch=one.epoch, hotspot=one.hotspot, owner=one.owner, mint=one.mint, amount=0,
        at_s=one.at_s,
    )  # fmt: skip


def _entry(one: Earned, total: int, agreement: Agreement, number: int) -> Entry:
    postings = [Posting(account=f"earned:{one.hotspot}", token=one.mint, amount=-total)]
    for address, amount in agreement.divide(total).items():
        account = f"kept:{one.owner}" if address == one.owner else host_account(one.owner, address)
        if amount:
            postings.append(Posting(account=account, token=one.mint, amount=amount))
    return Entry(
        id=f"{_PREFIX}{one.network}/{one.hotspot}/{one.epoch}",
        at_s=one.at_s,
        kind="split",
        cause=f"{one.network} epoch {one.epoch}, agreement {number}",
        postings=tuple(postings),
    )


def _parties(owner: str, host: str) -> str:
    return f"{owner}-{host}"
