"""A host's month: what was owed, earned, paid; the same figures on every kind of paper."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from skerry_core.errors import UsageError
from skerry_testing.wallet import address_of
from skerry_wallet.ledger.book import Entry
from skerry_wallet.splits.agreement import Agreement, Share
from skerry_wallet.splits.booking import Earned, payout_entry, split_entries
from skerry_wallet.splits.history import Change
from skerry_wallet.splits.paper import FORMATS
from skerry_wallet.splits.statement import Statement, month_bounds, statements
from skerry_wallet.tokens import Token

OWNER, HOST, MINT = address_of("owner"), address_of("host"), address_of("mint")
TOKENS = {MINT: Token(name="=demo<IOT>", mint=MINT, decimals=3)}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def entries() -> list[Entry]:
    shares = (Share(address=OWNER, basis_points=7500), Share(address=HOST, basis_points=2500))
    change = Change(number=1, at_s=0, kind="set", agreement=Agreement(hotspot="hs", shares=shares, start_epoch=0))
    days = {1: "2026-10-31T23:59:59", 2: "2026-11-01T23:59:59", 3: "2026-11-30T23:59:59", 4: "2026-12-01T23:59:59"}
    earned = [
        Earned(network="n", epoch=epoch, hotspot="hs", owner=OWNER, mint=MINT, amount=4000 * epoch, at_s=at(day))
        for epoch, day in days.items()
    ]
    paid = payout_entry(
        key="owner/x/split/0", at_s=at("2026-11-15T12:00:00"), owner=OWNER, host=HOST, mint=MINT, amount=1500,
        signature="sig",
    )  # fmt: skip
    return [*split_entries(earned, [change]), paid]


def november() -> list[Statement]:
    return statements(entries(), HOST, "2026-11")


def test_opening_shares_payments_and_closing_follow_from_the_ledger() -> None:
    (one,) = november()
    assert (one.opening, one.shares, one.paid, one.closing) == (1000, 5000, 1500, 4500)
    assert [(line.epoch, line.earned, line.amount) for line in one.lines] == [
        (2, 8000, 2000), (None, None, -1500), (3, 12_000, 3000),
    ]  # fmt: skip
    (december,) = statements(entries(), HOST, "2026-12")
    assert december.opening == one.closing
    assert statements(entries(), HOST, "2026-09") == []
    assert statements(entries(), OWNER, "2026-11") == []


def test_csv_and_json_hold_the_same_integers_and_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](november(), TOKENS))))
    assert [row["balance_base_units"] for row in rows] == ["1000", "3000", "1500", "4500"]
    assert rows[1]["amount"] == "2"
    assert all(row["token"] == "'=demo<IOT>" for row in rows)
    (one,) = json.loads(FORMATS["json"](november(), TOKENS))
    assert [line["balance"] for line in one["lines"]] == [3000, 1500, 4500]
    assert (one["opening"], one["shares"], one["paid"], one["closing"]) == (1000, 5000, 1500, 4500)


def test_text_and_page_say_what_is_owed_and_nothing_foreign_is_markup() -> None:
    text, page = FORMATS["text"](november(), TOKENS), FORMATS["html"](november(), TOKENS)
    for paper in (text, page):
        assert "owed at the end" in paper
        assert "4.5" in paper
        assert HOST in paper
    assert "=demo&lt;IOT&gt;" in page
    assert "<IOT>" not in page
    assert "<script" not in page


def test_months_are_utc_and_anything_else_is_refused() -> None:
    assert month_bounds("2026-12") == (at("2026-12-01"), at("2027-01-01"))
    for wrong in ("2026-13", "2026", "12-2026", ""):
        with pytest.raises(UsageError):
            month_bounds(wrong)
