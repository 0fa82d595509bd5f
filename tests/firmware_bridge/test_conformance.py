"""The hub of the device side: every GWMP case passes, and no family is missing from it."""

import pytest

from skerry_firmware_bridge import conformance
from skerry_simulate import conformance as simulate
from skerry_testing.vectors import ROOT, run_kind

GWMP = {name: kind for name, kind in {**conformance.KINDS, **simulate.KINDS}.items() if name.startswith("gwmp.")}
FAMILIES = ("ble", "energy", "gwmp", "iec62056", "modbus", "serial", "sunspec")


@pytest.mark.parametrize("name", sorted(GWMP))
def test_every_case_of_the_kind_passes(name: str) -> None:
    run_kind(name, GWMP[name])


def test_the_hub_knows_every_family_of_the_device_side() -> None:
    assert {name.split(".")[0] for name in conformance.KINDS} == set(FAMILIES)


def test_every_gwmp_vector_is_supported() -> None:
    files = (ROOT / "tests" / "vectors" / "gwmp").glob("*.json")
    assert {path.stem for path in files} == set(GWMP)
