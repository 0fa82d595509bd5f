"""The recovery ladder of a modem whose AT port went dead (serial-devices 4, row 19), as a pure state machine.

A silence here is a command that timed out three times: reopen the port. The next: use the secondary AT port. The next:
reboot the modem, at most once an hour. USB port power is never toggled: a root hub port switched off can stay dead
until the host reboots.
"""

from enum import Enum

from skerry_core.clock import NS_PER_S

__all__ = ["Ladder", "Rung"]

REBOOT_PAUSE_NS = 3600 * NS_PER_S


class Rung(Enum):
    """What to do now."""

    STAY = "stay"
    REOPEN = "reopen"
    SECONDARY_PORT = "secondary port"
    REBOOT = "reboot"


NEXT = {
    Rung.STAY: Rung.REOPEN,
    Rung.REOPEN: Rung.SECONDARY_PORT,
    Rung.SECONDARY_PORT: Rung.REBOOT,
    Rung.REBOOT: Rung.REOPEN,
}


class Ladder:
    """Says what to do at each silence in a row; one answer brings it back to the ground."""

    def __init__(self, *, has_secondary: bool) -> None:
        self._has_secondary = has_secondary
        self._rung = Rung.STAY
        self._rebooted_ns: int | None = None

    def answered(self) -> None:
        """Note an answer."""
        self._rung = Rung.STAY

    def silent(self, now_ns: int) -> Rung:
        """Note a silence and return the step to take; `now_ns` is monotonic."""
        self._rung = NEXT[self._rung]
        if self._rung is Rung.SECONDARY_PORT and not self._has_secondary:
            self._rung = Rung.REBOOT
        if self._rung is Rung.REBOOT:
            if self._rebooted_ns is not None and now_ns - self._rebooted_ns < REBOOT_PAUSE_NS:
                self._rung = Rung.REOPEN
            else:
                self._rebooted_ns = now_ns
        return self._rung
