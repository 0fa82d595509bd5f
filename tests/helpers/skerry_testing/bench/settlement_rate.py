"""Paying one epoch of many owners on the embedded cluster, and comparing a large ledger with that chain."""

import asyncio
from dataclasses import replace
from pathlib import Path

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.wallet import order, settlement
from skerry_wallet.ledger.book import EMISSION, Entry, Ledger, Posting, owner_account
from skerry_wallet.ledger.reconcile import reconcile

__all__ = ["OWNERS", "POSTINGS", "pay_and_reconcile"]

OWNERS = 10_000
POSTINGS = 1_000_000
AMOUNT = 1_000
PARTS = POSTINGS // 2 // OWNERS  # entries per owner, two postings each
CHUNK = 10_000


def pay_and_reconcile(folder: Path) -> tuple[float, float, float]:
    """Return the seconds of paying, of booking and of reconciling."""
    return asyncio.run(_pay_and_reconcile(folder))


async def _pay_and_reconcile(folder: Path) -> tuple[float, float, float]:
    clock = SystemClock()
    async with settlement(folder, clock) as place:
        made = await asyncio.to_thread(order, place.iot, owners=OWNERS, amount=AMOUNT)
        payer = replace(place.payer(), policy=place.policy(cap=10**15))
        started_ns = clock.monotonic_ns()
        result = await payer.pay(made)
        paid_ns = clock.monotonic_ns()
        assert result.complete
        ledger = Ledger(place.database)
        entries = [entry for line in made.lines for entry in _parts(line.owner, place.iot, line.amount)]
        for start in range(0, len(entries), CHUNK):
            await ledger.book(entries[start : start + CHUNK])
        booked_ns = clock.monotonic_ns()
        found = await reconcile(ledger, place.cluster, [place.iot])
        done_ns = clock.monotonic_ns()
        assert found.matches, found.differences[:3]
        assert found.accounts == OWNERS + 1
    return (paid_ns - started_ns) / NS_PER_S, (booked_ns - paid_ns) / NS_PER_S, (done_ns - booked_ns) / NS_PER_S


def _parts(owner: str, mint: str, amount: int) -> list[Entry]:
    share, rest = divmod(amount, PARTS)
    amounts = [share + (number < rest) for number in range(PARTS)]
    return [
        Entry(
            id=f"{owner} {number}", at_s=number, kind="payout", cause="benchmark",
            postings=(
                Posting(account=EMISSION, token=mint, amount=-part),
                Posting(account=owner_account(owner), token=mint, amount=part),
            ),
        )
        for number, part in enumerate(amounts)
    ]  # fmt: skip
