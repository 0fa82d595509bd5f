from skerry_coverage import conformance as coverage_kinds
from skerry_radio import conformance as radio_kinds
from skerry_testing.vectors import ROOT
from skerry_wire import conformance as wire_kinds

FAMILIES = ("iot", "lora", "lorawan", "region")


def test_every_kind_of_our_families_is_implemented_exactly_once() -> None:
    tables = (coverage_kinds.KINDS, radio_kinds.KINDS, wire_kinds.KINDS)
    names = [name for table in tables for name in table]
    published = {path.stem for family in FAMILIES for path in (ROOT / "tests/vectors" / family).glob("*.json")}
    assert published
    assert published - set(names) == set()
    assert len(names) == len(set(names))
