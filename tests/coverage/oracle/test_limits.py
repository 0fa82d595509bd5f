"""Token buckets: rates, bursts, bounded memory."""

from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_oracle.limits import RateLimiter
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import simulated


def test_a_key_may_send_its_burst_and_then_its_rate() -> None:
    async def main(clock: SimulatedClock) -> None:
        limiter = RateLimiter(clock=clock, per_s=2, burst=5, max_keys=10)
        assert [limiter.take("a") for _ in range(7)] == [True] * 5 + [False] * 2
        assert limiter.take("b")
        await clock.sleep(1)
        assert [limiter.take("a") for _ in range(3)] == [True, True, False]

    simulated(main)


@settings(max_examples=100)
@given(st.lists(st.integers(min_value=0, max_value=50), max_size=200))
def test_memory_is_bounded_whoever_sends(keys: list[int]) -> None:
    limiter = RateLimiter(clock=SimulatedClock(start_s=0), per_s=1, burst=1, max_keys=8)
    for key in keys:
        limiter.take(str(key))
        assert len(limiter) <= 8
