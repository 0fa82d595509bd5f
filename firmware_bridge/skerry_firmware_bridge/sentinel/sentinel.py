"""Watches one radio: takes its frames and states, judges it, says which repair is due. Pure.

Silence is measured in frames that the learned hours would have brought. A silence that ends by itself teaches that the
place can be that quiet; one that ends with a repair, or with the radio's restart, teaches nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.counter import STUCK_FRAMES, CounterWatch
from skerry_firmware_bridge.sentinel.ladder import LADDER, Ladder, Repair
from skerry_firmware_bridge.sentinel.normal import HOUR_NS, Normal
from skerry_firmware_bridge.sentinel.signal import Heard, SignalWatch

__all__ = ["CERTAIN_FRAMES", "Condition", "Judgement", "Others", "Sentinel"]

SHORTEST_SILENCE_NS = 600 * NS_PER_S
FIRST_WEEK_SILENCE_NS = 12 * HOUR_NS  # the first Saturday of a place where people work is no illness
GONE_NS = 600 * NS_PER_S  # a reconnecting link has had every pause by then
DAY_NS = 86_400 * NS_PER_S
CERTAIN_FRAMES = 5.0  # none of five expected: by chance once in 150 times
HEALED_BY_NS = HOUR_NS  # a radio that hears within an hour of a repair was healed by it
LUMP_NS = 60 * NS_PER_S  # shorter silences cannot be records
JUMP_NS = 60 * NS_PER_S
MOST_SILENT_HOURS = 336


class Condition(Enum):
    """What the sentinel thinks of the radio."""

    LEARNING = "learning"
    HEALTHY = "healthy"
    QUIET = "quiet"  # nothing to hear: the others hear nothing either
    GONE = "gone"  # the radio itself does not answer
    DEAF = "deaf"
    WEAK = "weak"
    NOISY = "noisy"
    STUCK = "stuck"  # its counter stands still
    UNSTABLE = "unstable"  # its concentrator starts anew by itself

    @property
    def is_ill(self) -> bool:
        """Whether the owner should know."""
        return self in {Condition.DEAF, Condition.STUCK, Condition.WEAK, Condition.NOISY, Condition.UNSTABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The condition, a sentence for people, and a repair when one is due now."""

    condition: Condition
    reason: str
    repair: Repair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What the other radios of the place heard since this one's last frame, and what is usual for them.

    `expected` may stop counting at `CERTAIN_FRAMES`.
    """

    heard: int
    expected: float


def _nobody() -> None:
    return None


class Sentinel:
    """Watches one radio. `normal` may come from the store and is to be stored again."""

    def __init__(self, *, now_ns: int, wall_ns: int, normal: Normal | None = None) -> None:
        self.normal = normal or Normal()
        self.signal = SignalWatch(self.normal)
        self._ladder = Ladder(self.normal, now_ns=now_ns, wall_ns=wall_ns)
        self._last_ns = now_ns
        self._hour: int | None = None  # since 1970, the one being counted
        self._hour_frames = 0
        self._hour_is_whole = False
        self._clock_start_ns = 0  # wall minus monotonic time
        self._broken = 0  # since the last good frame
        self._deaf = False
        self._touched_ns: int | None = None  # when repair or restart may have ended the silence
        self._away: tuple[int, str] | None = None
        self._told_quiet = False
        self._counter = CounterWatch()

    def heard(self, frame: Heard) -> None:
        """Take a frame, also a broken one."""
        self._counter.take(frame)
        self.signal.take(frame)
        if not frame.crc_ok:
            self._broken += 1
            return
        self.normal.frames += 1
        if frame.monotonic_ns - self._last_ns >= LUMP_NS or self._deaf:
            self._end_silence(frame)
        self._count(frame)
        self._last_ns = frame.monotonic_ns
        self._broken = 0

    def went(self, *, now_ns: int, reason: str) -> None:
        """Take note that the radio does not answer; what it cannot hear is no silence."""
        if self._away is None:
            self._away = (now_ns, reason)
        self._away = (self._away[0], reason)
        self._hour = None
        self._counter.begin_anew()
        self.signal.forget()

    def came(self, *, now_ns: int) -> None:
        """Take note that the radio answers (again)."""
        if self._away is None:
            return
        self._away = None
        self._touched_ns = now_ns
        if not self._deaf:
            self._last_ns = now_ns
            self._ladder.well()

    def judge(
        self,
        *,
        now_ns: int,
        wall_ns: int,
        clock_is_right: bool = True,
        others: Callable[[], Others | None] = _nobody,
        possible: Collection[Repair] = LADDER,
    ) -> Judgement:
        """Return the condition now, and a repair when one is due; stages that are not `possible` are left out.

        `others` is asked only when this radio is silent; None without any other radio that works.
        """
        condition, reason = self._condition(now_ns, wall_ns if clock_is_right else None, others)
        repair = None
        match condition:
            case Condition.DEAF | Condition.STUCK:
                if self._is_time(now_ns, wall_ns, condition):
                    repair = self._ladder.due(now_ns=now_ns, wall_ns=wall_ns, possible=possible)
            case Condition.GONE:
                if self._away is not None and now_ns - self._away[0] >= GONE_NS:
                    repair = self._bring_back(now_ns, wall_ns, possible)
            case Condition.QUIET:
                repair = self._tell_of_quiet(now_ns)
            case _:
                self._ladder.well()
        if repair is not None and repair is not Repair.TELL:
            self._touched_ns = now_ns
            self._counter.begin_anew()
        return Judgement(condition=condition, reason=reason, repair=repair)

    def _condition(
        self, now_ns: int, wall_ns: int | None, others: Callable[[], Others | None]
    ) -> tuple[Condition, str]:
        normal = self.normal
        silence_ns = now_ns - self._last_ns
        if self._counter.is_stuck and silence_ns < SHORTEST_SILENCE_NS:
            return Condition.STUCK, "The concentrator's counter stands still while frames come in."
        if self._away is not None and not self._deaf:
            return Condition.GONE, self._away[1]
        if not normal.is_known:
            return Condition.LEARNING, self._learned(silence_ns)
        if wall_ns is not None:
            missed = normal.expected(wall_ns - silence_ns, wall_ns)
            if self._deaf:
                return Condition.DEAF, self._deaf_words(silence_ns, missed, others())
            if silence_ns >= SHORTEST_SILENCE_NS and missed >= normal.limit / 2:
                found = self._silent(silence_ns, missed, others())
                if found is not None:
                    return found
        if self.signal.noisy:
            return Condition.NOISY, self.signal.noisy
        if self.signal.weak:
            return Condition.WEAK, self.signal.weak
        restarts = self._counter.restarts(now_ns)
        if restarts:
            return Condition.UNSTABLE, f"Its counter began anew {restarts} times in a day: check its power supply."
        return Condition.HEALTHY, "As usual."

    def _learned(self, silence_ns: int) -> str:
        if not self.normal.frames:
            return f"Nothing heard yet in {_span(silence_ns)}. Where others hear something, check antenna and channel."
        return f"{self.normal.frames} frames in {len(self.normal.of_day)} hours of the day seen so far."

    def _silent(self, silence_ns: int, missed: float, others: Others | None) -> tuple[Condition, str] | None:
        """Judge a silence of at least half the limit: the others' ears make half the limit enough."""
        if others is not None and others.heard == 0 and others.expected >= CERTAIN_FRAMES:
            return Condition.QUIET, f"Nothing for {_span(silence_ns)}, and the other radios here hear nothing either."
        if others is None or others.heard < CERTAIN_FRAMES:
            shortest_ns = FIRST_WEEK_SILENCE_NS if self.normal.is_new else SHORTEST_SILENCE_NS
            if missed < self.normal.limit or silence_ns < shortest_ns:
                return None
        self._deaf = True
        self._touched_ns = None
        return Condition.DEAF, self._deaf_words(silence_ns, missed, others)

    def _deaf_words(self, silence_ns: int, missed: float, others: Others | None) -> str:
        usual = f", where about {missed:.0f} frames are usual" if missed >= 1 else ""
        heard = f" The other radios here heard {others.heard}." if others is not None and others.heard else ""
        broken = f" Only broken frames come in ({self._broken})." if self._broken else ""
        return f"Nothing for {_span(silence_ns)}{usual}.{heard}{broken}"

    def _is_time(self, now_ns: int, wall_ns: int, condition: Condition) -> bool:
        """Return whether a repair that was made has had its chance: frames are due, and none came."""
        if condition is Condition.STUCK:
            return self._counter.still >= STUCK_FRAMES
        if self._touched_ns is None or self._away is not None:
            return True
        return self.normal.expected(wall_ns - (now_ns - self._touched_ns), wall_ns) >= CERTAIN_FRAMES

    def _bring_back(self, now_ns: int, wall_ns: int, possible: Collection[Repair]) -> Repair | None:
        """Return the reset of the hardware, once; that the radio is gone everybody sees already."""
        if Repair.HARD_RESET not in possible or self._ladder.is_begun:
            return None
        repair = self._ladder.due(now_ns=now_ns, wall_ns=wall_ns, possible={Repair.HARD_RESET})
        return None if repair is Repair.TELL else repair

    def _tell_of_quiet(self, now_ns: int) -> Repair | None:
        if self._told_quiet or now_ns - self._last_ns < DAY_NS:
            return None
        self._told_quiet = True  # all of them may be ill
        return Repair.TELL

    def _end_silence(self, frame: Heard) -> None:
        healed = self._touched_ns is not None and frame.monotonic_ns - self._touched_ns < HEALED_BY_NS
        if self._deaf and healed:
            self._hour = None  # not counted: it was ill
        elif frame.wall_ns is not None and self._hour is not None:
            silence_ns = frame.monotonic_ns - self._last_ns
            self.normal.learn_silence(self.normal.expected(frame.wall_ns - silence_ns, frame.wall_ns))
        self._deaf = self._told_quiet = False
        self._touched_ns = None

    def _count(self, frame: Heard) -> None:
        """Count the hour; one that was not seen from its beginning, or in which the clock jumped, is left out."""
        if frame.wall_ns is None:
            self._hour = None
            return
        start_ns, hour = frame.wall_ns - frame.monotonic_ns, frame.wall_ns // HOUR_NS
        if abs(start_ns - self._clock_start_ns) > JUMP_NS:
            self._hour = None
        self._clock_start_ns = start_ns
        if self._hour is None:
            self._hour, self._hour_frames, self._hour_is_whole = hour, 0, False
        elif hour != self._hour:
            if self._hour_is_whole:
                self.normal.learn_hour(self._hour, self._hour_frames)
            for silent in range(self._hour + 1, min(hour, self._hour + MOST_SILENT_HOURS)):
                self.normal.learn_hour(silent, 0)
            self._hour, self._hour_frames, self._hour_is_whole = hour, 0, True
        self._hour_frames += 1


def _span(span_ns: int) -> str:
    """Return a span in words: 45 minutes, 3 hours, 2 days."""
    for unit_ns, name in ((DAY_NS, "day"), (HOUR_NS, "hour")):
        if span_ns >= 2 * unit_ns:
            return f"{span_ns // unit_ns} {name}s"
    minutes = span_ns // (60 * NS_PER_S)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
