from pathlib import Path

import pytest

from skerry_core.errors import UserError
from skerry_testing.wallet import address_of
from skerry_wallet.keyfile.errors import KeyExposed
from skerry_wallet.spending.rules import Limit, SpendingRefused, SpendingRules, check_spending

FRIEND, STRANGER = address_of("friend"), address_of("stranger")


def check(rules: SpendingRules, amount: int, *, to: str = FRIEND, spent: int = 0) -> None:
    check_spending(rules, paid={"SOL": amount}, destinations=frozenset({to}), spent_today={"SOL": spent})


def test_without_rules_anything_goes() -> None:
    check(SpendingRules(), 1 << 63, to=STRANGER)


def test_limits_hold_to_the_last_unit() -> None:
    rules = SpendingRules().limit("SOL", Limit(per_payment=100, per_day=150))
    check(rules, 100)
    check(rules, 100, spent=50)
    for amount, spent in ((101, 0), (100, 51), (1, 150)):
        with pytest.raises(SpendingRefused, match="limit is"):
            check(rules, amount, spent=spent)
    check_spending(rules, paid={"mint": 10**9}, destinations=frozenset(), spent_today={})


def test_only_listed_destinations_are_paid_when_the_owner_says_so() -> None:
    listed = SpendingRules(only_allowed=True).allow(FRIEND, "friend")
    check(listed, 1)
    with pytest.raises(SpendingRefused, match="not on your list"):
        check(listed, 1, to=STRANGER)


def test_rules_survive_the_file_and_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "spending.json"
    assert SpendingRules.read(path) == SpendingRules()
    rules = SpendingRules(only_allowed=True).allow(FRIEND, "a friend").limit("SOL", Limit(per_day=5))
    rules.write(path)
    assert SpendingRules.read(path) == rules
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o644)
    with pytest.raises(KeyExposed):
        SpendingRules.read(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"allowed":{},"only_allowed":true}',
        '{"allowed":{"no":"x"},"only_allowed":false,"limits":{}}',
        '{"allowed":{},"only_allowed":false,"limits":{"SOL":{"per_payment":-1,"per_day":null}}}',
        '{"allowed":{},"only_allowed":false,"limits":{"SOL":{"per_payment":true,"per_day":null}}}',
        '{"allowed":[],"only_allowed":false,"limits":{}}',
    ],
)
def test_a_damaged_file_stops_all_payments(tmp_path: Path, content: str) -> None:
    path = tmp_path / "spending.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(UserError, match="cannot be read, so nothing is paid"):
        SpendingRules.read(path)
