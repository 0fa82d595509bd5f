"""`skerry rewards splits` as an owner types it, without a chain: agreements, undo, booking, statements."""

import asyncio
from pathlib import Path

import pytest

from skerry_agent.store import RewardRow, Rewards, RewardState
from skerry_agent.wallet.payments import open_money
from skerry_client.paths import choose_paths
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_testing.cli import skerry
from skerry_testing.wallet import address_of

OWNER, HOST = address_of("owner"), address_of("host")
HOTSPOT = "14hotspot"
DAY_S = 86_400
EPOCH = 20_767  # 2026-11-10


@pytest.fixture
def home(tmp_path: Path) -> Path:
    async def earn() -> None:
        async with open_money(choose_paths(tmp_path, environ={}), clock=SystemClock()) as database:
            rows = [
                RewardRow(
                    id=str(epoch), network="n", epoch=epoch, at_ns=(epoch + 1) * DAY_S * NS_PER_S, hotspot=HOTSPOT,
                    owner=OWNER, token="HNT", amount=1001, kind="data", state=RewardState.PAID, manifest_hash="",
                    cause={},
                )
                for epoch in (EPOCH, EPOCH + 1)
            ]  # fmt: skip
            await Rewards(database).put(rows)

    asyncio.run(earn())
    assert skerry(tmp_path, "wallet", "watch", "me", OWNER).code == 0
    return tmp_path


def agree(home: Path, *more: str) -> list[str]:
    return ["rewards", "splits", "set", HOTSPOT, "--share", "me=7500", "--share", f"{HOST}=2500", *more]


def test_an_agreement_is_made_listed_undone_and_kept_in_the_history(home: Path) -> None:
    made = skerry(home, *agree(home, "--name", f"{HOST}=Rosa"), "--json")
    assert (made.code, made.json["from_epoch"], made.json["to_epoch"]) == (0, EPOCH + 2, None)
    assert "Rosa 2500" in skerry(home, "rewards", "splits", "list").out
    ended = skerry(home, "rewards", "splits", "remove", HOTSPOT, "--from-epoch", str(EPOCH + 9))
    assert "no split" in ended.out
    assert skerry(home, "rewards", "splits", "undo", HOTSPOT).code == 0
    assert [one["number"] for one in skerry(home, "rewards", "splits", "list", "--json").json["items"]] == [1]
    history = skerry(home, "rewards", "splits", "list", "--history", "--json").json["items"]
    assert [one["kind"] for one in history] == ["set", "remove", "undo"]


def test_what_cannot_be_agreed_is_refused_with_a_remedy(home: Path) -> None:
    wrong = (
        (["--share", "me=9999"], "E_SPLIT_SHARES"),
        (["--share", "me=10000", "--share", "x"], "E_SPLIT_SHARES"),
        (["--share", "me=ten"], "E_SPLIT_SHARES"),
        (["--share", "nobody=10000"], "E_WALLET_UNKNOWN"),
    )
    for options, code in wrong:
        ran = skerry(home, "rewards", "splits", "set", HOTSPOT, *options, "--json")
        assert ran.json["error"]["code"] == code
    unknown = skerry(home, "rewards", "splits", "set", "14other", "--share", "me=10000", "--json")
    assert unknown.json["error"]["code"] == "E_SPLIT_EPOCHS"


def test_booking_is_a_dry_run_first_and_makes_the_statement(home: Path) -> None:
    skerry(home, *agree(home, "--from-epoch", str(EPOCH)))
    dry = skerry(home, "rewards", "splits", "book", "--json")
    assert (dry.json["booked"], [one["amount"] for one in dry.json["items"]]) == (0, [250, 250])
    early = skerry(home, "rewards", "splits", "statement", HOST, "--month", "2026-11")
    assert "not booked yet" in early.err
    assert skerry(home, "rewards", "splits", "book", "--commit", "--json").json["booked"] == 2
    assert skerry(home, "rewards", "splits", "book", "--commit", "--json").json["booked"] == 0
    text = skerry(home, "rewards", "splits", "statement", HOST, "--month", "2026-11")
    assert "0.000005" in text.out
    page = home / "statement.html"
    ran = skerry(
        home, "rewards", "splits", "statement", HOST, "--month", "2026-11", "--format", "html", "--output", str(page)
    )  # fmt: skip
    assert ran.code == 0
    assert "owed at the end" in page.read_text()
    late = skerry(home, *agree(home, "--from-epoch", str(EPOCH + 1)), "--json")
    assert late.json["error"]["code"] == "E_SPLIT_BOOKED"
    assert skerry(home, "rewards", "splits", "statement", HOST, "--month", "November").code == 2


def test_paying_without_a_chain_says_where_to_find_one(home: Path) -> None:
    ran = skerry(home, "rewards", "splits", "pay", "me", "--json")
    assert ran.json["error"]["code"] == "E_NO_CLUSTER"
