"""Data credits: frozen except around a movement, moved once per cause."""

from pathlib import Path

import pytest

from skerry_core.errors import UsageError
from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import (
    Settlement,
    address_of,
    settlement,
    signer,
    simulated,
    token_supply,
)
from skerry_wallet.cluster import Cluster
from skerry_wallet.dc.credits import DataCredits
from skerry_wallet.errors import InsufficientFunds, PayoutRefused, TransactionRejected
from skerry_wallet.payout.payment import PaymentState
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
from skerry_wallet.programs import associated_token_address, create_token_account, transfer_checked
from skerry_wallet.tokens import token_balances
from skerry_wallet.transaction import compile_message, sign_message, signer_key

DELEGATE = signer("delegate")
OWNER = address_of("delegate")


def credits_of(place: Settlement, cluster: Cluster | None = None) -> DataCredits:
    return DataCredits(
        cluster=cluster or place.cluster,
        store=SqlitePaymentStore(place.database),
        clock=place.clock,
        network=place.network,
        token_name="demo-DC",
        payer=signer("payer"),
        mint_authority=signer("minter"),
        freeze_authority=signer("freezer"),
    )


async def is_frozen(place: Settlement) -> bool:
    mint = place.network.tokens["demo-DC"].mint
    (found,) = await token_balances(place.cluster, mint, [signer_key(DELEGATE)])
    return found.frozen


def test_issue_and_burn_happen_once_per_cause_and_leave_the_account_frozen(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            credits_ = credits_of(place)
            for cause, amount in (("first", 1000), ("second", 500), ("first", 1000)):
                moved = await credits_.issue(cause, OWNER, amount)
                assert moved.state is PaymentState.FINAL
                assert await is_frozen(place)
            assert await credits_.balance(OWNER) == 1500
            for _ in range(2):
                burned = await credits_.burn("epoch 7 packets", DELEGATE, 1400)
                assert burned.state is PaymentState.FINAL
                assert burned.signature
            assert await credits_.balance(OWNER) == 100
            assert await token_supply(place.cluster, place.network.tokens["demo-DC"].mint) == 100
            assert await is_frozen(place)

    simulated(main)


def test_too_few_credits_are_said_before_signing_and_a_changed_amount_is_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            credits_ = credits_of(place)
            await credits_.issue("first", OWNER, 10)
            with pytest.raises(InsufficientFunds):
                await credits_.burn("usage", DELEGATE, 11)
            await credits_.burn("usage", DELEGATE, 4)
            with pytest.raises(PayoutRefused) as refusal:
                await credits_.burn("usage", DELEGATE, 5)
            assert refusal.value.code == "E_PAYOUT_CHANGED"
            assert await credits_.balance(OWNER) == 6
            for amount in (0, -1, 1 << 64):
                with pytest.raises(UsageError):
                    await credits_.burn("other usage", DELEGATE, amount)

    simulated(main)


def test_credits_cannot_be_transferred(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await credits_of(place).issue("first", OWNER, 10)
            mint = associated_mint(place)
            owner, other = signer_key(DELEGATE), signer_key(signer("other"))
            payer = signer_key(signer("payer"))
            move = transfer_checked(
                source=associated_token_address(owner, mint),
                mint=mint,
                target=associated_token_address(other, mint),
                authority=owner,
                amount=1,
                decimals=0,
            )
            recent = await place.cluster.latest_blockhash()
            calls = (create_token_account(payer=payer, owner=other, mint=mint), move)
            message = compile_message(payer, calls, recent.blockhash)
            with pytest.raises(TransactionRejected) as refusal:
                await place.cluster.send(sign_message(message, [signer("payer"), DELEGATE]))
            assert refusal.value.error == {"InstructionError": [1, {"Custom": 17}]}  # account frozen

    simulated(main)


def associated_mint(place: Settlement) -> bytes:
    from skerry_wallet.address import address_bytes

    return address_bytes(place.network.tokens["demo-DC"].mint)


def test_a_lost_answer_does_not_burn_twice(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await credits_of(place).issue("first", OWNER, 100)
            liar = LyingCluster(place.cluster, loses_answers=True, hides_statuses=True)
            burned = await credits_of(place, liar).burn("usage", DELEGATE, 30)
            assert burned.state is PaymentState.FINAL  # proved by the transaction that made the marker
            assert await credits_of(place).balance(OWNER) == 70

    simulated(main)
