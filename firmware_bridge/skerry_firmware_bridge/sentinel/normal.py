"""What is normal for one radio: how many frames each hour brings, its usual signal. Survives restarts as JSON.

An hour's rate is the lowest of the hour of the day and the hour of the week, and of the hours beside it: nights,
weekends, summer time and a shift that ends early bring silence that is no illness.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from skerry_core.clock import NS_PER_S

__all__ = ["HOUR_NS", "Normal", "Sender"]

Default = TypeVar("Default")
HOUR_NS = 3600 * NS_PER_S
DAY_HOURS, WEEK_HOURS = 24, 168
LEARNED_HOURS = 6  # whole hours seen before silence means anything
LEARNED_FRAMES = 50
HOUR_WEIGHT = 0.25  # of the newest day, or week, in an hour's usual rate
FIRST_LONGEST = 16.0  # a new radio's traffic is believed to be lumpy until it has shown otherwise
LONGEST_KEPT = 0.5 ** (1 / 1440)  # each hour: half of a record is forgotten in two months
MARGIN = 2.5  # between the longest usual silence and one that is an illness
LEAST_LIMIT = 15.0  # by chance once in 3 million silences, which is six years of a frame a minute
MAX_SENDERS = 64
MAX_REPAIRS = 4  # remembered; as many as are made in a day


@dataclass(slots=True)
class Sender:
    """A transmitter's usual strength here, and of how many frames that is the mean."""

    rssi_dbm: float
    frames: int = 0


@dataclass(slots=True)
class Normal:
    """Frames with a good checksum per hour (hours are UTC); `longest` = the longest usual silence, in frames missed."""

    of_day: dict[int, float] = field(default_factory=dict)
    of_week: dict[int, float] = field(default_factory=dict)
    longest: float = FIRST_LONGEST
    frames: int = 0
    noise_dbm: float | None = None
    bad_per_hour: float | None = None
    senders: dict[str, Sender] = field(default_factory=dict)
    repairs_s: list[int] = field(default_factory=list)  # wall time of the latest

    @property
    def is_known(self) -> bool:
        """Whether enough was heard to call silence an illness."""
        return self.frames >= LEARNED_FRAMES and len(self.of_day) >= LEARNED_HOURS

    @property
    def is_new(self) -> bool:
        """Whether a whole week was not seen yet: nobody can know what its weekend is like."""
        return len(self.of_week) < WEEK_HOURS

    @property
    def limit(self) -> float:
        """How many frames must be missed before silence is an illness."""
        return max(LEAST_LIMIT, MARGIN * self.longest)

    def expected(self, from_ns: int, to_ns: int) -> float:
        """Return how many frames a span of wall time usually brings, at least; of a longer span the latest week."""
        total, at_ns = 0.0, max(from_ns, to_ns - WEEK_HOURS * HOUR_NS)
        while at_ns < to_ns:
            hour = at_ns // HOUR_NS
            end_ns = min(to_ns, (hour + 1) * HOUR_NS)
            total += self._rate(hour) * (end_ns - at_ns) / HOUR_NS
            at_ns = end_ns
        return total

    def learn_hour(self, hour: int, frames: int) -> None:
        """Take what one whole hour brought; `hour` counts from 1970."""
        for rates, key in ((self.of_day, hour % DAY_HOURS), (self.of_week, hour % WEEK_HOURS)):
            rate = rates.get(key)
            rates[key] = float(frames) if rate is None else rate + (frames - rate) * HOUR_WEIGHT
        self.longest *= LONGEST_KEPT

    def learn_silence(self, missed: float) -> None:
        """Take a silence that ended by itself; one record multiplies the limit by `MARGIN` at most."""
        self.longest = max(self.longest, min(missed, self.limit))

    def _rate(self, hour: int) -> float:
        rate = self._rate_at(hour)
        for near in (hour - 1, hour + 1):
            rate = _lower(rate, self._rate_at(near))
        return rate

    def _rate_at(self, hour: int) -> float:
        of_day = self.of_day.get(hour % DAY_HOURS, 0.0)
        return _lower(of_day, self.of_week.get(hour % WEEK_HOURS, of_day))

    def to_json(self) -> dict[str, Any]:
        """Return the state for the agent's store."""
        return {
            "of_day": _rounded(self.of_day),
            "of_week": _rounded(self.of_week),
            "longest": round(self.longest, 2),
            "frames": self.frames,
            "noise_dbm": self.noise_dbm,
            "bad_per_hour": self.bad_per_hour,
            "senders": {name: [round(one.rssi_dbm, 1), one.frames] for name, one in self.senders.items()},
            "repairs_s": self.repairs_s,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> "Normal":
        """Return stored state; what cannot be read is learned again."""
        repairs_s = raw.get("repairs_s")
        return cls(
            of_day=_rates(raw.get("of_day", raw.get("per_hour")), DAY_HOURS),  # per_hour: stored by version 0.1
            of_week=_rates(raw.get("of_week"), WEEK_HOURS),
            longest=max(0.0, _number(raw.get("longest"), FIRST_LONGEST)),
            frames=max(0, int(_number(raw.get("frames"), 0.0))),
            noise_dbm=_number(raw.get("noise_dbm"), None),
            bad_per_hour=_number(raw.get("bad_per_hour"), None),
            senders=_senders(raw.get("senders")),
            repairs_s=[at for at in repairs_s if type(at) is int][-MAX_REPAIRS:] if isinstance(repairs_s, list) else [],
        )


def _lower(rate: float, other: float) -> float:
    """Return the lower rate, if it is lower by more than chance makes it: the lowest of many would be far too low."""
    chance = 2 * math.sqrt(rate * HOUR_WEIGHT / (2 - HOUR_WEIGHT))  # two deviations of such a running mean
    return other if other < rate - chance else rate


def _rounded(rates: dict[int, float]) -> dict[str, float]:
    return {str(hour): round(rate, 2) for hour, rate in sorted(rates.items())}


def _number(value: object, default: Default) -> float | Default:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e12 else default


def _rates(raw: object, hours: int) -> dict[int, float]:
    pairs = raw.items() if isinstance(raw, Mapping) else ()
    numbers = ((str(hour), _number(rate, -1.0)) for hour, rate in pairs)
    return {int(hour): rate for hour, rate in numbers if rate >= 0 and hour.isdecimal() and int(hour) < hours}


def _senders(raw: object) -> dict[str, Sender]:
    senders: dict[str, Sender] = {}
    for name, value in raw.items() if isinstance(raw, Mapping) else ():
        match value:
            case [int() | float() as rssi_dbm, int(frames)] if len(senders) < MAX_SENDERS:
                senders[str(name)] = Sender(rssi_dbm=float(rssi_dbm), frames=frames)
    return senders
