"""Data credits that run out: 14, 7 and 1 days before, once each, and over after a top-up."""

from pathlib import Path

from skerry_agent.alerts.book import AlertBook
from skerry_agent.alerts.conditions import Limits, conditions
from skerry_agent.alerts.credits import EVERY_NS, CreditWatch, credit_conditions
from skerry_core.clock import NS_PER_S
from skerry_testing.api import NOW_NS, serve_api
from skerry_wallet.economy.dc_runway import DcRunway, dc_runway

MINUTE_NS = 60 * NS_PER_S


def runway(days: int | None) -> DcRunway:
    return dc_runway(100 if days is None else days * 10, [0 if days is None else 10])


class Story:
    """Days left over time; `told` are the limits and whether they were raised."""

    def __init__(self) -> None:
        self.book = AlertBook()
        self.now_ns = 0
        self.told: list[tuple[str, bool]] = []

    def stay(self, days: int | None) -> None:
        for _ in range(5):
            self.book.take(credit_conditions(runway(days), standing=self.book.standing()), now_ns=self.now_ns)
            for notice in self.book.pending():
                self.told.append((notice.key.removeprefix("data credits "), notice.raised))
                self.book.told(notice)
            self.now_ns += MINUTE_NS


def test_each_limit_is_told_once_on_the_way_down() -> None:
    story = Story()
    for days in (20, 15, 14, 13, 8, 7, 6, 2, 1, 0):
        story.stay(days)
    assert story.told == [("14 d", True), ("7 d", True), ("1 d", True)]


def test_a_sudden_fall_tells_only_the_tightest() -> None:
    story = Story()
    story.stay(40)
    story.stay(0)
    assert story.told == [("1 d", True)]


def test_a_top_up_ends_them_and_a_little_one_does_not() -> None:
    story = Story()
    for days in (20, 14, 7):
        story.stay(days)
    story.told.clear()
    story.stay(8)  # 8.4 would be a fifth above
    assert story.told == []
    story.stay(9)
    assert story.told == [("7 d", False)]
    story.stay(None)
    assert story.told == [("7 d", False), ("14 d", False)]


def test_what_is_short_at_the_very_first_pass_is_the_baseline() -> None:
    story = Story()
    story.stay(5)
    assert story.told == []
    story.stay(1)
    assert story.told == [("1 d", True)]


def test_the_message_says_what_happened_and_what_to_do() -> None:
    (text,) = {one.text for one in credit_conditions(runway(1), standing={})}
    assert "last 1 day more (10 left, 10 burned a day)" in text
    assert "skerry dc mint" in text


async def test_the_ledger_is_read_hourly_and_not_by_a_clock_that_is_not_believed() -> None:
    reads = 0

    async def read() -> DcRunway:
        nonlocal reads
        reads += 1
        return runway(3)

    watch = CreditWatch(read)
    for now_ns, known in ((0, False), (0, True), (EVERY_NS - 1, True), (EVERY_NS, True), (EVERY_NS - 2, True)):
        found = await watch.conditions(standing={}, now_ns=now_ns, time_is_known=known)
        assert {one.firing for one in found} == ({None} if not known else {None, True, False})
    assert reads == 3  # at first, after an hour, and when the clock was set back


async def test_it_is_one_of_the_agents_conditions(tmp_path: Path) -> None:
    async def read() -> DcRunway:
        return runway(3)

    async with serve_api(tmp_path) as served:
        found = await conditions(
            served.view, served.stores, standing={}, now_ns=NOW_NS, limits=Limits(), credits=CreditWatch(read)
        )
        assert [one.firing for one in found if one.key.startswith("data credits")] == [None, None, None]
        plain = await conditions(served.view, served.stores, standing={}, now_ns=NOW_NS, limits=Limits())
        assert not any(one.key.startswith("data credits") for one in plain)
