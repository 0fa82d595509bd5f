"""Owner payments on a real chain: reviewed first, signed once, and never paid twice whatever happens on the way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from skerry_agent.wallet.review import Review, review_message
from skerry_agent.wallet.spend import About, known_destinations, open_payments, resume, spend, spent_today
from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import Settlement, address_of, order, settlement, signer, simulated
from skerry_wallet.address import address_bytes
from skerry_wallet.cluster import Cluster, SignatureStatus
from skerry_wallet.dc.credits import DataCredits
from skerry_wallet.errors import ClusterUnavailable, InsufficientFunds
from skerry_wallet.helium.preview import Severity
from skerry_wallet.payout.payment import ZERO_BLOCKHASH, Payment, PaymentState, PaymentStore
from skerry_wallet.programs import memo, transfer_lamports
from skerry_wallet.spending.effects import SOL
from skerry_wallet.spending.rules import Limit, SpendingRefused, SpendingRules
from skerry_wallet.spending.transfer import Transfer
from skerry_wallet.tokens import token_balances
from skerry_wallet.transaction import compile_message, signer_key

ME, FRIEND = address_of("owner 0"), address_of("owner 1")
MY_KEY, FRIENDS_KEY = (signer_key(signer(name)) for name in ("owner 0", "owner 1"))
SOL_UNIT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A paid owner with some SOL, and their payments."""

    settlement: Settlement
    store: PaymentStore
    clock: SimulatedClock

    async def review(self, template: bytes, *, cluster: Cluster | None = None) -> Review:
        return await review_message(template, wallet=MY_KEY, cluster=cluster or self.settlement.cluster)

    async def lamports(self, address: str) -> int:
        (account,) = await self.settlement.cluster.accounts([address])
        return account.lamports if account else 0

    async def tokens(self, key: bytes) -> int:
        (held,) = await token_balances(self.settlement.cluster, self.settlement.iot, [key])
        return held.amount

    async def pay(
        self,
        review: Review,
        *,
        cluster: Cluster | None = None,
        rules: SpendingRules | None = None,
        second: Cluster | None = None,
    ) -> Payment:
        return await spend(
            review,
            signer("owner 0"),
            rules=rules or SpendingRules(),
            store=self.store,
            second=second,
            cluster=cluster or self.settlement.cluster,
            clock=self.clock,
        )


@asynccontextmanager
async def opened(folder: Path, clock: SimulatedClock) -> AsyncIterator[Place]:
    async with settlement(folder, clock) as place:
        await place.cluster.airdrop(ME, SOL_UNIT)
        await place.payer().pay(order(place.iot, owners=1, amount=5000))
        yield Place(settlement=place, store=place.payer().store, clock=clock)


def on_chain(folder: Path, test: Callable[[Place], Awaitable[None]]) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with opened(folder, clock) as place:
            await test(place)

    simulated(main)


def sol(amount: int, *, to: bytes = FRIENDS_KEY) -> bytes:
    return Transfer(owner=MY_KEY, to=to, token=None, amount=amount).message(open_account=False)


def codes(review: Review, severity: Severity | None = None) -> set[str]:
    return {one.code for one in review.warnings if severity in (None, one.severity)}


