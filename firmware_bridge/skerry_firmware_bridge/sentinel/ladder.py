"""Which repair is due for a sick radio: in stages, each with time to act, few a day, never the same twice. Pure.

After the last stage a person is told, and nothing more happens until the radio is well again: repairs never loop.
"""

from collections import deque
from collections.abc import Collection
from enum import Enum

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.normal import MAX_REPAIRS, Normal

__all__ = ["LADDER", "Ladder", "Repair"]

DAY_NS = 86_400 * NS_PER_S
SETTLE_NS = 900 * NS_PER_S
REPAIRS_PER_DAY = MAX_REPAIRS


class Repair(Enum):
    """What may help, in the order of trying."""

    SOFT_RESET = "soft reset"
    HARD_RESET = "hardware reset"
    RESTART_LINK = "restart of the link"
    TELL = "tell a person"


LADDER = (Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK, Repair.TELL)


class Ladder:
    """The repairs of one radio. Ages run on the monotonic clock, so that a clock that jumps allows nothing."""

    def __init__(self, normal: Normal, *, now_ns: int, wall_ns: int) -> None:
        self.latest_ns: int | None = None  # of this illness
        self._normal = normal
        self._stage = 0
        self._made_ns: deque[int] = deque(maxlen=REPAIRS_PER_DAY)
        for at_s in sorted(normal.repairs_s):
            age_ns = min(DAY_NS, max(0, wall_ns - at_s * NS_PER_S))  # one from the future counts as made now
            self._made_ns.append(now_ns - age_ns)

    @property
    def is_begun(self) -> bool:
        """Whether something was done for this illness."""
        return self._stage > 0

    def well(self) -> None:
        """Begin at the first stage with the next illness."""
        self._stage, self.latest_ns = 0, None

    def due(self, *, now_ns: int, wall_ns: int, possible: Collection[Repair]) -> Repair | None:
        """Return the stage to begin now, None before its time and after the last; impossible ones are left out."""
        while self._stage < len(LADDER) - 1 and LADDER[self._stage] not in possible:
            self._stage += 1  # a person is always told
        if self._stage >= len(LADDER) or (self.latest_ns is not None and now_ns - self.latest_ns < SETTLE_NS):
            return None
        repair = LADDER[self._stage]
        if len(self._made_ns) == REPAIRS_PER_DAY and now_ns - self._made_ns[0] < DAY_NS:
            repair = Repair.TELL
        self._stage = len(LADDER) if repair is Repair.TELL else self._stage + 1
        self.latest_ns = now_ns
        if repair is not Repair.TELL:
            self._made_ns.append(now_ns)
            self._normal.repairs_s = [*self._normal.repairs_s, wall_ns // NS_PER_S][-REPAIRS_PER_DAY:]
        return repair
