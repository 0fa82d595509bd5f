import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_wallet.helium.amounts import format_amount, parse_amount
from skerry_wallet.helium.batches import LandedStatus, landed
from skerry_wallet.helium.claims import Slots, distribute, plan_claim, set_current_rewards
from skerry_wallet.helium.constants import HNT_USD_FEED_HEX
from skerry_wallet.helium.data_credits import PriceUpdate, dc_of_usd, display_price, mint_data_credits
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.history import ConfirmedTransaction, TouchedInstruction, explain

PRICE = PriceUpdate(
    ema_price=650_000_000,
    ema_conf=1_000_000,
    exponent=-8,
    publish_time_s=1_000,
    verification="full",
    receiver="current",
    feed_hex=HNT_USD_FEED_HEX,
)


@given(st.integers(-(2**128), 2**128), st.integers(0, 20))
def test_amounts_read_back_exactly(amount: int, decimals: int) -> None:
    assert parse_amount(format_amount(amount, decimals), decimals) == amount


@pytest.mark.parametrize("text", [" 1", "1.", ".5", "+1", "1e3", "1_000", "٣", "--1", "1.2.3", "9" * 200, "\n", "1\n"])
def test_a_malformed_amount_is_refused(text: str) -> None:
    with pytest.raises(HeliumRejected, match="invalid_amount"):
        parse_amount(text, 8)


@given(st.integers(1, 2**40))
def test_converting_hnt_to_dc_and_back_never_gains(bones: int) -> None:
    dc = mint_data_credits(PRICE, now_s=1_000, hnt_amount=bones).dc_amount
    back = mint_data_credits(PRICE, now_s=1_000, dc_amount=dc).hnt_amount
    assert back <= bones


@pytest.mark.parametrize("exponent", [2**31 - 1, -(2**31), 4, -36])
def test_an_absurd_exponent_is_refused_without_computing_it(exponent: int) -> None:
    price = dataclasses.replace(PRICE, exponent=exponent)
    with pytest.raises(HeliumRejected, match="arithmetic_error"):
        mint_data_credits(price, now_s=1_000, hnt_amount=1)
    if abs(exponent) > 38:
        with pytest.raises(HeliumRejected, match="arithmetic_error"):
            display_price(price, now_s=1_000)


def test_a_price_is_good_for_ten_minutes_to_the_second() -> None:
    assert display_price(PRICE, now_s=1_600) == "6.520000"
    with pytest.raises(HeliumRejected, match="too_old"):
        display_price(PRICE, now_s=1_601)


@given(st.decimals(min_value=0, max_value=10**9, places=7, allow_nan=False))
def test_dollars_buy_their_whole_credits(usd: Decimal) -> None:
    assert dc_of_usd(format(usd, "f")) == int(usd * 100_000)


@pytest.mark.parametrize("text", ["", "-1", "1e5", "NaN", "1_0", " 1", "9" * 40])
def test_a_malformed_dollar_amount_is_refused(text: str) -> None:
    with pytest.raises(HeliumRejected, match="invalid_amount"):
        dc_of_usd(text)


@given(st.lists(st.none() | st.integers(0, 2**64 - 1), max_size=7), st.integers(0, 2**64 - 1))
def test_a_distribution_pays_up_to_the_median_and_never_twice(slots: list[int | None], paid: int) -> None:
    try:
        amount, total = distribute(slots, paid)
    except HeliumRejected as error:
        if error.reason not in {"not_enough_oracles", "arithmetic_error"}:
            raise
        return
    assert amount + paid == total
    assert distribute(slots, total) == (0, total)


def test_an_oracle_index_outside_the_list_is_refused() -> None:
    for index in (-1, 2):
        with pytest.raises(HeliumRejected, match="invalid_oracle_index"):
            set_current_rewards(
                Slots(values=(None, None), version=0),
                distributor_version=0,
                oracles=2,
                oracle_index=index,
                current_rewards=1,
                may_shrink=False,
            )


def test_without_oracles_nothing_is_claimed() -> None:
    plan = plan_claim([], 5, wanted=None, max_claim=None)
    assert (plan.pending, plan.claim, plan.lifetime) == (0, 0, None)


def test_a_failed_tip_only_batch_has_not_landed() -> None:
    failed = LandedStatus("finalized", error=True)
    assert not landed([failed], ["jito_tip"])
    assert landed([LandedStatus("finalized", error=False)], ["jito_tip"])


def touched(program: str, data: bytes, *accounts: str) -> TouchedInstruction:
    return TouchedInstruction(program=program, accounts=accounts, data=data)


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=130), st.integers(0, 5)), max_size=4))
def test_history_of_any_instructions_is_some_meaning_or_none(raw: list[tuple[int, bytes, int]]) -> None:
    programs = [
        "1azyuavdMyvsivtNxPoz6SucD18eDHeXzFCUPq5XU7w",
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
        "BGUMAp9Gq7iTEuizy4pqaxsTyUCBK68MDfK752saRPUY",
        "11111111111111111111111111111111",
        "mfanLprNnaiP4RX9Zz1BMcDosYHCqnG24H1fMEbi9Gn",
        "ComputeBudget111111111111111111111111111111",
    ]
    instructions = tuple(touched(programs[program], data, *(["a"] * accounts)) for program, data, accounts in raw)
    transaction = ConfirmedTransaction(
        accounts=("a", "b"),
        instructions=instructions,
        inner_instructions=instructions,
        lamports_before=(10_000, 0),
        lamports_after=(0, 10_000),
        token_before=(),
        token_after=(),
    )
    meaning = explain(transaction, wallet="a")
    only_system = {programs[3]} == {instruction.program for instruction in instructions} - {programs[5]}
    if only_system:
        assert meaning is not None
        assert meaning.type == "sol_transfer"
