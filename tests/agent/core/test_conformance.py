"""The comparison rules of vectors/README.md."""

from collections.abc import Mapping
from typing import Any

import pytest

from skerry_core.conformance import CaseError, Kind, equal, run_case


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (1, 1, True),
        (1, True, False),
        (True, 1, False),
        (None, 0, False),
        ("0.50", "0.5", False),
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.001, False),
        (2.5, "2.5", False),
        ([1, 2], (1, 2), True),
        ([1, 2], [2, 1], False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ({"a": [1.0]}, {"a": [1]}, True),
    ],
)
def test_values_compare_by_the_published_rules(expected: Any, got: Any, same: bool) -> None:
    assert equal(expected, got) is same


def test_a_tolerance_in_the_case_is_absolute() -> None:
    assert equal(100.0, 100.4, tolerance=0.5)
    assert not equal(100.0, 100.6, tolerance=0.5)


def test_an_expected_failure_is_compared_by_its_reason() -> None:
    def refuse(case: Mapping[str, Any]) -> Mapping[str, Any]:
        raise CaseError(case["reason"])

    kind = Kind(run=refuse)
    assert run_case(kind, {"in": {"reason": "too_close"}, "out": {"error": "too_close"}}) == (
        True,
        {"error": "too_close"},
    )
    assert not run_case(kind, {"in": {"reason": "other"}, "out": {"error": "too_close"}})[0]


def test_a_crash_is_a_failure_that_names_the_exception() -> None:
    def crash(case: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"value": case["missing"]}

    passed, got = run_case(Kind(run=crash), {"in": {}, "out": {"value": 1}})
    assert not passed
    assert got == {"crash": "KeyError: 'missing'"}
