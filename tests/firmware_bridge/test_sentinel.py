"""The sentinel tells sick radios from quiet bands, repairs in stages and stops."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel import REPAIRS_PER_DAY, Condition, Heard, Judgement, Normal, Repair, Sentinel

START_NS = 1_790_000_000 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 3600 * NS_PER_S


class Life:
    """Time and frames for one sentinel."""

    def __init__(self, normal: Normal | None = None) -> None:
        self.now_ns = 0
        self.sentinel = Sentinel(now_ns=0, normal=normal)
        self.random = Random(3)

    def hear(
        self, hours: float, *, per_hour: int = 60, rssi_dbm: float = -95, snr_db: float = 5, bad: float = 0.05
    ) -> None:
        gap_ns = HOUR_NS // per_hour
        for _ in range(round(hours * per_hour)):
            self.now_ns += gap_ns
            self.sentinel.heard(
                Heard(
                    monotonic_ns=self.now_ns,
                    wall_ns=START_NS + self.now_ns,
                    crc_ok=self.random.random() >= bad,
                    rssi_dbm=rssi_dbm + self.random.uniform(-3, 3),
                    snr_db=snr_db,
                    tmst_us=self.now_ns // 1000 % (1 << 32),
                )
            )

    def silent(self, minutes: int, *, peers: int | None = None) -> list[Judgement]:
        judgements = []
        for _ in range(minutes):
            self.now_ns += MINUTE_NS
            judgements.append(self.judge(peers=peers))
        return judgements

    def judge(self, *, peers: int | None = None) -> Judgement:
        return self.sentinel.judge(now_ns=self.now_ns, wall_ns=START_NS + self.now_ns, peers_heard=peers)


def test_a_new_radio_is_learned_before_it_is_judged() -> None:
    life = Life()
    life.hear(2)
    assert life.judge().condition is Condition.LEARNING
    life.hear(10)
    assert life.judge().condition is Condition.HEALTHY


def test_silence_is_deafness_only_when_many_frames_were_due() -> None:
    life = Life()
    life.hear(30)
    judgements = life.silent(30)
    assert judgements[9].condition is Condition.HEALTHY
    assert judgements[29].condition is Condition.DEAF
    assert "30 minutes" in judgements[29].reason


def test_a_quiet_night_is_not_deafness() -> None:
    life = Life()
    for _ in range(3):
        life.hear(16)
        life.now_ns += 8 * HOUR_NS
    judgements = life.silent(60)
    assert judgements[59].condition is Condition.DEAF, "by day it would be"
    night = Life(life.sentinel.normal)
    night.now_ns = 3 * 24 * HOUR_NS + 16 * HOUR_NS
    night.sentinel = Sentinel(now_ns=night.now_ns, normal=life.sentinel.normal)
    assert {judgement.condition for judgement in night.silent(7 * 60)} == {Condition.HEALTHY}


def test_silence_that_others_share_is_a_quiet_band_and_nothing_is_repaired() -> None:
    life = Life()
    life.hear(30)
    judgements = life.silent(120, peers=0)
    assert judgements[-1].condition is Condition.QUIET
    assert all(judgement.repair is None for judgement in judgements)


def test_repairs_climb_in_stages_and_then_stop() -> None:
    life = Life()
    life.hear(30)
    repairs = [judgement.repair for judgement in life.silent(3000, peers=9) if judgement.repair]
    assert repairs == [Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK, Repair.TELL]


def test_a_radio_that_heals_starts_at_the_first_stage_again() -> None:
    life = Life()
    life.hear(30)
    first = [judgement.repair for judgement in life.silent(20, peers=9) if judgement.repair]
    life.hear(2)
    assert life.judge().condition is Condition.HEALTHY
    second = [judgement.repair for judgement in life.silent(20, peers=9) if judgement.repair]
    assert (first, second) == ([Repair.SOFT_RESET], [Repair.SOFT_RESET])


def test_a_radio_that_keeps_dying_is_not_reset_for_ever() -> None:
    life = Life()
    life.hear(30)
    repairs = []
    for _ in range(12):
        repairs += [judgement.repair for judgement in life.silent(20, peers=9) if judgement.repair]
        life.hear(1)
        life.judge()
    assert repairs.count(Repair.SOFT_RESET) == REPAIRS_PER_DAY
    assert Repair.TELL in repairs


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({"rssi_dbm": -112}, Condition.WEAK),
        ({"snr_db": -15, "rssi_dbm": -82}, Condition.NOISY),
        ({"bad": 0.7}, Condition.NOISY),
    ],
)
def test_weak_and_noisy_reception_is_told_and_not_repaired(change: dict[str, float], condition: Condition) -> None:
    life = Life()
    life.hear(40)
    life.hear(2, rssi_dbm=change.get("rssi_dbm", -95), snr_db=change.get("snr_db", 5), bad=change.get("bad", 0.05))
    judgement = life.judge()
    assert judgement.condition is condition
    assert judgement.repair is None


def test_a_counter_that_stands_still_is_stuck() -> None:
    life = Life()
    life.hear(10)
    for _ in range(5):
        life.now_ns += MINUTE_NS
        life.sentinel.heard(
            Heard(monotonic_ns=life.now_ns, wall_ns=START_NS + life.now_ns, crc_ok=True, tmst_us=4_000_000)
        )
    judgement = life.judge()
    assert (judgement.condition, judgement.repair) == (Condition.STUCK, Repair.SOFT_RESET)


def test_what_was_learned_survives_a_restart() -> None:
    life = Life()
    life.hear(30)
    stored = json.loads(json.dumps(life.sentinel.normal.to_json()))
    again = Life(Normal.from_json(stored))
    assert again.silent(30)[-1].condition is Condition.DEAF


@settings(max_examples=60, deadline=None)
@given(
    stored=st.dictionaries(
        st.sampled_from(["per_hour", "frames", "rssi_dbm", "x"]), st.none() | st.text() | st.integers()
    )
)
def test_a_damaged_store_is_learned_again(stored: dict[str, object]) -> None:
    assert Life(Normal.from_json(stored)).judge().condition is Condition.LEARNING


def test_stages_that_a_radio_lacks_are_left_out_and_a_person_is_told_all_the_same() -> None:
    life = Life()
    life.hear(30)
    repairs = []
    for _ in range(180):
        life.now_ns += MINUTE_NS
        judgement = life.sentinel.judge(
            now_ns=life.now_ns, wall_ns=START_NS + life.now_ns, peers_heard=None, possible={Repair.HARD_RESET}
        )
        repairs.append(judgement.repair)
    assert [repair for repair in repairs if repair is not None] == [Repair.HARD_RESET, Repair.TELL]


def test_a_restart_of_the_agent_does_not_begin_a_new_day_of_repairs() -> None:
    life = Life()
    life.hear(30)
    assert [judgement.repair for judgement in life.silent(180) if judgement.repair is not None][-1] is Repair.TELL
    kept = Normal.from_json(json.loads(json.dumps(life.sentinel.normal.to_json())))
    assert len(kept.repairs_s) == 3
    life.sentinel = Sentinel(now_ns=life.now_ns, normal=kept)
    repairs = [judgement.repair for judgement in life.silent(180) if judgement.repair is not None]
    assert repairs == [Repair.SOFT_RESET, Repair.TELL]
