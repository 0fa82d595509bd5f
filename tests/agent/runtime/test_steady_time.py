"""What may be deleted by age: only by a clock that is known and has not jumped lately."""

import pytest

from skerry_agent.evidence import TimeKeeper
from skerry_agent.runtime.steady_time import SETTLE_NS, SteadyTime
from skerry_core.clock import NS_PER_S
from skerry_coverage.evidence.entry import TimeSource
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import BOOT
from skerry_testing.simulated import simulated

YEAR_S = 365 * 86_400
SETTLE_S = SETTLE_NS // NS_PER_S


def known(clock: SimulatedClock) -> tuple[TimeKeeper, SteadyTime]:
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.NTP, error_ns=1)
    return time, SteadyTime(time, clock=clock)


@pytest.mark.parametrize("jump_s", [YEAR_S, -YEAR_S, 2 * 86_400])
def test_a_jump_is_not_believed_for_an_hour_even_when_the_kernel_vouches_for_it(jump_s: int) -> None:
    async def main(clock: SimulatedClock) -> None:
        time, steady = known(clock)
        assert steady.now_ns() == clock.wall_ns()
        clock.jump_wall(jump_s)
        time.synchronised(TimeSource.NTP, error_ns=1)
        assert steady.now_ns() is None
        await clock.sleep(SETTLE_S - 1)
        assert steady.now_ns() is None
        await clock.sleep(2)
        assert steady.now_ns() == clock.wall_ns()
        clock.jump_wall(-jump_s)
        assert steady.now_ns() is None

    simulated(main)


def test_corrections_of_a_time_service_and_a_laptop_that_slept_are_believed() -> None:
    async def main(clock: SimulatedClock) -> None:
        _, steady = known(clock)
        for shift_s in (5, -30, 8 * 3600):
            await clock.sleep(100)
            clock.jump_wall(shift_s)
            assert steady.now_ns() == clock.wall_ns()

    simulated(main)


def test_a_time_that_is_not_known_or_doubted_is_none() -> None:
    async def main(clock: SimulatedClock) -> None:
        time = TimeKeeper(clock, boot_id=BOOT)
        steady = SteadyTime(time, clock=clock)
        assert steady.now_ns() is None
        time.synchronised(TimeSource.NTP, error_ns=1)
        assert steady.now_ns() == clock.wall_ns()
        clock.jump_wall(YEAR_S)
        assert steady.now_ns() is None

    simulated(main)
