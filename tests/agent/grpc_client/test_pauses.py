"""Pauses between connection attempts double, vary, and stay between five seconds and half an hour."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_agent.grpc_client.pauses import ReconnectPauses


@settings(max_examples=100)
@given(st.integers(), st.integers(min_value=0, max_value=60))
def test_every_pause_is_within_its_bounds(seed: int, attempts: int) -> None:
    pauses = ReconnectPauses(Random(seed))
    for _ in range(attempts):
        assert 5 <= pauses.next_s() <= 1_800


def test_pauses_grow_and_begin_again_after_a_session() -> None:
    pauses = ReconnectPauses(Random(1))
    series = [pauses.next_s() for _ in range(12)]
    assert series[0] < 10
    assert series[-1] > 1_200
    pauses.reset()
    assert pauses.next_s() < 10
