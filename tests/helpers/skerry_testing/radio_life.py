"""Weeks in the life of one radio: traffic as places have it, frame by frame, from a seed; for tests of the sentinel.

Frames come as an inhomogeneous Poisson process over senders with their own strength. What makes silence long without
any illness is in it: nights, weekends, days off, lumpy hours, few and regular senders, ghosts with a wrong checksum.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.normal import Normal
from skerry_firmware_bridge.sentinel.sentinel import Judgement, Others, Sentinel
from skerry_firmware_bridge.sentinel.signal import Heard

__all__ = ["PLACES", "Life", "Place"]

HOUR_S, DAY_S = 3600, 86_400
MONDAY_S = 1_790_553_600  # 2026-09-28, a Monday, 00:00 UTC
BEST_SNR_DB, NOISE_DBM = 11.0, -117.0


def _always(hour: int, day: int) -> float:
    del hour, day
    return 1.0


def _by_day(hour: int, day: int) -> float:
    del day
    return 0.35 + 0.65 * max(0.0, math.sin((hour - 5) / 16 * math.pi)) if 5 <= hour < 21 else 0.35


def _dead_nights(hour: int, day: int) -> float:
    del day
    return 1.0 if 7 <= hour < 22 else 0.0


def _workdays(hour: int, day: int) -> float:
    return 1.0 if 6 <= hour < 18 and day % 7 < 5 else 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`per_hour` frames in the busiest hour; `lumpy` = sigma of a lognormal factor per hour; `days_off`: no work."""

    per_hour: float
    shape: Callable[[int, int], float] = _always
    lumpy: float = 0.0
    senders: int = 12
    regular_s: float | None = None  # each sender speaks once in this time, almost to the second
    ghosts_per_hour: float = 2.0
    days_off: tuple[int, ...] = ()


PLACES = {
    "village": Place(per_hour=4, shape=_by_day, senders=4),
    "suburb": Place(per_hour=60, shape=_by_day),
    "town": Place(per_hour=240, shape=_by_day, senders=40),
    "lumpy suburb": Place(per_hour=60, shape=_by_day, lumpy=0.8),
    "dead nights": Place(per_hour=30, shape=_dead_nights),
    "factory": Place(per_hour=40, shape=_workdays, senders=8),
    "factory with days off": Place(per_hour=40, shape=_workdays, senders=8, days_off=(25, 44)),
    "three regular sensors": Place(per_hour=0, senders=3, regular_s=900),
}


class Life:
    """One radio at a place. `deaf_from_s` = when it stops hearing; `drop_db` = what its antenna then loses instead."""

    def __init__(self, place: Place, *, seed: int, normal: Normal | None = None, judge_every_s: int = 120) -> None:
        self.place = place
        self.now_s = 0.0
        self.drop_db = 0.0
        self.noise_db = 0.0
        self.deaf = False
        self.sentinel = Sentinel(now_ns=0, wall_ns=self.wall_ns(0), normal=normal)
        self._random = Random(f"{seed}/life")
        strengths = Random(f"{seed}/place")
        self._senders = [strengths.uniform(-122.0, -60.0) for _ in range(place.senders)]
        self._every_s = judge_every_s
        self._factor: dict[int, float] = {}

    def wall_ns(self, at_s: float) -> int:
        return round((MONDAY_S + at_s) * NS_PER_S)

    def live(
        self, days: float, *, others: Callable[[], Others | None] = lambda: None
    ) -> Iterator[tuple[float, Judgement]]:
        """Go on for a time; yield each judgement with its moment in seconds."""
        end_s = self.now_s + days * DAY_S
        frames = self._frames(self.now_s, end_s)
        frame = next(frames, None)
        while self.now_s < end_s:
            self.now_s += self._every_s
            while frame is not None and frame[0] <= self.now_s:
                self._hear(*frame)
                frame = next(frames, None)
            now_ns = round(self.now_s * NS_PER_S)
            yield self.now_s, self.sentinel.judge(now_ns=now_ns, wall_ns=self.wall_ns(self.now_s), others=others)

    def rate_per_s(self, at_s: float) -> float:
        """Return the place's true rate at a moment."""
        hour, day = int(at_s // HOUR_S), int(at_s // DAY_S)
        shape = 0.03 if day in self.place.days_off else self.place.shape(hour % 24, day)
        if hour not in self._factor:
            sigma = self.place.lumpy
            self._factor[hour] = math.exp(self._random.gauss(-sigma * sigma / 2, sigma)) if sigma else 1.0
        return self.place.per_hour * shape * self._factor[hour] / HOUR_S

    def _frames(self, start_s: float, end_s: float) -> Iterator[tuple[float, int | None]]:
        """Yield moments and senders, None for a ghost."""
        at_s = start_s
        most = (self.place.per_hour * (8 if self.place.lumpy else 1) + self.place.ghosts_per_hour) / HOUR_S
        regular_s = self.place.regular_s
        due = [start_s + self._random.uniform(0, regular_s or 0) for _ in self._senders]
        while True:
            gap_s = self._random.expovariate(most)
            if regular_s is not None:
                while min(due) < at_s + gap_s:
                    who = due.index(min(due))
                    if due[who] >= end_s:
                        return
                    yield due[who], who
                    due[who] += regular_s + self._random.gauss(0, 2)
            at_s += gap_s
            if at_s >= end_s:
                return
            draw = self._random.random() * most
            if draw < self.place.ghosts_per_hour / HOUR_S:
                yield at_s, None
            elif draw < self.place.ghosts_per_hour / HOUR_S + self.rate_per_s(at_s):
                yield at_s, self._random.randrange(len(self._senders))

    def _hear(self, at_s: float, who: int | None) -> None:
        if self.deaf:
            return
        now_ns, noise_dbm = round(at_s * NS_PER_S), NOISE_DBM + self.noise_db
        signal_dbm = noise_dbm - 22 if who is None else self._senders[who] - self.drop_db + self._random.gauss(0, 3)
        snr_db = min(BEST_SNR_DB, signal_dbm - noise_dbm)
        good = who is not None and snr_db >= -18
        if snr_db < -25:
            return
        self.sentinel.heard(
            Heard(
                monotonic_ns=now_ns,
                wall_ns=self.wall_ns(at_s),
                crc_ok=good,
                rssi_dbm=10 * math.log10(10 ** (signal_dbm / 10) + 10 ** (noise_dbm / 10)),
                snr_db=snr_db,
                tmst_us=now_ns // 1000 % (1 << 32),
                sender=f"{who:08x}" if good else None,
            )
        )
