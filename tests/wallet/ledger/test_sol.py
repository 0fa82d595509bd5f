"""SOL in the ledger: fees, rents and causes of everything that landed, and what a server leaves out named."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import Settlement, address_of, order, settlement, signer, simulated
from skerry_wallet.cluster import Cluster, Landing
from skerry_wallet.confirm import send_and_confirm
from skerry_wallet.ledger.book import Ledger
from skerry_wallet.ledger.sol import SolBook
from skerry_wallet.payout.payment import PaymentState, Update
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.spending.effects import SOL
from skerry_wallet.transaction import signer_key

PAYER = address_of("payer")
AIRDROP = 10**12
EMPTY, TOKEN_ACCOUNT = 890_880, 2_039_280


def booking(place: Settlement, cluster: Cluster | None = None) -> SolBook:
    return SolBook(
        ledger=Ledger(place.database),
        cluster=cluster or place.cluster,
        payments=place.payer().store,
        clock=place.clock,
    )


def with_books(folder: Path, test: Callable[[Settlement, SimulatedClock], Awaitable[None]]) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(folder, clock) as place:
            await test(place, clock)

    simulated(main)


async def move(place: Settlement, clock: SimulatedClock, lamports: int) -> str:
    call = transfer_lamports(source=signer_key(signer("payer")), target=signer_key(signer("friend")), lamports=lamports)
    return await send_and_confirm(place.cluster, [call], [signer("payer")], clock=clock)


def test_every_lamport_of_a_payer_is_explained_from_the_first_transaction_on(tmp_path: Path) -> None:
    async def test(place: Settlement, clock: SimulatedClock) -> None:
        await place.payer().pay(order(place.iot, owners=20))
        paid = await place.payer().pay(order(place.iot, epoch=8, owners=20))
        books, ledger = booking(place), Ledger(place.database)
        assert await books.catch_up(PAYER, whole=True) == 3 + 2 * len(paid.batches)  # the airdrop and two mints too
        assert await books.catch_up(PAYER, whole=True) == 0
        (account,) = await place.cluster.accounts([PAYER])
        assert account is not None
        assert await ledger.balance(f"owner:{PAYER}", SOL) == account.lamports
        assert await ledger.balance("rent:markers", SOL) == 2 * len(paid.batches) * EMPTY
        assert await ledger.balance("rent:mints", SOL) == 2 * 1_461_600
        assert await ledger.balance("rent:token-accounts", SOL) == 20 * TOKEN_ACCOUNT
        assert await ledger.balance("rent:anchors", SOL) == 2 * EMPTY
        assert await ledger.balance("fees", SOL) == (2 + 2 * len(paid.batches)) * 2 * 5_000
        assert await ledger.balance("elsewhere", SOL) == -AIRDROP
        causes = {entry.cause for entry in await ledger.all_entries() if entry.kind == "sol"}
        assert {batch.key for batch in paid.batches} <= causes
        assert (await books.compare([PAYER])).matches

    with_books(tmp_path, test)


def test_a_wallet_that_lives_elsewhere_too_begins_with_its_newest_transaction(tmp_path: Path) -> None:
    async def test(place: Settlement, clock: SimulatedClock) -> None:
        await move(place, clock, 10**7)
        books, ledger = booking(place), Ledger(place.database)
        assert await books.catch_up(PAYER, whole=False) == 1
        await place.cluster.airdrop(PAYER, 777)
        last = await move(place, clock, 10**6)
        assert await books.catch_up(PAYER, whole=False) == 2
        assert (await books.compare([PAYER])).matches
        entry = await ledger.entry(f"sol/{PAYER}/{last}")
        assert entry is not None
        assert {posting.account: posting.amount for posting in entry.postings} == {
            f"owner:{PAYER}": -1_005_000, "fees": 5_000, "elsewhere": 1_000_000,
        }  # fmt: skip
        assert entry.cause == "no stored payment: transfer"

    with_books(tmp_path, test)


def test_what_a_server_leaves_out_of_its_history_is_named(tmp_path: Path) -> None:
    class Forgetful(LyingCluster):
        hidden = ""

        async def history(self, address: str, *, limit: int = 20, before: str | None = None) -> list[str]:
            found = await self.honest.history(address, limit=limit, before=before)
            return [signature for signature in found if signature != self.hidden]

    async def test(place: Settlement, clock: SimulatedClock) -> None:
        forgetful = Forgetful(place.cluster)
        books, ledger = booking(place, forgetful), Ledger(place.database)
        forgetful.hidden = await move(place, clock, 10**7)
        await books.catch_up(PAYER, whole=True)
        (difference,) = (await books.compare([PAYER])).differences
        assert difference.ledger - difference.chain == 10**7 + 5_000
        assert "less than its history explains" in str(difference)
        await move(place, clock, 10**6)  # the next one begins with less than the former left
        await books.catch_up(PAYER, whole=True)
        (gap,) = [entry for entry in await ledger.all_entries() if entry.kind == "sol, unseen"]
        assert gap.postings[0].amount == -(10**7 + 5_000)
        assert (await books.compare([PAYER])).matches

    with_books(tmp_path, test)


def test_a_payment_that_is_final_here_and_unknown_to_the_chain_is_named(tmp_path: Path) -> None:
    async def test(place: Settlement, clock: SimulatedClock) -> None:
        await place.payer().pay(order(place.iot, owners=1))
        books, store = booking(place), place.payer().store
        await books.catch_up(PAYER, whole=True)
        assert (await books.compare([PAYER])).matches
        later = order(place.iot, epoch=9, owners=1)
        (batch,) = await place.payer().plan(later)
        await store.plan([batch.payment])
        await store.update([Update(key=batch.payment.key, state=PaymentState.FINAL, signature="invented")])
        (difference,) = (await books.compare([PAYER])).differences
        assert batch.payment.key in str(difference)

    with_books(tmp_path, test)


def test_a_failed_transaction_costs_its_fee_in_the_books_and_moves_nothing_else(tmp_path: Path) -> None:
    class Failing(LyingCluster):
        async def landing(self, signature: str) -> Landing | None:
            found = await self.honest.landing(signature)
            assert found is not None
            (payer, before, _), *others = found.lamports
            same = tuple((address, held, held) for address, held, _ in others)
            return replace(found, error="AccountInUse", lamports=((payer, before, before - found.fee_lamports), *same))

    async def test(place: Settlement, clock: SimulatedClock) -> None:
        signature = await move(place, clock, 10**7)
        books, ledger = booking(place, Failing(place.cluster)), Ledger(place.database)
        await books.catch_up(PAYER, whole=False)
        entry = await ledger.entry(f"sol/{PAYER}/{signature}")
        assert entry is not None
        assert entry.kind == "sol, failed"
        assert {posting.account: posting.amount for posting in entry.postings} == {
            f"owner:{PAYER}": -5_000, "fees": 5_000,
        }  # fmt: skip

    with_books(tmp_path, test)
