"""A concentrator's counter that stands still or begins anew is told from one that wraps, and from two counters."""

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.sentinel.counter import MANY, SPAN_US, TOO_MANY, CounterWatch
from skerry_firmware_bridge.sentinel.signal import Heard


class Counter:
    """A concentrator that hears a frame every ten minutes, `late_s` on its way."""

    def __init__(self) -> None:
        self.watch = CounterWatch()
        self.now_s = 0.0
        self.zero_s = -4000.0

    def hear(self, times: int, *, late_s: float = 0.0) -> int:
        for _ in range(times):
            self.now_s += 600
            at_ns = round((self.now_s + late_s) * NS_PER_S)
            tmst_us = round((self.now_s - self.zero_s) * 1e6) % SPAN_US
            self.watch.take(Heard(monotonic_ns=at_ns, wall_ns=None, crc_ok=True, tmst_us=tmst_us))
        return self.watch.restarts(round(self.now_s * NS_PER_S))


def test_a_counter_that_wraps_and_frames_that_come_late_are_no_restarts() -> None:
    counter = Counter()
    assert counter.hear(40) == 0
    assert [counter.hear(1, late_s=late_s) for late_s in (0.0, 6.0, 0.0, 9.0)] == [0] * 4
    assert not counter.watch.is_stuck


def test_restarts_are_counted_for_a_day() -> None:
    counter = Counter()
    for _ in range(MANY):
        counter.hear(3)
        counter.zero_s = counter.now_s + 17
    assert counter.hear(1) == MANY
    assert counter.hear(140) == 0


def test_a_radio_that_was_away_has_not_restarted_by_itself() -> None:
    counter = Counter()
    for _ in range(5):
        counter.hear(3)
        counter.watch.begin_anew()
        counter.zero_s = counter.now_s + 17
    assert counter.hear(3) == 0


def test_two_concentrators_in_one_gateway_are_no_restarts() -> None:
    counter = Counter()
    for number in range(TOO_MANY + 2):
        counter.zero_s = -4000.0 - 500 * (number % 2)
        counter.hear(1)
    assert counter.hear(1) == 0
