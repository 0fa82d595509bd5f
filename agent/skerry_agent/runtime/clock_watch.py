"""Watches whether the computer's clock is right: nothing is signed before its first synchronisation since boot.

A clock that jumps is believed again when the kernel vouches for it, or when it has jumped back.
"""

import logging
from collections.abc import Callable

from skerry_agent.evidence import TimeKeeper
from skerry_core.clock import Clock
from skerry_coverage.evidence.entry import TimeSource

__all__ = ["watch_clock"]

CHECK_S = 5.0  # a few microseconds of work; the time keeper itself sees a jump at once
_log = logging.getLogger(__name__)


async def watch_clock(time: TimeKeeper, *, clock: Clock, error_ns: Callable[[], int | None], trusted: bool) -> None:
    """Tell the time keeper what the kernel says of its clock, and the log what has changed, until cancelled.

    `trusted` = the owner vouches for the clock (setting time.trusted), for machines whose kernel does not know.
    """
    if trusted and not time.is_synchronised:
        time.synchronised(TimeSource.MANUAL, error_ns=None)
    doubt, told = None, False
    while True:
        bound_ns = error_ns()
        if bound_ns is not None:
            time.synchronised(TimeSource.NTP, error_ns=bound_ns)
        before, doubt = doubt, time.doubt
        if doubt is not None and before is None:
            _log.error("clock: %s; nothing is signed until it is right again", doubt)
        elif doubt is None and before is not None:
            _log.info("clock: it is believed again")
        elif not time.is_synchronised and doubt is None and not told:
            told = True
            _log.warning(
                "clock: not synchronised since boot; frames are kept, nothing is signed until it is. "
                "Start a time service (timedatectl set-ntp true) or set time.trusted"
            )
        time.keep_up()
        await clock.sleep(CHECK_S)
