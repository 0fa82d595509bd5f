"""Shares add up to the last unit, nobody is off by a whole unit, and impossible agreements are refused."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.errors import UsageError
from skerry_testing.wallet import address_of
from skerry_wallet.splits.agreement import WHOLE, Agreement, Share

NAMES = [address_of(f"party {number}") for number in range(6)]


def agreement(*points: int, start: int = 5, end: int | None = None) -> Agreement:
    shares = tuple(Share(address=name, basis_points=part) for name, part in zip(NAMES, points, strict=False))
    return Agreement(hotspot="h", shares=shares, start_epoch=start, end_epoch=end)


@st.composite
def agreements(draw: st.DrawFn) -> Agreement:
    cuts = sorted(draw(st.sets(st.integers(1, WHOLE - 1), max_size=5)))
    return agreement(*(high - low for low, high in zip([0, *cuts], [*cuts, WHOLE], strict=True)))


@settings(max_examples=200)
@given(agreements(), st.integers(0, 1 << 64))
def test_the_parts_add_up_and_none_is_a_whole_unit_off(made: Agreement, amount: int) -> None:
    made.check()
    parts = made.divide(amount)
    assert sum(parts.values()) == amount
    for share in made.shares:
        assert abs(parts[share.address] - Fraction(amount * share.basis_points, WHOLE)) < 1


def test_units_left_over_go_to_the_largest_remainders_then_to_the_first_named() -> None:
    assert list(agreement(3333, 3333, 3334).divide(100).values()) == [33, 33, 34]
    assert list(agreement(5000, 5000).divide(3).values()) == [2, 1]
    assert list(agreement(1, 9999).divide(1).values()) == [0, 1]
    assert list(agreement(2500, 2500, 2500, 2500).divide(2).values()) == [1, 1, 0, 0]


@pytest.mark.parametrize("points", [(), (9999,), (5000, 5001), (10_000, 0), (11_000, -1000)])
def test_shares_that_are_not_the_whole_are_refused(points: tuple[int, ...]) -> None:
    with pytest.raises(UsageError) as refusal:
        agreement(*points).check()
    assert refusal.value.code == "E_SPLIT_SHARES"


def test_doubled_and_impossible_addresses_and_epochs_are_refused() -> None:
    half = Share(address=NAMES[0], basis_points=5000)
    for shares, code in (
        ((half, half), "E_SPLIT_SHARES"),
        ((Share(address="x", basis_points=WHOLE),), "E_WALLET_ADDRESS"),
    ):
        with pytest.raises(UsageError) as refusal:
            Agreement(hotspot="h", shares=shares, start_epoch=0).check()
        assert refusal.value.code == code
    with pytest.raises(UsageError) as refusal:
        agreement(WHOLE, start=5, end=4).check()
    assert refusal.value.code == "E_SPLIT_EPOCHS"


def test_both_ends_are_covered() -> None:
    assert [epoch for epoch in range(10) if agreement(WHOLE, start=3, end=5).covers(epoch)] == [3, 4, 5]
    assert agreement(WHOLE, start=3).covers(10**9)
