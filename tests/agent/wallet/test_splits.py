"""Hosts are paid what the books say, once: whatever a server, a power cut or a restored copy of the books does."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from skerry_agent.operator.treasury import AgentDatabase
from skerry_agent.store import RewardRow, Rewards, RewardState
from skerry_agent.wallet.payments import open_money
from skerry_agent.wallet.splits import DueHost, SplitDesk
from skerry_client.paths import Paths, choose_paths
from skerry_core.clock import NS_PER_S
from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import START_S, Settlement, address_of, order, settlement, signer, simulated
from skerry_wallet.address import address_bytes
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterUnavailable, InsufficientFunds
from skerry_wallet.ledger.book import Ledger
from skerry_wallet.payout.payment import Payment, PaymentState
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
from skerry_wallet.spending.rules import Limit, SpendingRefused, SpendingRules
from skerry_wallet.splits.agreement import Agreement, Share
from skerry_wallet.splits.store import SplitStore
from skerry_wallet.tokens import token_balances

ME, HOST, OTHER = address_of("owner 0"), address_of("host"), address_of("other host")
HOTSPOT = "14hotspot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A paid owner and the desk that shares with hosts."""

    place: Settlement
    desk: SplitDesk
    paths: Paths

    async def earn(self, epoch: int, amount: int) -> None:
        row = RewardRow(
            id=f"r{epoch}", network="skerry-test", epoch=epoch, at_ns=(START_S + epoch) * NS_PER_S, hotspot=HOTSPOT,
            owner=ME, token="demo-IOT", amount=amount, kind="witness", state=RewardState.PAID, manifest_hash="",
            cause={},
        )  # fmt: skip
        await self.desk.rewards.put([row])

    async def agree(self) -> None:
        points = {ME: 7000, HOST: 2000, OTHER: 1000}
        shares = tuple(Share(address=address, basis_points=part) for address, part in points.items())
        await self.desk.splits.set(Agreement(hotspot=HOTSPOT, shares=shares, start_epoch=0), at_s=1)

    async def due(self, cluster: Cluster | None = None) -> list[DueHost]:
        return await self.desk.due(ME, cluster or self.place.cluster, known=frozenset({HOST, OTHER}))

    async def pay_all(self, cluster: Cluster | None = None, *, rules: SpendingRules | None = None) -> list[Payment]:
        asked = cluster or self.place.cluster
        await self.desk.adopt(ME, asked)
        await self.desk.book()
        paid = [
            await self.desk.pay(one, signer("owner 0"), owner=ME, rules=rules or SpendingRules(), cluster=asked)
            for one in await self.due(asked)
        ]
        await self.desk.book()
        return paid

    async def held(self) -> list[int]:
        keys = [address_bytes(address) for address in (ME, HOST, OTHER)]
        return [one.amount for one in await token_balances(self.place.cluster, self.place.iot, keys)]


@asynccontextmanager
async def opened(folder: Path, clock: SimulatedClock) -> AsyncIterator[Office]:
    async with settlement(folder, clock) as place:
        await place.cluster.airdrop(ME, 10**9)
        await place.payer().pay(order(place.iot, owners=1, amount=100_000))
        paths = choose_paths(folder / "home", environ={})
        async with desk(place, paths, clock) as made:
            await made.agree()
            yield made


@asynccontextmanager
async def desk(place: Settlement, paths: Paths, clock: SimulatedClock) -> AsyncIterator[Office]:
    async with open_money(paths, clock=clock) as database:
        shared = AgentDatabase(database)
        made = SplitDesk(
            splits=SplitStore(shared),
            rewards=Rewards(database),
            ledger=Ledger(shared),
            payments=SqlitePaymentStore(shared),
            tokens=place.network.tokens,
            clock=clock,
        )
        yield Office(place=place, desk=made, paths=paths)


def in_office(folder: Path, test: Callable[[Office], Awaitable[None]]) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(folder, clock) as office:
            await test(office)

    simulated(main)


