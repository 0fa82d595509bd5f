"""The time keeper and what the kernel says of the clock."""

import asyncio
import sys

import pytest

from skerry_agent.evidence.ntp import boot_id, kernel_error_ns
from skerry_agent.evidence.timekeeper import TimeKeeper
from skerry_core.clock import NS_PER_S
from skerry_coverage.evidence.clocks import dated
from skerry_coverage.evidence.entry import TimeSource
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import BOOT, stamp


def test_the_error_bound_grows_while_nobody_synchronises() -> None:
    clock = SimulatedClock(start_s=10**9)
    time = TimeKeeper(clock, boot_id=BOOT)

    async def wait() -> None:
        assert time.stamp().wall_ns is None
        time.synchronised(TimeSource.GNSS, error_ns=100)
        assert time.stamp().error_ns == 100
        await clock.sleep(3600)

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(wait())
    now = time.stamp()
    assert (now.wall_ns, now.source) == (clock.wall_ns(), TimeSource.GNSS)
    assert now.error_ns == 100 + 3600 * NS_PER_S * 100 // 1_000_000


@pytest.mark.parametrize("jump_s", [365 * 86_400, -120])
def test_a_jump_is_seen_by_whoever_asks_next_and_over_when_it_is_undone(jump_s: int) -> None:
    clock = SimulatedClock(start_s=10**9)
    time = TimeKeeper(clock, boot_id=BOOT)
    assert time.doubt is None  # nothing was known
    time.synchronised(TimeSource.MANUAL, error_ns=None)
    clock.jump_wall(jump_s)
    assert not time.is_synchronised
    assert time.doubt is not None
    assert time.doubt.startswith("it jumped by 365 days ahead" if jump_s > 0 else "it jumped by 2 min back")
    assert (time.stamp().wall_ns, time.stamp().source) == (None, TimeSource.NONE)
    time.keep_up()
    assert not time.is_synchronised  # a jump is no small correction
    clock.jump_wall(-jump_s)
    assert time.is_synchronised
    assert time.doubt is None
    clock.jump_wall(jump_s)
    time.synchronised(TimeSource.NTP, error_ns=1)  # the kernel vouches for it
    assert time.is_synchronised


def test_small_corrections_never_add_up_to_a_jump() -> None:
    clock = SimulatedClock(start_s=10**9)
    time = TimeKeeper(clock, boot_id=BOOT)
    time.synchronised(TimeSource.MANUAL, error_ns=None)
    for _ in range(10):
        clock.jump_wall(-50)
        time.keep_up()
    assert time.is_synchronised


def test_none_is_no_source_and_a_boot_id_has_sixteen_bytes() -> None:
    clock = SimulatedClock(start_s=10**9)
    with pytest.raises(ValueError, match="no source"):
        TimeKeeper(clock, boot_id=BOOT).synchronised(TimeSource.NONE, error_ns=None)
    with pytest.raises(ValueError, match="16 bytes"):
        TimeKeeper(clock, boot_id=b"")


def test_an_early_stamp_is_dated_from_the_nearest_synchronisation_of_its_boot() -> None:
    early = stamp(1000, synchronised=False)
    assert dated(early, []) is None
    found = dated(early, [stamp(5000), stamp(2000)])
    assert found is not None
    assert found.wall_ns == 1000 * NS_PER_S
    assert found.error_ns == 5_000_000 + 1000 * NS_PER_S * 100 // 1_000_000
    assert dated(stamp(7), []) == stamp(7)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_the_kernel_answers_a_bound_or_nothing() -> None:
    error_ns = kernel_error_ns()
    assert error_ns is None or 0 <= error_ns < 60 * NS_PER_S
    assert len(boot_id(b"x")) == 16