def test_a_token_payment_opens_the_receivers_account_and_arrives_to_the_unit(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        token = place.settlement.network.tokens["demo-IOT"]
        made = Transfer(owner=MY_KEY, to=FRIENDS_KEY, token=token, amount=1234, note="thanks")
        review = await place.review(made.message(open_account=True))
        assert (review.simulation, dict(review.paid)) == ("ok", {token.mint: 1234})
        assert review.destinations == {FRIEND}
        assert (review.fee_lamports, review.rent_lamports) == (5_000, 2_039_280)
        assert codes(review) == {"receiver_never_used", "receiver_new_to_you"}
        before = await place.lamports(ME)
        payment = await place.pay(review)
        assert payment.state is PaymentState.FINAL
        assert await place.tokens(FRIENDS_KEY) == 1234
        assert before - await place.lamports(ME) == review.fee_lamports + review.rent_lamports
        assert await known_destinations(place.store, ME) == {FRIEND}
        assert await spent_today(place.store, ME, clock=place.clock) == {token.mint: 1234}

    on_chain(tmp_path, test)


def test_too_little_sol_is_said_before_anybody_signs(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        held = await place.lamports(ME)
        exact = await place.review(sol(held - 5_000, to=MY_KEY[::-1]))
        assert "sol_low_afterwards" in codes(exact)
        for amount in (held - 4_999, held - 5_001, held):  # one lamport left would be less than an account must hold
            with pytest.raises(InsufficientFunds) as refusal:
                await place.review(sol(amount))
            assert refusal.value.params["held"] == held

    on_chain(tmp_path, test)


def test_programs_as_receivers_and_failing_transactions_are_critical(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        cluster = place.settlement.cluster
        token = place.settlement.network.tokens["demo-IOT"]
        too_much = Transfer(owner=MY_KEY, to=MY_KEY, token=token, amount=5001).message(open_account=False)
        assert codes(await place.review(too_much), Severity.CRITICAL) == {"simulation_failed"}
        (account,) = await token_balances(cluster, token.mint, [MY_KEY])
        to_program = sol(10**7, to=address_bytes(account.account))
        assert "receiver_is_program_owned" in codes(await place.review(to_program), Severity.CRITICAL)

    on_chain(tmp_path, test)


def test_data_credits_cannot_be_sent_and_the_review_says_why(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        credits = DataCredits(
            cluster=place.settlement.cluster,
            store=place.settlement.payer().store,
            clock=place.clock,
            network=place.settlement.network,
            token_name="demo-DC",
            payer=signer("payer"),
            mint_authority=signer("minter"),
            freeze_authority=signer("freezer"),
        )
        await credits.issue("gift", ME, 100)
        token = place.settlement.network.tokens["demo-DC"]
        made = Transfer(owner=MY_KEY, to=FRIENDS_KEY, token=token, amount=5)
        review = await place.review(made.message(open_account=True))
        assert codes(review, Severity.CRITICAL) == {"token_account_frozen", "simulation_failed"}

    on_chain(tmp_path, test)


def test_limits_count_what_is_under_way_and_forget_it_after_a_day(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        rules = SpendingRules().limit(SOL, Limit(per_day=30_000_000))
        await place.pay(await place.review(sol(20_000_000)), rules=rules)
        second = await place.review(sol(11_000_000))
        with pytest.raises(SpendingRefused):
            await place.pay(second, rules=rules)
        assert await open_payments(place.store) == []
        await place.clock.sleep(86_401)
        await place.pay(await place.review(sol(11_000_000)), rules=rules)
        assert await place.lamports(FRIEND) == 31_000_000

    on_chain(tmp_path, test)


def test_a_lost_answer_is_looked_up_and_only_the_same_bytes_are_ever_sent(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        lying = LyingCluster(place.settlement.cluster, loses_answers=True)
        done = await place.pay(await place.review(sol(10_000_000)), cluster=lying)
        assert done.state is PaymentState.FINAL
        assert await place.lamports(FRIEND) == 10_000_000
        ((_, (attempt,)),) = await place.store.load([done.key])
        assert set(lying.sent) == {attempt.raw}

    on_chain(tmp_path, test)


def test_a_swallowed_payment_becomes_unknown_and_is_never_signed_again(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        lying = LyingCluster(place.settlement.cluster, swallows=True)
        payment = await place.pay(await place.review(sol(10_000_000)), cluster=lying)
        assert payment.state is PaymentState.UNKNOWN
        assert await place.lamports(FRIEND) == 0
        assert await open_payments(place.store) == []
        assert await spent_today(place.store, ME, clock=place.clock) == {SOL: 10_000_000}

    on_chain(tmp_path, test)


def test_a_cluster_that_stands_still_is_left_with_the_payment_stored(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        lying = LyingCluster(place.settlement.cluster, hides_statuses=True, stands_still=True)
        with pytest.raises(ClusterUnavailable, match="unfinished"):
            await place.pay(await place.review(sol(10_000_000)), cluster=lying)
        (kept,) = await open_payments(place.store)
        done = await resume(kept, store=place.store, cluster=place.settlement.cluster, clock=place.clock)
        assert done.state is PaymentState.FINAL
        assert await place.lamports(FRIEND) == 10_000_000

    on_chain(tmp_path, test)


def test_another_clusters_payment_is_left_alone(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        lying = LyingCluster(place.settlement.cluster, hides_statuses=True, stands_still=True)
        with pytest.raises(ClusterUnavailable):
            await place.pay(await place.review(sol(10_000_000)), cluster=lying)
        (kept,) = await open_payments(place.store)
        elsewhere = replace(kept, about=replace(About.of(kept), cluster="another").to_text())
        same = await resume(elsewhere, store=place.store, cluster=place.settlement.cluster, clock=place.clock)
        assert same == kept

    on_chain(tmp_path, test)


def test_a_review_reads_what_others_made_and_a_message_with_other_bytes_is_not_signed(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        calls = [memo("two"), transfer_lamports(source=MY_KEY, target=FRIENDS_KEY, lamports=10**7)]
        review = await place.review(compile_message(MY_KEY, calls, ZERO_BLOCKHASH))
        assert [effect.kind for effect in review.effects] == ["memo", "transfer"]
        forged = replace(review, message=(await place.review(sol(9 * 10**8))).message)
        with pytest.raises(ValueError, match="other bytes"):
            await place.pay(forged)
        assert await place.lamports(FRIEND) == 0

    on_chain(tmp_path, test)


def test_a_server_that_invents_landings_gets_no_payment_believed(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        lying = LyingCluster(place.settlement.cluster, swallows=True, invents_statuses=True)
        payment = await place.pay(await place.review(sol(10_000_000)), cluster=lying)
        assert payment.state is PaymentState.UNKNOWN
        assert "does not show the transaction" in payment.note
        assert await place.lamports(FRIEND) == 0

    on_chain(tmp_path, test)


def test_two_servers_that_disagree_leave_the_payment_to_a_person(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        behind = LyingCluster(place.settlement.cluster, hides_statuses=True)
        payment = await place.pay(await place.review(sol(10_000_000)), second=behind)
        assert payment.state is PaymentState.UNKNOWN
        assert "the two disagree" in payment.note
        assert await spent_today(place.store, ME, clock=place.clock) == {SOL: 10_000_000}

    on_chain(tmp_path, test)


def test_two_servers_that_agree_make_it_final(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        payment = await place.pay(await place.review(sol(10_000_000)), second=place.settlement.cluster)
        assert (payment.state, payment.note) == (PaymentState.FINAL, "")

    on_chain(tmp_path, test)


def test_a_second_server_that_gives_no_answer_leaves_the_payment_open(tmp_path: Path) -> None:
    class Silent(LyingCluster):
        async def statuses(self, signatures: list[str]) -> list[SignatureStatus | None]:
            raise ClusterUnavailable("silent")

    async def test(place: Place) -> None:
        with pytest.raises(ClusterUnavailable, match="unfinished"):
            await place.pay(await place.review(sol(10_000_000)), second=Silent(place.settlement.cluster))
        (kept,) = await open_payments(place.store)
        done = await resume(kept, store=place.store, cluster=place.settlement.cluster, clock=place.clock)
        assert done.state is PaymentState.FINAL

    on_chain(tmp_path, test)
