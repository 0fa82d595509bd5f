"""A counter that begins anew is told: another meter, a rollover, a step back; a rounded one is no step back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_firmware_bridge.device import Values
from skerry_firmware_bridge.meter.counters import CounterWatch


def _codes(*readings: Values) -> list[str]:
    watch = CounterWatch()
    return [code for reading in readings for code, _ in watch.see(reading)]


def _counted(*counters: int) -> list[Values]:
    return [{"imported_wh": one} for one in counters]


def test_counters_that_grow_or_are_not_told_are_nothing_to_remark() -> None:
    assert _codes({"imported_wh": 5}, {"imported_wh": None}, {"imported_wh": 5}, {"imported_wh": 6}) == []
    assert _codes({"power_w": 900}, {"power_w": 5}, {"available_wh": 900}, {"available_wh": 5}) == []


def test_a_step_back_is_told_once_with_both_values() -> None:
    watch = CounterWatch()
    watch.see({"exported_wh": 2_444_001})
    ((code, detail),) = watch.see({"exported_wh": 1_200_007})
    assert code == "counter_back"
    assert "exported_wh went back from 2444001 to 1200007 Wh" in detail
    assert watch.see({"exported_wh": 1_200_008}) == []


def test_another_meter_is_told_by_both_numbers_and_its_lower_counters_are_no_step_back() -> None:
    watch = CounterWatch()
    watch.see({"meter_id": "A1", "imported_wh": 900_001})
    ((code, detail),) = watch.see({"meter_id": "B2", "imported_wh": 17})
    assert (code, "Meter B2 answers in place of A1" in detail) == ("meter_changed", True)
    assert watch.see({"meter_id": None, "imported_wh": 18}) == []
    assert watch.see({"meter_id": "B2", "imported_wh": 19}) == []


@pytest.mark.parametrize(
    ("before", "now", "told", "code"),
    [
        (2**32 - 5, 12, {"produced_wraps_wh": 2**32}, "counter_rollover"),
        (2**32 * 10 - 50, 120, {"produced_wraps_wh": 2**32 * 10}, "counter_rollover"),
        (999_999_998, 3, {}, "counter_rollover"),  # nine digits of a display
        (99_999, 1, {}, "counter_rollover"),
        (2**31, 12, {"produced_wraps_wh": 2**32}, "counter_back"),
        (500_001, 3, {}, "counter_back"),
        (999_999_998, 500_000_001, {}, "counter_back"),
    ],
)
def test_the_end_of_its_range_tells_a_rollover_from_a_step_back(before: int, now: int, told: Values, code: str) -> None:
    assert _codes({"produced_wh": before, **told}, {"produced_wh": now, **told}) == [code]


@pytest.mark.parametrize("readings", [(123_456, 123_450, 123_457), (123_460, 123_457), (123_456, 120_000, 123_458)])
def test_a_scale_factor_that_changes_between_two_readings_is_no_step_back(readings: tuple[int, ...]) -> None:
    assert _codes(*_counted(*readings)) == []


@given(st.lists(st.integers(min_value=0, max_value=2**40), max_size=20))
def test_only_growing_counters_are_never_remarked(steps: list[int]) -> None:
    total, readings = 0, list[int]()
    for step in steps:
        total += step
        readings.append(total)
    assert _codes(*_counted(*readings)) == []
