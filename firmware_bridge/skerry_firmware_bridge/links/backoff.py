"""How long to wait before a link is opened again, and whether it is lost too often; for `reconnect` and `supervise`.

Rules (serial-devices 3, "States"): pauses of 1, 2, 5, 10, 30 s with 20 % jitter; what has worked starts again at 1 s;
three losses within ten minutes are told as an unstable cable or power supply.
"""

from collections import deque
from random import Random

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.errors import BridgeError, LinkRefused

__all__ = ["PAUSES_S", "Backoff", "refusal_of"]

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
MISSING = frozenset({"E_PORT_MISSING", "E_MM_NO_DBUS", "E_MM_NOT_RUNNING", "E_MM_NO_MODEM"})
ABSENT = MISSING | {"E_PORT_TIMEOUT", "E_PORT_UNREACHABLE", "E_MODBUS_CONNECT"}  # what a lost device is like, too
MISSING_PORT_PAUSE_S = 1.0  # looking whether a port is back costs nothing, and a replugged device is to be back in 3 s
JITTER = 0.2
FLAP_WINDOW_S = 600
FLAP_LOSSES = 3


def refusal_of(error: LinkRefused) -> str:
    """Return the code of what a person has to mend; empty for a device that is not there: that its loss has told."""
    return "" if error.code in ABSENT else error.code


class Backoff:
    """The attempts and losses of one link."""

    def __init__(self, *, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._attempt = 0
        self._port_missing = False
        self._losses: deque[int] = deque(maxlen=FLAP_LOSSES)

    def worked(self) -> None:
        """Start again with the shortest pause."""
        self._attempt = 0

    def failed(self, error: BridgeError | None = None) -> None:
        """Take note of why the latest attempt ended."""
        self._port_missing = isinstance(error, LinkRefused) and error.code in MISSING

    def lost(self) -> None:
        """Count a loss of what had worked."""
        self._losses.append(self._clock.monotonic_ns())

    @property
    def flapping(self) -> bool:
        """Return whether three losses came within ten minutes."""
        if len(self._losses) < FLAP_LOSSES:
            return False
        return self._clock.monotonic_ns() - self._losses[0] < FLAP_WINDOW_S * NS_PER_S

    def advised(self, reason: str) -> str:
        """Return a reason with the advice for a flapping link, where it is one."""
        if not self.flapping:
            return reason
        return f"{reason} {FLAP_LOSSES} losses in {FLAP_WINDOW_S // 60} minutes: check cable and USB power."

    def next_pause_s(self) -> float:
        """Return the next pause; a port that is not there is looked for every second and counts as no attempt."""
        if self._port_missing:
            pause_s = MISSING_PORT_PAUSE_S
        else:
            pause_s = PAUSES_S[min(self._attempt, len(PAUSES_S) - 1)]
            self._attempt += 1
        return pause_s * self._random.uniform(1 - JITTER, 1 + JITTER)