def test_hosts_get_their_parts_once_and_books_and_chain_agree(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        await office.earn(1, 1001)
        await office.earn(2, 2)
        listed = await office.due()  # a dry run: what is not booked yet is on the list, and nothing is stored
        assert [(one.host, one.amount) for one in listed] == sorted([(HOST, 200), (OTHER, 100)], key=lambda row: row[0])
        assert all(one.review is not None and one.review.simulation == "ok" for one in listed)
        assert await office.desk.ledger.all_entries() == []
        paid = await office.pay_all()
        assert [one.state for one in paid] == [PaymentState.FINAL] * 2
        assert await office.held() == [100_000 - 300, 200, 100]
        assert await office.pay_all() == []
        await office.earn(3, 500)
        assert [one.key[-6:] for one in await office.pay_all()] == ["000001"] * 2
        assert await office.held() == [100_000 - 450, 300, 150]
        ledger = office.desk.ledger
        assert await ledger.balance(f"host:{ME}-{HOST}", office.place.iot) == 0
        assert await ledger.balance(f"settled:{ME}-{HOST}", office.place.iot) == 300
        assert await ledger.balance(f"owner:{HOST}", office.place.iot) == 300
        signed = {entry.signature for entry in await ledger.all_entries() if entry.kind == "split payout"}
        assert len(signed) == 4

    in_office(tmp_path, test)


def test_rewards_that_are_only_pending_are_not_shared(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        await office.earn(1, 1000)
        row = (await office.desk.rewards.page()).rows[0]
        await office.desk.rewards.put([replace(row, state=RewardState.PENDING)])
        assert await office.due() == []

    in_office(tmp_path, test)


def test_a_cut_off_payment_is_finished_with_its_amount_before_another_begins(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        await office.earn(1, 1000)
        deaf = LyingCluster(office.place.cluster, swallows=True, stands_still=True)
        with pytest.raises(ClusterUnavailable):
            await office.pay_all(deaf)
        await office.earn(2, 1000)
        (begun, *_) = [one for one in await office.due() if one.state is not None]
        assert begun.amount in (200, 100)
        await office.pay_all()
        await office.pay_all()
        assert await office.held() == [100_000 - 600, 400, 200]

    in_office(tmp_path, test)


@pytest.mark.parametrize(
    "lie", [{"swallows": True, "invents_statuses": True}, {"hides_statuses": True}, {"swallows": True}]
)
def test_a_lying_server_makes_nobody_paid_twice(tmp_path: Path, lie: dict[str, bool]) -> None:
    async def test(office: Office) -> None:
        await office.earn(1, 1000)
        await office.pay_all(LyingCluster(office.place.cluster, **lie))  # type: ignore[arg-type]  # flags of the liar
        assert (await office.held())[1] in (0, 200)
        from skerry_wallet.payout.resolve import resolve

        for key in await office.desk.payments.keys("owner/", (PaymentState.UNKNOWN,)):
            await resolve(office.desk.payments, key, paid=False, note="looked elsewhere")
        await office.pay_all()
        assert await office.held() == [100_000 - 300, 200, 100]
        assert await office.due() == []

    in_office(tmp_path, test)


def test_a_restored_older_copy_of_the_books_finds_the_payment_on_the_chain(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(tmp_path, clock) as office:
            await office.earn(1, 1000)
        shutil.copytree(tmp_path / "home", tmp_path / "copy")
        async with settlement(tmp_path, clock) as place:
            async with desk(place, choose_paths(tmp_path / "home", environ={}), clock) as office:
                await office.pay_all()
            async with desk(place, choose_paths(tmp_path / "copy", environ={}), clock) as office:
                await office.earn(2, 500)  # so that the copy would pay another amount under the same number
                paid = await office.pay_all()
                assert [one.key[-6:] for one in paid] == ["000001"] * 2
                assert await office.held() == [100_000 - 450, 300, 150]
                notes = [entry for entry in await office.desk.ledger.all_entries() if entry.kind == "split payout"]
                assert len(notes) == 4

    simulated(main)


def test_limits_destinations_and_empty_pockets_stop_before_anything_is_signed(tmp_path: Path) -> None:
    async def test(office: Office) -> None:
        await office.earn(1, 1000)
        for rules in (
            SpendingRules(only_allowed=True).allow(address_of("somebody else"), ""),
            SpendingRules().limit(office.place.iot, Limit(per_payment=99)),
        ):
            with pytest.raises(SpendingRefused):
                await office.pay_all(rules=rules)
        assert await office.desk.payments.keys("", tuple(PaymentState)) == []
        allowed = SpendingRules(only_allowed=True).allow(HOST, "").allow(OTHER, "")  # the marker is nobody's wallet
        assert [one.state for one in await office.pay_all(rules=allowed)] == [PaymentState.FINAL] * 2
        await office.earn(2, 10**9)
        with pytest.raises(InsufficientFunds):
            await office.due()

    in_office(tmp_path, test)
