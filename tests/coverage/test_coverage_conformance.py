import pytest

from skerry_coverage.conformance import KINDS
from skerry_testing.vectors import run_kind


@pytest.mark.parametrize("name", KINDS)
def test_kind_passes_every_case(name: str) -> None:
    run_kind(name, KINDS[name])
