from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.economy.breaker import Breaker
from skerry_wallet.economy.claim_bitmap import ClaimBitmap
from skerry_wallet.economy.emission import emission_at, epoch_emission, hip20_year
from skerry_wallet.economy.errors import EconomyRejected
from skerry_wallet.economy.fanout import FanoutShare, distribute
from skerry_wallet.economy.fixed_point import ONE, divide, multiply
from skerry_wallet.economy.net_emission import NET_EMISSION_CAP_BONES
from skerry_wallet.economy.subdao_share import FULL_SHARE, converge, issue_rewards
from skerry_wallet.economy.supplement import supplement_at
from skerry_wallet.economy.treasury import premium_percent, redeem, treasury_price_hnt
from skerry_wallet.economy.utility_score import score_shares, utility_score


@pytest.mark.parametrize(
    ("vehnt", "dc_burned", "fees_usd", "published"),
    [
        ("598502751", 9_780_594, "14250808.50", 363_670_976_926),
        ("624148052", 552_799_701, "194010", 973_929_562_628),
    ],
)
def test_the_two_published_utility_scores_come_out(vehnt: str, dc_burned: int, fees_usd: str, published: int) -> None:
    score = utility_score(vehnt=Decimal(vehnt), dc_burned=dc_burned, onboarding_fees_usd=Decimal(fees_usd)).score
    assert abs(score / published - 1) < Decimal("2e-9")


def test_the_published_shares_of_emission_come_out() -> None:
    shares = score_shares([363_670_976_926, 973_929_562_628], hst_percent=30, emission_bones=4_109_589_041_096)
    assert [round(hnt, 2) for hnt in shares.amounts_hnt] == [7821.29, 20945.83]


def test_a_recorded_delegation_total_is_six_percent_of_emission_and_cap() -> None:
    emission = epoch_emission("hnt", 20_542)
    assert emission is not None
    total = emission + NET_EMISSION_CAP_BONES
    parts = [
        issue_rewards(
            score=score * 10**15,
            total_score=10**16,
            prev_share=FULL_SHARE * score // 10,
            total_rewards=total,
            hst_percent=0,
            delegator_percent=600_000_000,
            cap_hnt=None,
        )
        for score in (4, 6)
    ]
    assert abs(sum(part.delegation for part in parts) - 133_150_684_930) <= 60  # a share is a 32-bit fraction


def test_an_unknown_token_has_no_schedule() -> None:
    with pytest.raises(EconomyRejected, match="unknown_token"):
        emission_at("btc", 0)


def test_the_years_of_hip_20_never_exceed_240_million() -> None:
    assert hip20_year(2018).year_bones == 0
    assert hip20_year(2200).cumulative_bones <= 240_000_000 * 10**8


@given(st.integers(0, 2**32 - 1), st.integers(0, 100))
def test_a_smoothed_share_moves_towards_the_score(prev_share: int, score: int) -> None:
    target = FULL_SHARE * score // 100
    after = converge(score * 10**14, 10**16, prev_share, 1)
    assert min(prev_share, target) - 2 <= after <= max(prev_share, target) + 2


def test_fixed_point_refuses_what_leaves_192_bits() -> None:
    with pytest.raises(EconomyRejected, match="arithmetic_error"):
        multiply(2**191, 4)
    for divisor in (0, 1):
        with pytest.raises(EconomyRejected, match="arithmetic_error"):
            divide(2**191, divisor)
    assert multiply(ONE, ONE) == ONE


@given(st.integers(0, 2**63), st.lists(st.tuples(st.booleans(), st.integers(0, 2**32), st.booleans()), max_size=6))
def test_a_split_never_pays_more_than_its_balance(balance: int, raw: list[tuple[bool, int, bool]]) -> None:
    shares = [
        FanoutShare(kind="fixed" if fixed else "share", amount=amount, dust=0, owed=0, has_account=account)
        for fixed, amount, account in raw
    ]
    result = distribute(balance, shares)
    assert sum(result.paid) + result.left == balance
    assert result.left >= 0
    assert all(paid == 0 for paid, share in zip(result.paid, shares, strict=True) if not share.has_account)


@given(st.lists(st.integers(1, 140), max_size=60))
def test_claimed_epochs_agree_with_a_plain_set(epochs: list[int]) -> None:
    state, claimed = ClaimBitmap(last_claimed_epoch=0, bitmap=0), {0}
    for epoch in epochs:
        try:
            state = state.claim(epoch)
            claimed.add(epoch)
        except EconomyRejected:
            assert epoch <= state.last_claimed_epoch or epoch > state.last_claimed_epoch + 128
    for epoch in range(state.last_claimed_epoch + 129):
        assert state.is_claimed(epoch) == (epoch in claimed), epoch


def test_unclaiming_brings_the_epochs_behind_it_back_too() -> None:
    state = ClaimBitmap(last_claimed_epoch=3, bitmap=0).unclaim(2)
    assert state.last_claimed_epoch == 1
    assert not state.is_claimed(2)
    assert not state.is_claimed(3)
    with pytest.raises(EconomyRejected, match="invalid_claim_epoch"):
        ClaimBitmap(last_claimed_epoch=3, bitmap=1).unclaim(3)
    with pytest.raises(EconomyRejected, match="invalid_claim_epoch"):
        state.is_claimed(130)


@given(st.integers(1, 2**60), st.integers(1, 2**60), st.data(), st.sampled_from([0, 5 * 10**11, 10**12]))
def test_redeeming_pays_at_most_the_treasury_and_more_for_more(
    treasury: int, supply: int, data: st.DataObject, k_12: int
) -> None:
    amount = data.draw(st.integers(0, supply))
    less = data.draw(st.integers(0, amount))
    big, small = (
        redeem(treasury=treasury, supply=supply, amount=one, k_12=k_12, freeze_s=10, now_s=0) for one in (amount, less)
    )
    assert 0 <= small <= big <= treasury


def test_prices_of_empty_treasuries_and_supplies_are_errors() -> None:
    with pytest.raises(EconomyRejected, match="arithmetic_error"):
        treasury_price_hnt(treasury=1, supply=0, treasury_decimals=8, supply_decimals=6)
    with pytest.raises(EconomyRejected, match="arithmetic_error"):
        premium_percent(Decimal(1), 0.0)
    with pytest.raises(EconomyRejected, match="arithmetic_error"):
        score_shares([0, 0], hst_percent=0, emission_bones=1)


@pytest.mark.parametrize("kind", ["absolute", "percent"])
def test_a_breaker_lets_through_exactly_its_limit(kind: Literal["absolute", "percent"]) -> None:
    breaker = Breaker(window_s=100, kind=kind, threshold=2**63, last_value=0, last_s=0)
    limit = breaker.check(0, now_s=1, value=1_000).limit
    assert breaker.check(limit, now_s=1, value=1_000).accepted
    assert not breaker.check(limit + 1, now_s=1, value=1_000).accepted


def test_a_percent_breaker_without_a_value_is_an_error() -> None:
    breaker = Breaker(window_s=100, kind="percent", threshold=1, last_value=0, last_s=0)
    with pytest.raises(EconomyRejected, match="arithmetic_error"):
        breaker.check(1, now_s=1, value=None)


def test_the_supplement_runs_flat_for_360_days_and_ends_after_1080() -> None:
    start = 1_785_931_200
    assert supplement_at(start) == supplement_at(start + 360 * 86_400) == 9_800_000_000_000
    assert supplement_at(start + 720 * 86_400) == 4_900_000_000_000
    assert supplement_at(start - 1) == supplement_at(start + 1080 * 86_400) == 0
