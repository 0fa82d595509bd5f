"""The ledger: it balances, books once, adds exactly, and agrees with the chain to the last unit or says where not."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import SystemClock
from skerry_core.errors import UsageError
from skerry_simulate.clock import SimulatedClock
from skerry_testing.wallet import NETWORK, START_S, Settlement, address_of, order, settlement, signer, simulated
from skerry_wallet.database import SqliteFile
from skerry_wallet.dc.credits import DataCredits
from skerry_wallet.ledger.book import SCHEMA, Entry, Ledger, Posting, owner_account
from skerry_wallet.ledger.entries import credit_issue_entry, payout_entries, usage_entry
from skerry_wallet.ledger.export import to_beancount, to_csv, to_json
from skerry_wallet.ledger.reconcile import reconcile
from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
from skerry_wallet.tokens import Token

TOKENS = {"mint": Token(name="demo-IOT", mint="mint", decimals=6)}


def entry(number: int, *amounts: int, cause: str = "because") -> Entry:
    postings = tuple(Posting(account=f"owner:{n}", token="mint", amount=amount) for n, amount in enumerate(amounts))
    return Entry(id=f"entry {number}", at_s=START_S + number, kind="payout", cause=cause, postings=postings)


async def test_an_entry_is_booked_once_and_never_changed(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "ledger.db", SCHEMA, clock=SystemClock())
    ledger = Ledger(database)
    assert await ledger.book([entry(1, -5, 5), entry(2, -7, 7)]) == 2
    assert await ledger.book([entry(1, -5, 5), entry(3, -1, 1)]) == 1
    with pytest.raises(UsageError, match="with other contents"):
        await ledger.book([entry(4, -2, 2), entry(1, -6, 6)])
    assert await ledger.balances("mint") == {"owner:0": -13, "owner:1": 13}
    assert await ledger.entry("entry 4") is None
    assert [found.id for found in await ledger.entries(after=(START_S + 1, "entry 1"))] == ["entry 2", "entry 3"]
    database.close()


@pytest.mark.parametrize("amounts", [(), (5,), (-5, 4), (0, 0), (1 << 63, -(1 << 63))])
def test_what_does_not_balance_is_refused(amounts: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        entry(1, *amounts).check()


def test_an_entry_without_a_cause_is_refused() -> None:
    with pytest.raises(UsageError):
        entry(1, -5, 5, cause="").check()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, (1 << 63) - 1), min_size=1, max_size=12))
def test_sums_beyond_64_bits_are_exact(amounts: list[int]) -> None:
    async def main(_: SimulatedClock) -> None:
        database = SqliteFile(Path(":memory:"), SCHEMA, clock=SystemClock())
        ledger = Ledger(database)
        await ledger.book([entry(number, -amount, amount) for number, amount in enumerate(amounts)])
        assert await ledger.balance("owner:1", "mint") == sum(amounts)
        assert await ledger.balances("mint") == {"owner:0": -sum(amounts), "owner:1": sum(amounts)}
        database.close()

    simulated(main)


async def settle(place: Settlement, ledger: Ledger) -> None:
    result = await place.payer().pay(order(place.iot))
    await ledger.book(list(payout_entries(result, at_s=place.clock.wall_s())))
    credits_ = DataCredits(
        cluster=place.cluster,
        store=SqlitePaymentStore(place.database),
        clock=place.clock,
        network=place.network,
        token_name="demo-DC",
        payer=signer("payer"),
        mint_authority=signer("minter"),
        freeze_authority=signer("freezer"),
    )
    mint, owner = place.network.tokens["demo-DC"].mint, address_of("delegate")
    issued = await credits_.issue("grant", owner, 1000)
    burned = await credits_.burn("packets", signer("delegate"), 30)
    at_s = place.clock.wall_s()
    await ledger.book(
        [
            credit_issue_entry(issued, mint=mint, owner=owner, at_s=at_s, cause="operator's grant"),
            usage_entry(burned, mint=mint, owner=owner, at_s=at_s, cause="packets of epoch 7"),
        ]
    )


def test_ledger_and_chain_agree_to_the_last_unit(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            ledger = Ledger(place.database)
            await settle(place, ledger)
            mints = [token.mint for token in place.network.tokens.values()]
            found = await reconcile(ledger, place.cluster, mints)
            assert found.matches, [str(difference) for difference in found.differences]
            assert found.accounts == 12 + 1 + 1 + 1
            assert await ledger.balance("burned", mints[1]) == 30

    simulated(main)


def test_every_difference_is_named(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with settlement(tmp_path, clock) as place:
            ledger = Ledger(place.database)
            await settle(place, ledger)
            unbooked = await place.payer().pay(order(place.iot, epoch=8, owners=1, amount=5))
            assert unbooked.complete
            false = (
                Posting(account=owner_account(address_of("owner 3")), token=place.iot, amount=-1),
                Posting(account=owner_account(address_of("owner 4")), token=place.iot, amount=1),
            )
            await ledger.book([Entry(id="false", at_s=1, kind="transfer", cause="a mistake", postings=false)])
            found = await reconcile(ledger, place.cluster, [place.iot])
            differences = {item.account: item.ledger - item.chain for item in found.differences}
            assert differences == {
                owner_account(address_of("owner 0")): -5,
                owner_account(address_of("owner 3")): -1,
                owner_account(address_of("owner 4")): 1,
                "supply": -5,
            }

    simulated(main)


def test_unfinished_movements_are_not_booked() -> None:
    from skerry_wallet.dc.credits import CreditMovement
    from skerry_wallet.payout.payment import PaymentState

    sent = CreditMovement(key=f"credits/{NETWORK}/usage/x", amount=5, state=PaymentState.SENT, signature=None, note="")
    with pytest.raises(ValueError, match="only final"):
        usage_entry(sent, mint="mint", owner="x", at_s=1, cause="x")


EXPORTED = [
    Entry(
        id="payout/1",
        at_s=START_S,
        kind="payout",
        cause='=cmd() "quoted"',
        postings=(
            Posting(account="emission", token="mint", amount=-1_500_001),
            Posting(account="owner:abc", token="mint", amount=1_500_001),
        ),
        signature="sig",
        price="0.25",
        price_source="pyth",
    )
]


def test_csv_holds_every_posting_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(EXPORTED, TOKENS))))
    assert [row["amount_base_units"] for row in rows] == ["-1500001", "1500001"]
    assert [row["amount"] for row in rows] == ["-1.500001", "1.500001"]
    assert rows[0]["cause"] == '\'=cmd() "quoted"'
    assert rows[0]["time"] == "2026-09-21T14:13:20Z"
    assert rows[0]["token"] == "demo-IOT"


def test_json_holds_integers() -> None:
    (found,) = json.loads(to_json(EXPORTED, TOKENS))
    assert [posting["amount"] for posting in found["postings"]] == [-1_500_001, 1_500_001]
    assert found["cause"] == EXPORTED[0].cause


def test_beancount_opens_accounts_and_balances() -> None:
    text = to_beancount(EXPORTED, TOKENS)
    assert "2026-09-21 open Income:Emission" in text
    assert "2026-09-21 open Assets:Owner:Aabc" in text
    assert '2026-09-21 * "payout" "=cmd() \\"quoted\\""' in text
    assert "  Income:Emission  -1.500001 DEMO-IOT @ 0.25 USD" in text
    assert "  Assets:Owner:Aabc  1.500001 DEMO-IOT @ 0.25 USD" in text


async def test_a_cursor_never_leaves_the_databases_thread(tmp_path: Path) -> None:
    database = SqliteFile(tmp_path / "db", SCHEMA, clock=SystemClock())
    seen: list[sqlite3.Cursor] = []

    def leak(connection: sqlite3.Connection) -> sqlite3.Cursor:
        seen.append(connection.execute("SELECT 1 UNION SELECT 2"))
        return seen[0]

    assert await database.write(leak) is None
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        await database.read(lambda _: seen[0].fetchone())
    database.close()
