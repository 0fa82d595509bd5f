"""How values are said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_client.models import Clock, Finding, Operator
from skerry_gui.words import (
    age,
    amount,
    clock_words,
    db,
    dbm,
    fault_words,
    is_stale,
    mhz,
    moment,
    operator_words,
    plain,
    sentence,
    short,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "just now"), (8, "8 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (1e6, "11 d ago"),
     (-90, "in 90 s")],
)  # fmt: skip
def test_an_age_uses_the_largest_fitting_unit(seconds: float, said: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == said


def test_a_value_of_the_status_goes_stale_after_thirty_seconds() -> None:
    assert not is_stale(NOW - timedelta(seconds=30), NOW)
    assert is_stale(NOW - timedelta(seconds=31), NOW)


@pytest.mark.parametrize(
    ("base", "decimals", "said"),
    [(0, 6, "0.000000"), (1, 6, "0.000001"), (329_930_485_710, 6, "329,930.485710"), (5, 0, "5"),
     ((1 << 64) - 1, 8, "184,467,440,737.09551615"), (7, None, "7 base units"), (None, 6, "unknown")],
)  # fmt: skip
def test_an_amount_is_said_exactly(base: int | None, decimals: int | None, said: str) -> None:
    assert amount(base, decimals) == said


@given(st.integers(0, (1 << 128) - 1), st.integers(0, 18))
def test_no_digit_of_an_amount_is_lost(base: int, decimals: int) -> None:
    digits = amount(base, decimals).replace(",", "").replace(".", "")
    assert int(digits) == base


def test_radio_figures_have_units() -> None:
    assert (mhz(868_100_000), dbm(-110), db(-75)) == ("868.100 MHz", "\u2212110 dBm", "\u22127.5 dB")


def test_ids_are_shortened_in_their_middle_only_when_long() -> None:
    assert short("p1") == "p1"
    assert short("14a4LewFzpfGrsE5zemAh7D3pNrsFjdXZZ7td334mB9R4xK5uQ7") == "14a4LewF\u20265uQ7"


def test_codes_become_words() -> None:
    assert sentence(plain("below_min_distance")) == "Below min distance"
    assert plain(None) == ""


def test_times_are_said_in_utc() -> None:
    assert moment(datetime.fromisoformat("2026-11-20T13:00:00+01:00")) == "2026-11-20 12:00:00 UTC"


def test_a_missing_operator_means_that_nothing_is_paid() -> None:
    operator = Operator(
        is_set=False, network="none", profile="skerry-open", key=None, pays=False, state="unknown", reason="", as_of=NOW
    )
    assert operator_words(operator) == "none set: nothing will be paid"


@pytest.mark.parametrize(
    ("synchronised", "offset_ms", "said"),
    [
        (None, None, "not known"),
        (False, None, "not synchronised: nothing is signed"),
        (True, 3, "synchronised, off by 3 ms"),
    ],
)
def test_the_clock_is_known_unknown_or_off(synchronised: bool | None, offset_ms: int | None, said: str) -> None:
    assert clock_words(Clock(synchronised=synchronised, offset_ms=offset_ms, as_of=NOW)) == said


def test_an_unknown_fault_is_said_as_it_came() -> None:
    finding = Finding(rule="r", passed=False, value=None, limit=None, margin=None, fault="the_moon", would_pass=None)
    assert fault_words(finding) == "the moon"
