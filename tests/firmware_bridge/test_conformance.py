"""Every conformance case of the families that the device side implements."""

import pytest

from skerry_firmware_bridge import conformance
from skerry_simulate import conformance as simulate
from skerry_testing.vectors import run_kind

ALL = {**conformance.KINDS, **simulate.KINDS}


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_case_of_the_kind_passes(name: str) -> None:
    run_kind(name, ALL[name])
