import pytest

from skerry_keys.conformance import KINDS
from skerry_testing.vectors import run_kind


@pytest.mark.parametrize("name", sorted(KINDS))
def test_all_published_cases_of_the_kind_pass(name: str) -> None:
    run_kind(name, KINDS[name])
