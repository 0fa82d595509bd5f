"""Watches whether the computer's clock is right: nothing is signed before its first synchronisation since boot."""

import logging
from collections.abc import Callable

from skerry_agent.evidence import TimeKeeper
from skerry_core.clock import Clock
from skerry_coverage.evidence.entry import TimeSource

__all__ = ["watch_clock"]

CHECK_UNSYNCHRONISED_S = 5.0
CHECK_SYNCHRONISED_S = 300.0  # the error bound grows meanwhile; a fresh word makes it small again
_log = logging.getLogger(__name__)


async def watch_clock(time: TimeKeeper, *, clock: Clock, error_ns: Callable[[], int | None], trusted: bool) -> None:
    """Tell the time keeper what the kernel says of its clock, until cancelled.

    `trusted` = the owner vouches for the clock (setting time.trusted), for machines whose kernel does not know.
    """
    if trusted and not time.is_synchronised:
        time.synchronised(TimeSource.MANUAL, error_ns=None)
    told = False
    while True:
        bound_ns = error_ns()
        if bound_ns is not None:
            time.synchronised(TimeSource.NTP, error_ns=bound_ns)
        elif not time.is_synchronised and not told:
            told = True
            _log.warning(
                "clock: not synchronised since boot; frames are kept, nothing is signed until it is. "
                "Start a time service (timedatectl set-ntp true) or set time.trusted"
            )
        await clock.sleep(CHECK_SYNCHRONISED_S if time.is_synchronised else CHECK_UNSYNCHRONISED_S)
