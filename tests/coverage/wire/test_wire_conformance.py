import pytest

from skerry_testing.vectors import run_kind
from skerry_wire.conformance import KINDS


@pytest.mark.parametrize("name", KINDS)
def test_kind_passes_every_case(name: str) -> None:
    run_kind(name, KINDS[name])
