"""The kernel's word, or the owner's, makes the time known."""

import pytest

from skerry_agent.background import Background
from skerry_agent.runtime.clock_watch import watch_clock
from skerry_coverage.evidence.entry import TimeSource
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import keeper
from skerry_testing.simulated import simulated


def test_signing_begins_within_seconds_of_the_kernels_word(caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: SimulatedClock) -> None:
        time, bounds = keeper(clock, synchronised=False), [None, None, 2_000_000]
        async with Background() as background:
            watching = watch_clock(time, clock=clock, error_ns=lambda: bounds.pop(0) if bounds else 1, trusted=False)
            background.start(watching, name="clock")
            await clock.sleep(6)
            assert not time.is_synchronised
            await clock.sleep(5)
            assert time.stamp().source is TimeSource.NTP
        assert caplog.text.count("not synchronised since boot") == 1

    simulated(main)


def test_the_owners_word_counts_where_the_kernel_says_nothing() -> None:
    async def main(clock: SimulatedClock) -> None:
        time = keeper(clock, synchronised=False)
        async with Background() as background:
            background.start(watch_clock(time, clock=clock, error_ns=lambda: None, trusted=True), name="clock")
            await clock.sleep(1)
            stamp = time.stamp()
            assert (stamp.source, stamp.error_ns) == (TimeSource.MANUAL, None)

    simulated(main)
