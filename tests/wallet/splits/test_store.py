"""Agreements are kept as they were made; the newest that covers an epoch counts, and undo takes one change back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock
from skerry_core.errors import NotFoundError, RefusedError
from skerry_testing.wallet import address_of
from skerry_wallet.database import SqliteFile
from skerry_wallet.ledger import book
from skerry_wallet.splits import store
from skerry_wallet.splits.agreement import Agreement, Share
from skerry_wallet.splits.booking import Earned, split_entries
from skerry_wallet.splits.history import in_force

OWNER, HOST = address_of("owner"), address_of("host")
H = "14hotspot"


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[store.SplitStore, book.Ledger]]:
    database = SqliteFile(folder / "db", (*book.SCHEMA, *store.SCHEMA), clock=SystemClock())
    try:
        yield store.SplitStore(database), book.Ledger(database)
    finally:
        database.close()


def split(host_points: int, *, start: int = 0, end: int | None = None, hotspot: str = H) -> Agreement:
    shares = (
        Share(address=OWNER, basis_points=10_000 - host_points),
        Share(address=HOST, basis_points=host_points, name="café"),
    )
    return Agreement(hotspot=hotspot, shares=shares, start_epoch=start, end_epoch=end)


def earned(epoch: int, amount: int, *, hotspot: str = H) -> Earned:
    return Earned(
        network="net", epoch=epoch, hotspot=hotspot, owner=OWNER, mint=address_of("mint"), amount=amount,
        at_s=epoch * 86_400 + 86_399,
    )  # fmt: skip


async def points(kept: store.SplitStore, epochs: range) -> list[int | None]:
    changes = await kept.changes()
    found = [in_force(changes, H, epoch) for epoch in epochs]
    return [None if one is None else one.agreement.shares[1].basis_points for one in found]


async def test_the_newest_change_that_covers_an_epoch_counts_and_undo_brings_the_former_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as (kept, _):
        await kept.set(split(1000, start=2), at_s=1)
        await kept.set(split(2000, start=4, end=5), at_s=2)
        await kept.remove(H, start_epoch=7, at_s=3)
        await kept.set(split(5000, hotspot="another"), at_s=4)
        assert await points(kept, range(9)) == [None, None, 1000, 1000, 2000, 2000, 1000, None, None]
        undone = await kept.undo(H, at_s=5)
        assert (undone.kind, undone.undoes) == ("undo", 3)
        assert await points(kept, range(6, 9)) == [1000, 1000, 1000]
        await kept.undo(H, at_s=6)
        await kept.undo(H, at_s=7)
        assert await points(kept, range(9)) == [None] * 9
        with pytest.raises(NotFoundError):
            await kept.undo(H, at_s=8)
    async with opened(tmp_path) as (kept, _):
        assert [change.kind for change in await kept.changes()] == ["set", "set", "remove", "set", *["undo"] * 3]
        assert (await kept.changes())[0].agreement == split(1000, start=2)


async def test_a_booked_epoch_is_not_agreed_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as (kept, ledger):
        await kept.set(split(1000), at_s=1)
        await ledger.book(split_entries([earned(3, 1000), earned(3, 11, hotspot="another")], await kept.changes()))
        for change in (
            kept.set(split(2000, start=3), at_s=2),
            kept.remove(H, start_epoch=0, at_s=2),
            kept.undo(H, at_s=2),
        ):
            with pytest.raises(RefusedError) as refusal:
                await change
            assert refusal.value.code == "E_SPLIT_BOOKED"
        await kept.set(split(2000, start=4), at_s=3)
        assert await points(kept, range(3, 5)) == [1000, 2000]


async def test_an_epochs_kinds_are_added_before_they_are_divided_and_the_book_balances(tmp_path: Path) -> None:
    async with opened(tmp_path) as (kept, ledger):
        await kept.set(split(2500, start=1), at_s=1)
        rewards = [earned(0, 77), earned(1, 1), earned(1, 1), earned(1, 1), earned(2, 1), earned(9, 4, hotspot="other")]
        entries = split_entries(rewards, await kept.changes())
        assert [entry.id for entry in entries] == [f"split/net/{H}/1", f"split/net/{H}/2"]
        assert await ledger.book(entries) == 2
        assert await ledger.book(entries) == 0
        mint = address_of("mint")
        assert await ledger.balance(f"host:{OWNER}-{HOST}", mint) == 1  # 3 x 25 % and 1 x 25 %: 0.75 and 0.25
        assert await ledger.balance(f"kept:{OWNER}", mint) == 3
        assert await ledger.balance(f"earned:{H}", mint) == -4
