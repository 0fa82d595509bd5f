from hypothesis import given
from hypothesis import strategies as st

from skerry_agent.alerts.book import CLEAR_AFTER_S, MAX_ENTRIES, RAISE_AFTER_S, AlertBook, Condition, Notice
from skerry_core.clock import NS_PER_S


class Story:
    """Passes over one condition, a minute apart."""

    def __init__(self) -> None:
        self.book = AlertBook()
        self.now_s = 0
        self.told: list[tuple[int, bool]] = []

    def passes(self, firing: bool | None, minutes: int, *, deliver: bool = True) -> None:
        for _ in range(minutes):
            self.book.take([Condition(key="k", firing=firing, text="t")], now_ns=self.now_s * NS_PER_S)
            if deliver:
                for notice in self.book.pending():
                    self.told.append((self.now_s // 60, notice.raised))
                    self.book.told(notice)
            self.now_s += 60


def test_a_lasting_condition_is_told_once_and_its_end_once() -> None:
    story = Story()
    story.passes(False, 1)
    story.passes(True, 10)
    story.passes(False, 10)
    assert story.told == [(1 + RAISE_AFTER_S // 60, True), (11 + CLEAR_AFTER_S // 60, False)]


def test_a_short_one_is_never_told() -> None:
    story = Story()
    for _ in range(10):
        story.passes(False, 1)
        story.passes(True, RAISE_AFTER_S // 60)
    assert story.told == []


def test_what_fires_at_the_very_first_pass_is_the_baseline() -> None:
    story = Story()
    story.passes(True, 10)
    assert story.told == []
    assert story.book.standing() == {"k": "t"}
    story.passes(False, 3)
    assert [raised for _, raised in story.told] == [False]


def test_a_new_subject_later_is_told() -> None:
    story = Story()
    story.passes(False, 1)
    for minute in range(5):
        story.book.take([Condition(key="new", firing=True, text="n")], now_ns=minute * 60 * NS_PER_S)
    assert story.book.pending() == [Notice(key="new", raised=True, text="n")]


def test_unknown_changes_nothing() -> None:
    story = Story()
    story.passes(False, 1)
    story.passes(True, 5)
    story.passes(None, 100)
    assert [raised for _, raised in story.told] == [True]


def test_what_came_and_went_while_nobody_was_told_is_not_told_at_all() -> None:
    story = Story()
    story.passes(False, 1)
    story.passes(True, 10, deliver=False)
    story.passes(False, 10, deliver=False)
    story.passes(False, 5)
    assert story.told == []


def test_a_restart_repeats_nothing() -> None:
    story = Story()
    story.passes(False, 1)
    story.passes(True, 5)
    story.book = AlertBook.from_json(story.book.to_json())
    story.passes(True, 5)
    assert len(story.told) == 1
    for damaged in (None, "", "[]", '{"k": 5}', '{"k": {"x": 1}}', "{"):
        assert AlertBook.from_json(damaged).standing() == {}


@given(st.lists(st.sampled_from([True, False, None]), max_size=60))
def test_messages_alternate_whatever_happens(firings: list[bool | None]) -> None:
    story = Story()
    for firing in [False, *firings]:
        story.passes(firing, 1)
    told = [raised for _, raised in story.told]
    assert told == [index % 2 == 0 for index in range(len(told))]


def test_conditions_that_are_there_no_more_give_way_to_new_ones() -> None:
    book = AlertBook()
    for number in range(MAX_ENTRIES + 10):
        book.take([Condition(key=f"device {number}", firing=False, text="t")], now_ns=0)
        assert len(book._entries) <= MAX_ENTRIES
    assert f"device {MAX_ENTRIES + 9}" in book._entries
