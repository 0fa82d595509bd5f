"""The sentinel tells sick radios from quiet bands, repairs in stages and stops."""

import json
from collections.abc import Callable
from itertools import pairwise

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.ladder import REPAIRS_PER_DAY, Repair
from skerry_firmware_bridge.sentinel.normal import Normal
from skerry_firmware_bridge.sentinel.sentinel import Condition, Judgement, Others, Sentinel
from skerry_firmware_bridge.sentinel.signal import Heard

START_NS = 1_790_000_000 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
BUSY_OTHERS = Others(heard=50, expected=50.0)


def usual(per_hour: float = 60.0) -> Normal:
    """Return what a radio learned in a place that is the same at all hours."""
    return Normal(
        of_day=dict.fromkeys(range(24), per_hour), of_week=dict.fromkeys(range(168), per_hour), longest=5.0, frames=9000
    )


class Life:
    """Time and frames for one sentinel; `shift_ns` is how wrong the wall clock is."""

    def __init__(self, normal: Normal | None = None) -> None:
        self.now_ns = 0
        self.shift_ns = 0
        self.counter_ns = -HOUR_NS  # when the concentrator started
        self.normal = normal
        self.sentinel = Sentinel(now_ns=0, wall_ns=START_NS, normal=normal)

    @property
    def wall_ns(self) -> int:
        return START_NS + self.now_ns + self.shift_ns

    def hear(self, hours: float, *, per_hour: int = 60, good: bool = True) -> None:
        for _ in range(round(hours * per_hour)):
            self.now_ns += HOUR_NS // per_hour
            self.sentinel.heard(
                Heard(
                    monotonic_ns=self.now_ns,
                    wall_ns=self.wall_ns,
                    crc_ok=good,
                    rssi_dbm=-95.0,
                    snr_db=5.0,
                    tmst_us=(self.now_ns - self.counter_ns) // 1000 % (1 << 32),
                )
            )

    def silent(self, minutes: int, *, others: Others | None = None, right: bool = True) -> list[Judgement]:
        judgements = []
        for _ in range(minutes):
            self.now_ns += MINUTE_NS
            judgements.append(self.judge(others=others, right=right))
        return judgements

    def judge(self, *, others: Others | None = None, right: bool = True) -> Judgement:
        asked: Callable[[], Others | None] = lambda: others  # noqa: E731 - a callback
        return self.sentinel.judge(now_ns=self.now_ns, wall_ns=self.wall_ns, clock_is_right=right, others=asked)


def repairs(judgements: list[Judgement]) -> list[Repair]:
    return [judgement.repair for judgement in judgements if judgement.repair is not None]


def test_a_new_radio_is_learned_before_it_is_judged() -> None:
    life = Life()
    assert life.silent(90)[-1].reason.startswith("Nothing heard yet in 90 minutes")
    life.hear(2)
    assert life.judge().condition is Condition.LEARNING
    life.hear(10)
    assert life.judge().condition is Condition.HEALTHY


def test_silence_is_deafness_only_when_many_frames_were_due() -> None:
    life = Life(usual())
    life.hear(1)
    judgements = life.silent(30)
    assert judgements[11].condition is Condition.HEALTHY
    assert judgements[29].condition is Condition.DEAF
    assert judgements[29].reason == "Nothing for 30 minutes, where about 30 frames are usual."


def test_others_that_hear_make_half_the_silence_enough() -> None:
    life = Life(usual())
    life.hear(1)
    judgements = life.silent(12, others=BUSY_OTHERS)
    assert judgements[-1].condition is Condition.DEAF
    assert any(judgement.reason.endswith("The other radios here heard 50.") for judgement in judgements)


def test_others_that_rarely_hear_are_no_proof_of_a_quiet_band() -> None:
    life = Life(usual())
    life.hear(1)
    assert life.silent(30, others=Others(heard=0, expected=0.4))[-1].condition is Condition.DEAF


