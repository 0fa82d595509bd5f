"""Watches whether the computer's clock is right: nothing is signed before its first synchronisation since boot.

A clock that jumps is believed again when the kernel vouches for it, or when it has jumped back.
"""

import logging
from collections.abc import Callable

from skerry_agent.evidence import TimeKeeper
from skerry_core.clock import NS_PER_S, Clock
from skerry_coverage.evidence.entry import TimeSource

__all__ = ["AHEAD_NS", "BACK_NS", "watch_clock"]

CHECK_S = 5.0  # a few microseconds of work; a jump is noticed before much can be stamped with it
BACK_NS = 60 * NS_PER_S  # time services correct by seconds; nothing honest goes back by minutes
AHEAD_NS = 86_400 * NS_PER_S  # a suspended laptop's clock seems to jump ahead by hours
_log = logging.getLogger(__name__)


async def watch_clock(time: TimeKeeper, *, clock: Clock, error_ns: Callable[[], int | None], trusted: bool) -> None:
    """Tell the time keeper what the kernel says of its clock, until cancelled.

    `trusted` = the owner vouches for the clock (setting time.trusted), for machines whose kernel does not know.
    """
    if trusted and not time.is_synchronised:
        time.synchronised(TimeSource.MANUAL, error_ns=None)
    told = False
    start_ns = clock.wall_ns() - clock.monotonic_ns()  # the wall clock's start as it seems while it is believed
    while True:
        seems_ns = clock.wall_ns() - clock.monotonic_ns()
        has_jumped = not -BACK_NS <= seems_ns - start_ns <= AHEAD_NS
        bound_ns = error_ns()
        if bound_ns is not None:
            time.synchronised(TimeSource.NTP, error_ns=bound_ns)
        elif has_jumped and time.is_synchronised:
            time.doubted(f"it jumped by {_span(seems_ns - start_ns)}")
            _log.error("clock: %s; nothing is signed until it is right again", time.doubt)
        elif not has_jumped and time.doubt is not None:
            time.synchronised(TimeSource.MANUAL, error_ns=None)
            _log.info("clock: it has jumped back and is believed again")
        elif not time.is_synchronised and not told:
            told = True
            _log.warning(
                "clock: not synchronised since boot; frames are kept, nothing is signed until it is. "
                "Start a time service (timedatectl set-ntp true) or set time.trusted"
            )
        if time.is_synchronised:
            start_ns = seems_ns  # small corrections add up
        await clock.sleep(CHECK_S)


def _span(shift_ns: int) -> str:
    days = abs(shift_ns) / (86_400 * NS_PER_S)
    size = f"{days:.0f} days" if days >= 2 else f"{days * 24:.1f} hours"
    return f"{size} {'ahead' if shift_ns > 0 else 'back'}"
