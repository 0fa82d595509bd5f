"""The radio sentinel: learns what is normal for one radio and tells a sick radio from a quiet band. Pure.

The agent feeds it every frame (also those with a bad checksum) and asks for a judgement once a minute. Repairs come in
stages, each with time to act, at most `REPAIRS_PER_DAY` a day and never twice the same stage for one illness: after
the last stage a person is told, and nothing more happens until frames return (serial-devices 4, rows 3, 4, 7, 8).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from skerry_core.clock import NS_PER_S

__all__ = ["Condition", "Heard", "Judgement", "Normal", "Repair", "Sentinel"]

HOUR_NS = 3600 * NS_PER_S
DAY_HOURS = 24
DAY_S = 86_400
LEARNED_HOURS = 6  # hours with data before silence means anything
LEARNED_FRAMES = 50
MISSED_FRAMES = 12  # expected but not heard: by chance once in 160 000 silences
SHORTEST_SILENCE_NS = 600 * NS_PER_S
HOUR_WEIGHT = 0.25  # of the newest day in an hour's usual rate
FAST, SLOW = 1 / 32, 1 / 1024  # weight of one frame in the short and the long mean
WEAK_DB = 10.0
NOISY_DB = 8.0
NOISY_CRC_SHARE = 0.3
STUCK_NS = 2 * NS_PER_S
STUCK_FRAMES = 3
COUNTER_SPAN_US = 1 << 32
SETTLE_NS = 900 * NS_PER_S
REPAIRS_PER_DAY = 4


class Condition(Enum):
    """What the sentinel thinks of the radio."""

    LEARNING = "learning"
    HEALTHY = "healthy"
    QUIET = "quiet"  # nothing to hear: the others hear nothing either
    DEAF = "deaf"
    WEAK = "weak"
    NOISY = "noisy"
    STUCK = "stuck"  # its counter stands still


class Repair(Enum):
    """What may help, in the order of trying."""

    SOFT_RESET = "soft reset"
    HARD_RESET = "hardware reset"
    RESTART_LINK = "restart of the link"
    TELL = "tell a person"


REPAIRABLE = {Condition.DEAF, Condition.STUCK}  # no reset mends an antenna or takes away a jammer
LADDER = (Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK, Repair.TELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One frame as the radio reported it; None where it does not say."""

    monotonic_ns: int
    wall_ns: int
    crc_ok: bool
    rssi_dbm: float | None = None
    snr_db: float | None = None
    tmst_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The condition, a sentence for people, and a repair when one is due now."""

    condition: Condition
    reason: str
    repair: Repair | None = None


@dataclass(slots=True)
class Normal:
    """What outlives a restart of the agent: frames per hour of the day (UTC), means, and when repairs were made."""

    per_hour: dict[int, float] = field(default_factory=dict)
    rssi_dbm: float | None = None
    noise_dbm: float | None = None
    bad_share: float | None = None
    frames: int = 0
    repairs_s: list[int] = field(default_factory=list)  # wall time; the latest `REPAIRS_PER_DAY`

    def to_json(self) -> dict[str, object]:
        """Return the state for the agent's store."""
        per_hour = {str(hour): rate for hour, rate in sorted(self.per_hour.items())}
        return {"per_hour": per_hour, "frames": self.frames, "repairs_s": self.repairs_s} | {
            name: getattr(self, name) for name in ("rssi_dbm", "noise_dbm", "bad_share")
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> "Normal":
        """Return stored state; what cannot be read is learned again."""
        per_hour, frames, repairs_s = raw.get("per_hour"), raw.get("frames"), raw.get("repairs_s")
        normal = cls(frames=frames if isinstance(frames, int) else 0)
        if isinstance(repairs_s, list):
            normal.repairs_s = [at_s for at_s in repairs_s if isinstance(at_s, int)][-REPAIRS_PER_DAY:]
        if isinstance(per_hour, Mapping):
            pairs = ((str(hour), rate) for hour, rate in per_hour.items())
            normal.per_hour = {int(h): float(r) for h, r in pairs if h.isdigit() and isinstance(r, int | float)}
        for name in ("rssi_dbm", "noise_dbm", "bad_share"):
            value = raw.get(name)
            setattr(normal, name, float(value) if isinstance(value, int | float) else None)
        return normal


class Sentinel:
    """Watches one radio. `normal` may come from the store and is to be stored again."""

    def __init__(self, *, now_ns: int, normal: Normal | None = None) -> None:
        self.normal = normal or Normal()
        self._last_ns = now_ns
        self._hour: int | None = None
        self._hour_frames = 0
        self._recent_rssi: float | None = None
        self._recent_noise: float | None = None
        self._recent_bad: float | None = None
        self._counter: tuple[int, int] | None = None
        self._still = 0
        self._stage = 0
        self._wait_until_ns = now_ns

    def heard(self, frame: Heard) -> None:
        """Take a frame."""
        self._count(frame)
        self._watch_counter(frame)
        self._last_ns = frame.monotonic_ns
        normal = self.normal
        normal.frames += 1
        self._recent_bad = _mean(self._recent_bad, float(not frame.crc_ok), FAST)
        normal.bad_share = _mean(normal.bad_share, float(not frame.crc_ok), SLOW)
        if frame.rssi_dbm is not None and frame.crc_ok:
            self._recent_rssi = _mean(self._recent_rssi, frame.rssi_dbm, FAST)
            normal.rssi_dbm = _mean(normal.rssi_dbm, frame.rssi_dbm, SLOW)
        if frame.rssi_dbm is not None and frame.snr_db is not None:
            noise = frame.rssi_dbm - max(frame.snr_db, 0.0)
            self._recent_noise = _mean(self._recent_noise, noise, FAST)
            normal.noise_dbm = _mean(normal.noise_dbm, noise, SLOW)

    def judge(
        self, *, now_ns: int, wall_ns: int, peers_heard: int | None, possible: Collection[Repair] = LADDER
    ) -> Judgement:
        """Return the condition now, and a repair when one is due; stages that are not `possible` are left out.

        `peers_heard`: frames that other radios of this place and band heard since this one's last; None without any.
        """
        condition, reason = self._condition(now_ns, wall_ns, peers_heard)
        if condition not in REPAIRABLE:
            if condition is Condition.HEALTHY:
                self._stage = 0
            return Judgement(condition=condition, reason=reason)
        return Judgement(condition=condition, reason=reason, repair=self._next_repair(now_ns, wall_ns, possible))

    def _condition(self, now_ns: int, wall_ns: int, peers_heard: int | None) -> tuple[Condition, str]:
        if self._still >= STUCK_FRAMES:
            return Condition.STUCK, "The concentrator's counter stands still while frames come in."
        normal = self.normal
        if normal.frames < LEARNED_FRAMES or len(normal.per_hour) < LEARNED_HOURS:
            return Condition.LEARNING, f"{normal.frames} frames in {len(normal.per_hour)} hours seen so far."
        silence_ns = now_ns - self._last_ns
        missed = self._expected(wall_ns - silence_ns, wall_ns)
        if silence_ns >= SHORTEST_SILENCE_NS and missed >= MISSED_FRAMES:
            return self._silent(silence_ns, missed, peers_heard)
        return self._quality()

    def _silent(self, silence_ns: int, missed: float, peers_heard: int | None) -> tuple[Condition, str]:
        minutes = silence_ns // (60 * NS_PER_S)
        if peers_heard == 0:
            return Condition.QUIET, f"Nothing for {minutes} minutes, and the other radios here hear nothing either."
        others = f" Others heard {peers_heard}." if peers_heard else ""
        return Condition.DEAF, f"Nothing for {minutes} minutes, where about {missed:.0f} frames are usual.{others}"

    def _quality(self) -> tuple[Condition, str]:
        normal = self.normal
        noise_db = _difference(self._recent_noise, normal.noise_dbm)
        bad = _difference(self._recent_bad, normal.bad_share)
        if noise_db >= NOISY_DB or bad >= NOISY_CRC_SHARE:
            return Condition.NOISY, f"Noise is {noise_db:.0f} dB above normal, broken frames {bad:+.0%}."
        drop_db = -_difference(self._recent_rssi, normal.rssi_dbm)
        if drop_db >= WEAK_DB:
            return Condition.WEAK, f"Frames come in {drop_db:.0f} dB weaker than usual: check antenna and cable."
        return Condition.HEALTHY, "As usual."

    def _next_repair(self, now_ns: int, wall_ns: int, possible: Collection[Repair]) -> Repair | None:
        while self._stage < len(LADDER) - 1 and LADDER[self._stage] not in possible:
            self._stage += 1  # a person is always told
        if self._stage >= len(LADDER) or now_ns < self._wait_until_ns:
            return None
        repair = LADDER[self._stage]
        made_s, now_s = self.normal.repairs_s, wall_ns // NS_PER_S
        if len(made_s) == REPAIRS_PER_DAY and now_s - made_s[0] < DAY_S:
            repair = Repair.TELL
        self._stage = len(LADDER) if repair is Repair.TELL else self._stage + 1
        self._wait_until_ns = now_ns + SETTLE_NS
        if repair is not Repair.TELL:
            self.normal.repairs_s = [*made_s, now_s][-REPAIRS_PER_DAY:]
            self._still, self._counter = 0, None
        return repair

    def _expected(self, from_wall_ns: int, to_wall_ns: int) -> float:
        """Return how many frames the learned hours would have brought in a span of wall time."""
        total, at = 0.0, max(from_wall_ns, to_wall_ns - DAY_HOURS * HOUR_NS)
        while at < to_wall_ns:
            step_end = min(to_wall_ns, (at // HOUR_NS + 1) * HOUR_NS)
            total += self.normal.per_hour.get(at // HOUR_NS % DAY_HOURS, 0.0) * (step_end - at) / HOUR_NS
            at = step_end
        return total

    def _count(self, frame: Heard) -> None:
        hour = frame.wall_ns // HOUR_NS
        if self._hour is None:
            self._hour = hour
        if hour != self._hour:
            of_day = self._hour % DAY_HOURS
            rate = self.normal.per_hour.get(of_day)
            self.normal.per_hour[of_day] = _mean(rate, float(self._hour_frames), HOUR_WEIGHT)
            self._hour, self._hour_frames = hour, 0
        self._hour_frames += 1

    def _watch_counter(self, frame: Heard) -> None:
        if frame.tmst_us is None:
            return
        if self._counter is not None and frame.monotonic_ns - self._counter[0] >= STUCK_NS:
            moved_us = (frame.tmst_us - self._counter[1]) % COUNTER_SPAN_US
            self._still = self._still + 1 if moved_us == 0 else 0
        if self._counter is None or frame.monotonic_ns - self._counter[0] >= STUCK_NS:
            self._counter = (frame.monotonic_ns, frame.tmst_us)


def _mean(mean: float | None, value: float, weight: float) -> float:
    return value if mean is None else mean + (value - mean) * weight


def _difference(recent: float | None, normal: float | None) -> float:
    return 0.0 if recent is None or normal is None else recent - normal
