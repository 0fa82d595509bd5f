import pytest

from skerry_testing.vectors import run_kind
from skerry_wallet.conformance import KINDS


@pytest.mark.parametrize("name", sorted(KINDS))
def test_all_published_cases_of_the_kind_pass(name: str) -> None:
    run_kind(name, KINDS[name])
