"""The frame for conformance kinds: what one case is, how a result is compared, how a family registers its kinds.

Each package that implements rules has a `conformance` module with `KINDS: dict[str, Kind]`; `skerry conformance`
collects them. A case function takes the case's `in` object and returns its `out` object. It raises
`CaseError("reason")` for an expected failure, which becomes `{"error": "reason"}`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from skerry_core.errors import SkerryError

__all__ = ["CaseError", "Kind", "equal", "run_case"]

DEFAULT_RELATIVE_TOLERANCE = 1e-9  # vectors/README.md, "Values"


class CaseError(SkerryError):
    """The case's expected failure; `reason` is the field's own term."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One conformance kind: its function, and a comparison where the plain one is too strict."""

    run: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    same: Callable[[Any, Any], bool] | None = None


def run_case(kind: Kind, case: Mapping[str, Any]) -> tuple[bool, Any]:
    """Run one case; return whether it passed and what came out.

    Any exception other than `CaseError` is a failure of this implementation and is shown as `{"crash": ...}`.
    """
    got: Any
    try:
        got = kind.run(case["in"])
    except CaseError as error:
        got = {"error": error.reason}
    except Exception as error:  # noqa: BLE001 - a crash in one case must not hide the other cases' results
        return False, {"crash": f"{type(error).__name__}: {error}"}
    tolerance = case.get("tolerance")
    same = kind.same or (lambda expected, result: equal(expected, result, tolerance=tolerance))
    return same(case["out"], got), got


def equal(expected: Any, got: Any, *, tolerance: float | None = None) -> bool:
    """Compare by the rules of vectors/README.md: floats by tolerance, everything else exactly, `1` is not `true`."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, float) or isinstance(got, float):
        if not isinstance(expected, int | float) or not isinstance(got, int | float):
            return False
        if tolerance is not None:
            return abs(expected - got) <= tolerance
        return math.isclose(expected, got, rel_tol=DEFAULT_RELATIVE_TOLERANCE, abs_tol=1e-12)
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return expected.keys() == got.keys() and all(
            equal(expected[key], got[key], tolerance=tolerance) for key in expected
        )
    if isinstance(expected, list) and isinstance(got, list | tuple):
        return len(expected) == len(got) and all(
            equal(e, g, tolerance=tolerance) for e, g in zip(expected, got, strict=True)
        )
    return bool(type(expected) is type(got) and expected == got)
