"""Numbers, units and codes of P1 telegrams beyond those that the usual meters send."""

from decimal import Decimal

import pytest

from skerry_firmware_bridge.decimals import plain
from skerry_firmware_bridge.meter.p1 import check_telegram, join_lines
from skerry_firmware_bridge.meter.p1_values import P1Reading, read_telegram


def reading(*lines: str) -> P1Reading:
    return read_telegram(check_telegram(join_lines(["/ABC5TEST", *lines, "!"])))


@pytest.mark.parametrize(
    ("printed", "value", "unit"),
    [
        ("00112.384*m\xb3", "112.384", "m\xb3"),
        ("5*l/h", "5", "l/h"),
        ("5l/h", "5", "l/h"),
        ("5", "5", None),
        ("5*", "5", None),
        ("-5 * kW ", "-5", "kW"),
        ("1500*W", "1.5", "kW"),
        ("", None, None),
        ("5,5*kW", None, None),
    ],
)
def test_a_unit_is_whatever_is_printed_behind_the_number(printed: str, value: str | None, unit: str | None) -> None:
    (meter,) = reading(f"0-1:24.2.1(200512134558S)({printed})").mbus
    assert (plain(meter.value), meter.unit) == (value, unit)


def test_more_decimals_than_twelve_are_rounded_half_to_even() -> None:
    found = reading("1-0:1.8.0(1.0000000000005*kWh)", "1-0:2.8.0(1.0000000000015*kWh)")
    assert (plain(found.import_kwh[0]), plain(found.export_kwh[0])) == ("1", "1.000000000002")


def test_electricity_comes_before_another_medium_that_uses_the_same_number() -> None:
    found = reading("6-1:1.8.0(9*kWh)", "1-1:1.7.0(8*kW)", "1-0:1.8.0(5*kWh)")
    assert (found.import_kwh[0], found.import_kw) == (Decimal(5), Decimal(8))


def test_a_failure_without_time_and_length_is_still_one() -> None:
    (failure,) = reading("1-0:99.97.0(1)()()()").failures
    assert (failure.end_s, failure.seconds) == (None, None)
    assert reading("1-0:99.97.0()").failures == reading("1-0:99.97.0(0)()").failures == ()


@pytest.mark.parametrize("moment", ["200512134560S", "200230000000W", "200512134559", "200512134559s", "632525252525W"])
def test_an_impossible_time_is_none(moment: str) -> None:
    assert reading(f"0-0:1.0.0({moment})").time_s is None
