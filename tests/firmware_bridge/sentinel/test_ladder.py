"""Repairs come in stages, few a day, whatever the clock says."""

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.ladder import DAY_NS, LADDER, REPAIRS_PER_DAY, SETTLE_NS, Ladder, Repair
from skerry_firmware_bridge.sentinel.normal import Normal

WALL_NS = 1_790_000_000 * NS_PER_S


def made(ladder: Ladder, *, from_ns: int = 0, times: int = 8, possible: set[Repair] | None = None) -> list[Repair]:
    moments = [from_ns + number * SETTLE_NS for number in range(times)]
    due = [ladder.due(now_ns=at, wall_ns=WALL_NS + at, possible=possible or set(LADDER)) for at in moments]
    return [repair for repair in due if repair is not None]


def test_stages_that_a_radio_lacks_are_left_out_and_a_person_is_told_all_the_same() -> None:
    ladder = Ladder(Normal(), now_ns=0, wall_ns=WALL_NS)
    assert made(ladder, possible={Repair.HARD_RESET}) == [Repair.HARD_RESET, Repair.TELL]
    assert made(Ladder(Normal(), now_ns=0, wall_ns=WALL_NS), possible={Repair.TELL}) == [Repair.TELL]


def test_each_stage_has_time_to_act() -> None:
    ladder = Ladder(Normal(), now_ns=0, wall_ns=WALL_NS)
    assert ladder.due(now_ns=0, wall_ns=WALL_NS, possible=LADDER) is Repair.SOFT_RESET
    assert ladder.due(now_ns=SETTLE_NS - 1, wall_ns=WALL_NS, possible=LADDER) is None
    assert ladder.due(now_ns=SETTLE_NS, wall_ns=WALL_NS, possible=LADDER) is Repair.HARD_RESET


def test_a_clock_that_jumps_forward_allows_no_more_repairs_and_one_that_jumped_back_forbids_none_for_ever() -> None:
    normal = Normal()
    ladder = Ladder(normal, now_ns=0, wall_ns=WALL_NS)
    for number in range(REPAIRS_PER_DAY):
        ladder.well()
        assert ladder.due(now_ns=number, wall_ns=WALL_NS + 40 * DAY_NS * number, possible=LADDER) is Repair.SOFT_RESET
    ladder.well()
    assert ladder.due(now_ns=99, wall_ns=WALL_NS + 400 * DAY_NS, possible=LADDER) is Repair.TELL
    future = Normal(repairs_s=[WALL_NS // NS_PER_S + 10**8] * REPAIRS_PER_DAY)
    again = Ladder(future, now_ns=0, wall_ns=WALL_NS)
    assert made(again, times=1) == [Repair.TELL]
    again.well()
    assert made(again, from_ns=DAY_NS, times=1) == [Repair.SOFT_RESET]
