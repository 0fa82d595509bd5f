"""How much air time each radio has used in the last hour, per sub-band; survives restarts.

Spent time is written down before the frame is sent. Its age runs on the monotonic clock, so a wall clock that jumps
frees nothing; entries of an earlier run age by the wall clock only as far as it has really gone forward since.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from skerry_core.clock import NS_PER_S, Clock
from skerry_radio.regions import DutyBand

__all__ = ["WINDOW_NS", "WINDOW_S", "DutyEntry", "DutyLedger", "DutyStore", "name_of"]

WINDOW_S = 3600
WINDOW_NS = WINDOW_S * NS_PER_S
LONGEST_AIRTIME_NS = 10 * NS_PER_S  # SF12 with 250 bytes takes 9 s


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEntry:
    """One transmission: whose, in which sub-band (its edges in Hz, `863000000-865000000`), when (Unix ns), how long."""

    device_id: str
    band: str
    start_ns: int
    airtime_us: int


class DutyStore(Protocol):
    """Where entries are kept; `add` returns when the entry survives a crash."""

    async def add(self, entry: DutyEntry) -> None:
        """Keep one entry."""

    async def since(self, start_ns: int) -> Sequence[DutyEntry]:
        """Return every entry that began at or after a time."""


@dataclass(slots=True, kw_only=True)
class _Spent:
    until_ns: int  # monotonic time at which it leaves the window
    airtime_us: int


class DutyLedger:
    """The sliding hour of every radio and sub-band. Call `load` once before the first `spend`."""

    def __init__(self, *, clock: Clock, store: DutyStore) -> None:
        self._clock = clock
        self._store = store
        self._spent: dict[tuple[str, str], deque[_Spent]] = {}
        self._last_start_ns = 0

    async def load(self) -> None:
        """Read what earlier runs have spent; an entry from the future counts as made now."""
        wall_ns, now_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
        longest_ns = WINDOW_NS + LONGEST_AIRTIME_NS
        for entry in sorted(await self._store.since(wall_ns - longest_ns), key=lambda entry: entry.start_ns):
            age_ns = max(0, wall_ns - entry.start_ns)
            until_ns = now_ns - age_ns + WINDOW_NS + entry.airtime_us * 1000
            self._last_start_ns = max(self._last_start_ns, entry.start_ns)
            queue = self._spent.setdefault((entry.device_id, entry.band), deque())
            queue.append(_Spent(until_ns=until_ns, airtime_us=entry.airtime_us))

    def spent_us(self, device_id: str, band: DutyBand) -> int:
        """Return the air time of the last hour in microseconds."""
        queue = self._spent.get((device_id, name_of(band)), deque())
        now_ns = self._clock.monotonic_ns()
        while queue and queue[0].until_ns <= now_ns:
            queue.popleft()
        return sum(spent.airtime_us for spent in queue if spent.until_ns > now_ns)

    async def spend(self, device_id: str, band: DutyBand, airtime_us: int) -> None:
        """Count air time from now on and keep it; whoever asks meanwhile sees it as spent already."""
        until_ns = self._clock.monotonic_ns() + WINDOW_NS + airtime_us * 1000
        queue = self._spent.setdefault((device_id, name_of(band)), deque())
        queue.append(_Spent(until_ns=until_ns, airtime_us=airtime_us))
        # Never the same moment twice, nor an earlier one: a store may keep one entry per moment.
        self._last_start_ns = start_ns = max(self._last_start_ns + 1, self._clock.wall_ns())
        await self._store.add(
            DutyEntry(device_id=device_id, band=name_of(band), start_ns=start_ns, airtime_us=airtime_us)
        )


def name_of(band: DutyBand) -> str:
    """Return the name under which a sub-band's air time is kept."""
    return f"{band.low_hz}-{band.high_hz}"