def test_silence_that_others_share_is_a_quiet_band_and_told_after_a_day() -> None:
    life = Life(usual())
    life.hear(1)
    quiet = Others(heard=0, expected=30.0)
    first = life.silent(23 * 60, others=quiet)
    assert first[-1].condition is Condition.QUIET
    assert repairs(first) == []
    assert repairs(life.silent(3 * 24 * 60, others=quiet)) == [Repair.TELL]


def test_in_its_first_week_a_radio_is_given_half_a_day_since_nobody_knows_its_weekend() -> None:
    life = Life()
    life.hear(30)
    judgements = life.silent(13 * 60)
    assert judgements[11 * 60].condition is Condition.HEALTHY
    assert judgements[-1].condition is Condition.DEAF
    other = Life()
    other.hear(30)
    assert other.silent(60, others=BUSY_OTHERS)[-1].condition is Condition.DEAF


def test_hours_that_fall_silent_for_good_are_learned_as_silent() -> None:
    life = Life(usual())
    for _ in range(21):
        life.hear(16)
        life.now_ns += 8 * HOUR_NS
    life.hear(16)
    assert {judgement.condition for judgement in life.silent(7 * 60)} == {Condition.HEALTHY}


def test_a_silence_that_a_repair_ended_teaches_nothing() -> None:
    life = Life(usual())
    life.hear(2)
    before = life.sentinel.normal.longest
    assert repairs(life.silent(60)) != []
    life.hear(2)
    assert life.sentinel.normal.longest <= before
    assert min(life.sentinel.normal.of_day.values()) == 60.0


def test_a_silence_that_ended_by_itself_raises_the_limit() -> None:
    life = Life(usual())
    life.hear(2)
    before = life.sentinel.normal.limit
    life.silent(6 * 60)
    life.hear(1)
    assert 2.4 * before < life.sentinel.normal.limit <= 2.5 * before
    assert life.judge().condition is Condition.HEALTHY


def test_only_broken_frames_are_silence_too() -> None:
    life = Life(usual())
    life.hear(1)
    life.hear(1, good=False)
    judgement = life.judge()
    assert judgement.condition is Condition.DEAF
    assert judgement.reason.endswith("Only broken frames come in (60).")


def test_repairs_climb_in_stages_each_with_time_to_show_its_effect_and_then_stop() -> None:
    life = Life(usual())
    life.hear(1)
    judgements = life.silent(3000)
    assert repairs(judgements) == [Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK, Repair.TELL]
    slow = Life(usual(per_hour=2.0))
    slow.hear(1)
    at = [minute for minute, judgement in enumerate(slow.silent(3000)) if judgement.repair is not None]
    assert all(later - earlier >= 150 for earlier, later in pairwise(at)), "five frames were due"


def test_a_radio_that_heals_starts_at_the_first_stage_again() -> None:
    life = Life(usual())
    life.hear(1)
    first = repairs(life.silent(25))
    life.hear(2)
    assert life.judge().condition is Condition.HEALTHY
    assert (first, repairs(life.silent(25))) == ([Repair.SOFT_RESET], [Repair.SOFT_RESET])


def test_a_radio_that_keeps_dying_is_not_reset_for_ever() -> None:
    life = Life(usual())
    life.hear(1)
    made: list[Repair] = []
    for _ in range(12):
        made += repairs(life.silent(25, others=BUSY_OTHERS))
        life.hear(0.5)
        life.judge()
    assert sum(repair is not Repair.TELL for repair in made) == REPAIRS_PER_DAY
    assert made[-1] is Repair.TELL


def test_a_radio_that_does_not_answer_is_gone_not_deaf_and_its_hardware_is_reset_once() -> None:
    life = Life(usual())
    life.hear(1)
    life.sentinel.went(now_ns=life.now_ns, reason="No datagram for 90 s.")
    judgements = life.silent(600)
    assert {(judgement.condition, judgement.reason) for judgement in judgements} == {
        (Condition.GONE, "No datagram for 90 s.")
    }
    assert repairs(judgements) == [Repair.HARD_RESET]
    life.sentinel.came(now_ns=life.now_ns)
    assert life.judge().condition is Condition.HEALTHY, "the time away is no silence"
    assert life.silent(10)[-1].condition is Condition.HEALTHY


