"""The published cases of this family."""

import pytest

from skerry_firmware_bridge.sunspec.conformance import KINDS
from skerry_testing.vectors import run_kind


@pytest.mark.parametrize("name", sorted(KINDS))
def test_published_cases_pass(name: str) -> None:
    run_kind(name, KINDS[name])
