"""Paying once: over an honest chain, a lying one, twins, restored backups; and everything that the payer refuses."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_cluster import LyingCluster
from skerry_testing.wallet import (
    NETWORK,
    SCHEMA,
    Settlement,
    address_of,
    oracle_signature,
    order,
    settlement,
    signer,
    simulated,
    token_supply,
)
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.database import SqliteFile
from skerry_wallet.errors import ClusterUnavailable, InsufficientFunds, PayoutRefused
from skerry_wallet.payout.batches import BatchPlanner
from skerry_wallet.payout.order import PayoutLine, PayoutOrder
from skerry_wallet.payout.payer import PayoutResult
from skerry_wallet.payout.payment import PaymentState
from skerry_wallet.programs import transfer_lamports
from skerry_wallet.tokens import token_balances
from skerry_wallet.transaction import (
    MAX_TRANSACTION_SIZE,
    compile_message,
    parse_message,
    sign_message,
    signer_key,
    transaction_size,
)

OWNERS = 12
TOTAL = sum(1000 + n for n in range(OWNERS))
FINAL, UNKNOWN = PaymentState.FINAL, PaymentState.UNKNOWN


def states(result: PayoutResult) -> list[PaymentState]:
    return [batch.state for batch in result.batches]


async def held(place: Settlement, owners: int = OWNERS) -> list[int]:
    found = await token_balances(place.cluster, place.iot, [signer_key(signer(f"owner {n}")) for n in range(owners)])
    return [balance.amount for balance in found]


def test_every_owner_gets_the_exact_amount_once_however_often_it_is_asked(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            payer = place.payer()
            preview = await payer.preview(order(place.iot))
            assert await token_supply(place.cluster, place.iot) == 0
            for _ in range(3):
                result = await payer.pay(order(place.iot))
                assert result.complete
                assert result.paid() == {place.iot: TOTAL}
            assert len(result.batches) == preview.batches > 1
            assert await held(place) == [1000 + n for n in range(OWNERS)]
            assert await token_supply(place.cluster, place.iot) == TOTAL
            (account,) = await place.cluster.accounts([address_of("payer")])
            assert account is not None
            assert await payer.resume() == {}

    simulated(main)


def test_the_preview_is_the_exact_cost(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            payer = replace(place.payer(), priority_micro_lamports=1234)
            preview = await payer.preview(order(place.iot))
            assert preview.fee_lamports > preview.batches * 2 * 5000
            (before,) = await place.cluster.accounts([address_of("payer")])
            assert (await payer.pay(order(place.iot))).complete
            (after,) = await place.cluster.accounts([address_of("payer")])
            assert before is not None
            assert after is not None
            assert before.lamports - after.lamports == preview.fee_lamports + preview.rent_lamports

    simulated(main)


def test_from_the_payers_own_account_nothing_is_minted(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            payer = replace(place.payer(), mint_authority=None)
            with pytest.raises(InsufficientFunds) as shortage:
                await payer.pay(order(place.iot))
            assert shortage.value.params["needed"] == TOTAL
            fund = replace(
                order(place.iot, epoch=1), lines=(PayoutLine(mint=place.iot, owner=address_of("payer"), amount=TOTAL),)
            )
            assert (await place.payer().pay(fund)).complete
            assert (await payer.pay(order(place.iot))).complete
            assert await held(place) == [1000 + n for n in range(OWNERS)]
            assert await token_supply(place.cluster, place.iot) == TOTAL

    simulated(main)


def test_batches_are_deterministic_and_of_legal_size() -> None:
    mint = address_text(b"m" * 32)
    planner = BatchPlanner(
        payer=signer_key(signer("payer")),
        mint_authority=signer_key(signer("minter")),
        decimals={mint: 6},
        rent_lamports=890_880,
    )
    wanted = order(mint, owners=40)
    batches = planner.plan(wanted)
    assert batches == planner.plan(replace(wanted, lines=tuple(reversed(wanted.lines))))
    assert sorted(line for batch in batches for line in batch.lines) == sorted(wanted.lines)
    sizes = [transaction_size(batch.payment.template) for batch in batches]
    assert max(sizes) <= MAX_TRANSACTION_SIZE
    assert min(len(batch.lines) for batch in batches[:-1]) >= 5
    other = planner.plan(order(mint, owners=40, manifest="another"))
    assert [batch.payment.marker for batch in other] == [batch.payment.marker for batch in batches]
    assert all(parse_message(batch.payment.template).required_signatures == 2 for batch in batches)


REFUSALS: list[tuple[str, Callable[[PayoutOrder], PayoutOrder]]] = [
    ("E_PAYOUT_SIGNATURES", lambda o: replace(o, signatures=o.signatures[:1])),
    ("E_PAYOUT_SIGNATURES", lambda o: replace(o, signatures=(o.signatures[0], o.signatures[0]))),
    ("E_PAYOUT_SIGNATURES", lambda o: replace(o, signatures=(o.signatures[0], oracle_signature("stranger", o)))),
    ("E_PAYOUT_SIGNATURES", lambda o: replace(o, manifest_hash=b"x" * 32)),
    ("E_PAYOUT_NETWORK", lambda o: replace(o, network="other")),
    ("E_PAYOUT_MALFORMED", lambda o: replace(o, lines=())),
    ("E_PAYOUT_MALFORMED", lambda o: replace(o, lines=(replace(o.lines[0], amount=0),))),
    ("E_PAYOUT_MALFORMED", lambda o: replace(o, lines=(replace(o.lines[0], amount=1 << 64),))),
    ("E_PAYOUT_MALFORMED", lambda o: replace(o, lines=(replace(o.lines[0], owner="nobody"),))),
    ("E_PAYOUT_MALFORMED", lambda o: replace(o, lines=(o.lines[0], replace(o.lines[0], amount=5)))),
    ("E_PAYOUT_UNREGISTERED_OWNER", lambda o: replace(o, lines=(replace(o.lines[0], owner=address_of("stranger")),))),
    ("E_PAYOUT_OVER_CAP", lambda o: replace(o, lines=(replace(o.lines[0], amount=10**12 + 1),))),
    ("E_PAYOUT_OVER_CAP", lambda o: replace(o, lines=(replace(o.lines[0], mint=address_of("mint")),))),
]


def test_everything_that_breaks_a_rule_is_refused_and_nothing_is_signed(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            registered = {address_of(f"owner {n}") for n in range(OWNERS)}
            payer = place.payer(policy=place.policy(registered=registered.__contains__))
            for code, spoil in REFUSALS:
                with pytest.raises(PayoutRefused) as refusal:
                    await payer.pay(spoil(order(place.iot)))
                assert refusal.value.code == code
            assert await payer.store.keys("", tuple(PaymentState)) == []
            assert await token_supply(place.cluster, place.iot) == 0

    simulated(main)


def test_a_cap_counts_every_line_of_the_epoch(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            with pytest.raises(PayoutRefused, match="emits"):
                await place.payer(policy=place.policy(cap=TOTAL - 1)).pay(order(place.iot))
            assert (await place.payer(policy=place.policy(cap=TOTAL)).pay(order(place.iot))).complete

    simulated(main)


def test_a_second_manifest_for_an_epoch_is_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await place.payer().pay(order(place.iot))
            for second in (order(place.iot, manifest="second"), order(place.iot, amount=1001)):
                with pytest.raises(PayoutRefused) as refusal:
                    await place.payer().pay(second)
                assert refusal.value.code == "E_PAYOUT_SECOND_MANIFEST"
            assert (await place.payer().pay(order(place.iot, epoch=8, manifest="second"))).complete

    simulated(main)


def test_too_little_sol_is_said_before_signing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            (account,) = await place.cluster.accounts([address_of("payer")])
            assert account is not None
            call = transfer_lamports(
                source=signer_key(signer("payer")),
                target=signer_key(signer("elsewhere")),
                lamports=account.lamports - 10_000_000,
            )
            recent = await place.cluster.latest_blockhash()
            message = compile_message(signer_key(signer("payer")), [call], recent.blockhash)
            await place.cluster.send(sign_message(message, [signer("payer")]))
            with pytest.raises(InsufficientFunds) as shortage:
                await place.payer().pay(order(place.iot))
            assert shortage.value.params["asset"] == "SOL"
            assert await place.payer().store.keys("", tuple(PaymentState)) == []

    simulated(main)


def lies(place: Settlement, markers: frozenset[str]) -> list[tuple[str, LyingCluster]]:
    real = place.cluster
    return [
        ("landed transactions are not found", LyingCluster(real, hides_statuses=True)),
        ("and their markers neither", LyingCluster(real, hides_statuses=True, hides_accounts=markers)),
        (
            "and no history",
            LyingCluster(real, hides_statuses=True, hides_accounts=markers, hides_history=True),
        ),
        ("history is hidden", LyingCluster(real, hides_statuses=True, hides_history=True)),
        ("landed for what was swallowed", LyingCluster(real, invents_statuses=True, swallows=True)),
        ("landed and marked, of what was swallowed", LyingCluster(real, invents_statuses=True, swallows=True)),
        ("swallowed", LyingCluster(real, swallows=True)),
        ("answers are lost", LyingCluster(real, loses_answers=True)),
        ("said to have failed", LyingCluster(real, fails_statuses=True)),
    ]


def test_no_lie_of_the_cluster_makes_it_pay_twice_or_forget(tmp_path: Path) -> None:
    """After every lie an honest cluster completes the epoch, if need be after a person's decision."""

    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            planner = BatchPlanner(
                payer=signer_key(signer("payer")),
                mint_authority=signer_key(signer("minter")),
                decimals={place.iot: 6},
                rent_lamports=890_880,
            )
            paid = 0
            for epoch, (lie, liar) in enumerate(lies(place, frozenset())):
                wanted = order(place.iot, epoch=epoch)
                if "markers" in lie or "and no history" in lie:
                    liar.hides_accounts = frozenset(batch.payment.marker for batch in planner.plan(wanted))
                if "marked" in lie:
                    liar.invents_accounts = frozenset(batch.payment.marker for batch in planner.plan(wanted))
                result = await place.payer(liar).pay(wanted)
                supply = await token_supply(place.cluster, place.iot)
                assert supply in range(paid, paid + TOTAL + 1), lie
                claimed = result.paid().get(place.iot, 0)
                assert claimed <= supply - paid, f"{lie}: it believes in payments that were not made"
                for batch in result.unknown:
                    await place.payer().resolve(batch.key, paid=False, note="looked at an honest cluster")
                result = await place.payer().pay(wanted)
                assert result.complete, f"{lie}: {[(b.state, b.note) for b in result.batches]}"
                paid += TOTAL
                assert await token_supply(place.cluster, place.iot) == paid, lie

    simulated(main)