def test_the_time_away_is_not_learned() -> None:
    life = Life(usual())
    life.hear(2)
    life.sentinel.went(now_ns=life.now_ns, reason="unplugged")
    life.now_ns += 2 * DAY_NS
    life.sentinel.came(now_ns=life.now_ns)
    life.hear(2)
    assert min(life.sentinel.normal.of_day.values()) == 60.0
    assert life.sentinel.normal.longest <= 5.0


def test_a_deaf_radio_that_restarts_stays_deaf_until_it_hears() -> None:
    life = Life(usual())
    life.hear(1)
    assert repairs(life.silent(25)) == [Repair.SOFT_RESET]
    life.sentinel.went(now_ns=life.now_ns, reason="restarts")
    life.sentinel.came(now_ns=life.now_ns)
    assert life.judge().condition is Condition.DEAF
    assert repairs(life.silent(4)) == [], "too early to say that the reset did not help"
    assert repairs(life.silent(5)) == [Repair.HARD_RESET]
    life.hear(0.1)
    assert life.judge().condition is Condition.HEALTHY


def test_a_counter_that_stands_still_is_stuck_and_climbs_the_ladder_until_it_moves() -> None:
    life = Life(usual())
    life.hear(1)
    made: list[Repair] = []
    for _ in range(90):
        life.now_ns += MINUTE_NS
        life.sentinel.heard(Heard(monotonic_ns=life.now_ns, wall_ns=life.wall_ns, crc_ok=True, tmst_us=4_000_000))
        judgement = life.judge()
        made += repairs([judgement])
    assert judgement.condition is Condition.STUCK
    assert made == [Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK, Repair.TELL]
    life.hear(0.1)
    assert life.judge().condition is Condition.HEALTHY


def test_a_concentrator_that_starts_anew_again_and_again_is_unstable_and_not_repaired() -> None:
    life = Life(usual())
    for _ in range(4):
        life.hear(1)
        life.counter_ns = life.now_ns
    life.hear(1)
    judgement = life.judge()
    assert (judgement.condition, judgement.repair) == (Condition.UNSTABLE, None)
    assert judgement.reason == "Its counter began anew 4 times in a day: check its power supply."


def test_a_clock_that_jumps_teaches_no_hours_and_makes_nobody_deaf() -> None:
    for jump_ns in (20 * 365 * DAY_NS, -20 * 365 * DAY_NS, 9 * HOUR_NS, -9 * HOUR_NS):
        life = Life(usual())
        life.hear(2.5)
        life.shift_ns = jump_ns
        assert life.judge().condition is Condition.HEALTHY
        life.hear(0.3)
        assert set(life.sentinel.normal.of_day.values()) == {60.0}
        assert life.sentinel.normal.longest <= 5.0


def test_while_the_clock_is_not_believed_silence_is_not_judged() -> None:
    life = Life(usual())
    life.hear(1)
    assert {judgement.condition for judgement in life.silent(120, right=False)} == {Condition.HEALTHY}


def test_what_was_learned_survives_a_restart() -> None:
    life = Life(usual())
    life.hear(30)
    stored = json.loads(json.dumps(life.sentinel.normal.to_json()))
    again = Life(Normal.from_json(stored))
    assert again.silent(30)[-1].condition is Condition.DEAF


def test_a_restart_of_the_agent_does_not_begin_a_new_day_of_repairs() -> None:
    life = Life(usual())
    assert repairs(life.silent(180))[-1] is Repair.TELL
    kept = Normal.from_json(json.loads(json.dumps(life.sentinel.normal.to_json())))
    assert len(kept.repairs_s) == 3
    life.sentinel = Sentinel(now_ns=life.now_ns, wall_ns=life.wall_ns, normal=kept)
    assert repairs(life.silent(180)) == [Repair.SOFT_RESET, Repair.TELL]
