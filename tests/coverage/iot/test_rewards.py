from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_coverage.iot.rewards import HIP138, HIP149, RULES, GatewayShares, Price, reward_epoch

amounts = st.decimals(min_value=0, max_value=10_000, places=4)
shares_of = st.dictionaries(
    st.binary(min_size=1, max_size=2),
    st.builds(GatewayShares, beacon=amounts, witness=amounts, dc=st.integers(0, 10**9).map(Decimal)),
    max_size=12,
)


@pytest.mark.parametrize("rules", RULES.values(), ids=list(RULES))
@given(emission=st.integers(0, 10**15), price=st.integers(1, 10**10), shares=shares_of)
def test_never_more_than_the_emission_is_given_out(
    rules: object, emission: int, price: int, shares: dict[bytes, GatewayShares]
) -> None:
    chosen = HIP138 if rules is HIP138 else HIP149
    result = reward_epoch(chosen, emission_bones=emission, price=Price(oracle_price=price, decimals=8), shares=shares)
    paid = sum(payout.total_bones for payout in result.gateways.values())
    total = paid + result.operations_bones + result.oracles_unallocated_bones + (result.poc_unallocated_bones or 0)
    assert total <= emission
    assert result.poc_unallocated_bones is None or result.poc_unallocated_bones >= 0


@given(shares=shares_of)
def test_the_order_of_gateways_changes_nothing(shares: dict[bytes, GatewayShares]) -> None:
    price = Price(oracle_price=3_590_000, decimals=8)
    forward = reward_epoch(HIP138, emission_bones=10**12, price=price, shares=shares)
    backward = reward_epoch(HIP138, emission_bones=10**12, price=price, shares=dict(reversed(list(shares.items()))))
    assert dict(forward.gateways) == dict(backward.gateways)
    assert forward.per_share == backward.per_share


def test_impossible_prices_and_emissions_are_refused() -> None:
    with pytest.raises(ValueError, match="price"):
        reward_epoch(HIP138, emission_bones=1, price=Price(oracle_price=0, decimals=8), shares={})
    with pytest.raises(ValueError, match="emission"):
        reward_epoch(HIP138, emission_bones=-1, price=Price(oracle_price=1, decimals=8), shares={})