def test_what_can_not_be_proved_is_unknown_and_waits_for_a_person(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            liar = LyingCluster(place.cluster, hides_statuses=True, hides_history=True)
            result = await place.payer(liar).pay(order(place.iot))
            assert states(result)[0] is UNKNOWN
            assert await place.payer().unknown() == [result.batches[0].key]
            again = await place.payer().pay(order(place.iot))
            assert states(again)[0] is UNKNOWN  # even an honest cluster does not overrule: a person decides
            await place.payer().resolve(result.batches[0].key, paid=True, note="seen in an explorer")
            assert (await place.payer().pay(order(place.iot))).complete
            assert await token_supply(place.cluster, place.iot) == TOTAL

    simulated(main)


def test_a_restored_older_copy_of_the_store_finds_its_own_payments(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await place.payer().pay(order(place.iot, epoch=1))
            await place.database.write(lambda db: None)
            await place.database.read(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
            shutil.copy(tmp_path / "skerry.db", tmp_path / "backup.db")
            await place.payer().pay(order(place.iot, epoch=2))
            restored = SqliteFile(tmp_path / "backup.db", SCHEMA, clock=clock)
            result = await place.payer(database=restored).pay(order(place.iot, epoch=2))
            assert result.complete
            assert {batch.note for batch in result.batches} == {"paid by another copy of this payer"}
            assert await token_supply(place.cluster, place.iot) == 2 * TOTAL
            restored.close()

    simulated(main)


def test_a_forgetful_payer_with_a_second_longer_manifest_pays_nothing_more(tmp_path: Path) -> None:
    """The chain ties an epoch to its first manifest: batches beyond the first one's have no anchor to draw on."""

    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await place.payer().pay(order(place.iot, owners=6))
            supply = await token_supply(place.cluster, place.iot)
            empty = SqliteFile(tmp_path / "empty.db", SCHEMA, clock=clock)
            longer = order(place.iot, owners=30, manifest="second")
            result = await place.payer(database=empty).pay(longer)
            assert states(result)[0] is UNKNOWN
            assert FINAL not in states(result)
            # Even a person's wrong decision gets nothing past the chain.
            await place.payer(database=empty).resolve(result.batches[0].key, paid=True, note="wrong")
            result = await place.payer(database=empty).pay(longer)
            assert states(result).count(FINAL) == 1
            assert await token_supply(place.cluster, place.iot) == supply
            empty.close()

    simulated(main)


def test_two_agents_with_one_key_pay_an_epoch_once(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        import asyncio

        async with settlement(tmp_path, clock) as place:
            twin = SqliteFile(tmp_path / "twin.db", SCHEMA, clock=clock)
            payers = [place.payer(), place.payer(database=twin)]
            for epoch in range(3):
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(payer.pay(order(place.iot, epoch=epoch)), name=f"test: twin {n}")
                        for n, payer in enumerate(payers)
                    ]
                assert all(task.result().complete for task in tasks)
            assert await token_supply(place.cluster, place.iot) == 3 * TOTAL
            assert await held(place) == [3 * (1000 + n) for n in range(OWNERS)]
            twin.close()

    simulated(main)


def test_lamports_sent_to_a_marker_by_a_stranger_neither_block_nor_fake_a_payment(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            planner = BatchPlanner(
                payer=signer_key(signer("payer")),
                mint_authority=signer_key(signer("minter")),
                decimals={place.iot: 6},
                rent_lamports=890_880,
            )
            for batch in planner.plan(order(place.iot)):
                await place.cluster.airdrop(batch.payment.marker, 2_000_000)
            assert (await place.payer().pay(order(place.iot))).complete
            assert await token_supply(place.cluster, place.iot) == TOTAL

    simulated(main)


def test_an_expired_transaction_is_replaced_by_one_new_one(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            liar = LyingCluster(place.cluster, swallows=True)
            payer = place.payer(liar)

            async def heal() -> None:
                await clock.sleep(90)
                liar.swallows = False

            import asyncio

            async with asyncio.TaskGroup() as group:
                group.create_task(heal(), name="test: heal")
                paying = group.create_task(payer.pay(order(place.iot)), name="test: pay")
            assert paying.result().complete
            ((_, attempts),) = await payer.store.load([paying.result().batches[0].key])
            assert len(attempts) == 2
            assert await token_supply(place.cluster, place.iot) == TOTAL

    simulated(main)


def test_a_cluster_that_never_moves_is_given_up_for_now_and_nothing_is_lost(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            payer = place.payer(LyingCluster(place.cluster, swallows=True, stands_still=True))
            with pytest.raises(ClusterUnavailable, match="Nothing moved"):
                await payer.pay(order(place.iot))
            ((payment, attempts),) = await payer.store.load([f"payout/{NETWORK}/7/000000"])
            assert payment.state is PaymentState.SENT
            assert len(attempts) == 1
            assert (await place.payer().pay(order(place.iot))).complete
            assert await token_supply(place.cluster, place.iot) == TOTAL

    simulated(main)


def test_a_key_that_is_missing_is_named(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            liar = LyingCluster(place.cluster, swallows=True, stands_still=True)
            with pytest.raises(ClusterUnavailable):
                await place.payer(liar).pay(order(place.iot))
            await clock.sleep(120)
            with pytest.raises(PayoutRefused) as refusal:
                await replace(place.payer(), mint_authority=None).resume()
            assert refusal.value.code == "E_PAYOUT_SIGNER"
            assert refusal.value.params["address"] == address_of("minter")

    simulated(main)


def test_a_refusal_of_the_cluster_is_reported_and_can_be_tried_again(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            frozen = place.network.tokens["demo-DC"].mint
            lines = (PayoutLine(mint=frozen, owner=address_of("owner 0"), amount=5),)
            wrong_decimals = replace(place.network.tokens["demo-DC"], decimals=3)
            network = replace(place.network, tokens={**place.network.tokens, "demo-DC": wrong_decimals})
            policy = replace(place.policy(), emission_caps=lambda _: {frozen: 5})
            payer = replace(place.payer(policy=policy), network=network)
            result = await payer.pay(replace(order(place.iot), lines=lines))
            assert result.batches[0].state is PaymentState.SIGNED
            assert "InstructionError" in result.batches[0].note
            assert list(await payer.resume()) == [result.batches[0].key]

    simulated(main)


def test_unknown_is_left_only_by_a_decision(tmp_path: Path) -> None:
    from skerry_core.errors import NotFoundError

    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            await place.payer().pay(order(place.iot))
            with pytest.raises(NotFoundError):
                await place.payer().resolve(f"payout/{NETWORK}/7/000000", paid=False, note="no")

    simulated(main)


def test_the_cluster_interface_is_all_that_a_payer_needs() -> None:
    assert issubclass(LyingCluster, Cluster)


def test_one_server_that_lies_consistently_is_found_by_the_second_and_the_epoch_is_paid_after_all(
    tmp_path: Path,
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            wanted = order(place.iot, owners=3)  # one batch
            markers = frozenset(batch.payment.marker for batch in await place.payer().plan(wanted))
            liar = LyingCluster(
                place.cluster, swallows=True, invents_statuses=True, invents_landings=True, invents_accounts=markers
            )
            alone = SqliteFile(tmp_path / "alone", SCHEMA, clock=clock)
            believing = await place.payer(liar, database=alone).pay(wanted)
            alone.close()
            assert believing.complete  # alone it is believed: nothing that it says contradicts itself
            result = await replace(place.payer(replace(liar, sent=[])), second=place.cluster).pay(wanted)
            assert {batch.state for batch in result.unknown} == {PaymentState.UNKNOWN}
            assert all("disagree" in batch.note for batch in result.unknown)
            assert await token_supply(place.cluster, place.iot) == 0
            for batch in result.unknown:
                await place.payer().resolve(batch.key, paid=False, note="the second server was right")
            assert (await place.payer().pay(wanted)).complete
            assert await token_supply(place.cluster, place.iot) == 3003

    simulated(main)
