"""Time limits and sleeps behave alike on the computer's clock."""

import pytest

from skerry_core.clock import SystemClock, io_timeout


async def test_a_body_that_takes_too_long_ends_in_a_timeout() -> None:
    clock = SystemClock()
    with pytest.raises(TimeoutError):
        async with clock.timeout(0.001):
            await clock.sleep(60)


async def test_an_error_of_the_body_comes_out_unchanged() -> None:
    with pytest.raises(KeyError):
        async with SystemClock().timeout(60):
            raise KeyError


async def test_sleeping_until_the_past_returns_at_once() -> None:
    clock = SystemClock()
    async with io_timeout(60):
        await clock.sleep_until(clock.monotonic_ns() - 1)
