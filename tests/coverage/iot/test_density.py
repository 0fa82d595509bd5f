from decimal import Decimal

import h3.api.basic_int as h3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.iot.density import DENSITY_TABLES, UNKNOWN_CELL_SCALE, density_map

TOWN = sorted(h3.grid_disk(h3.latlng_to_cell(48.1, 11.5, 11), 12))


@pytest.mark.parametrize("table", DENSITY_TABLES)
@settings(max_examples=50, deadline=None)
@given(cells=st.lists(st.sampled_from(TOWN), min_size=1, max_size=60))
def test_scales_lie_between_none_and_one_and_do_not_depend_on_order(table: str, cells: list[int]) -> None:
    forward, backward = density_map(cells, table), density_map(list(reversed(cells)), table)
    for cell in cells:
        assert 0 < forward.scale(cell) <= 1
        assert forward.scale(cell) == backward.scale(cell)


def test_one_hotspot_alone_counts_in_full() -> None:
    assert density_map([TOWN[0]]).scale(TOWN[0]) == Decimal("1.0000")


def test_a_finer_cell_takes_its_parents_scale() -> None:
    child = h3.cell_to_center_child(TOWN[0], 15)
    density = density_map([child, child])
    assert density.scale(child) == density.scale(TOWN[0]) == Decimal("0.5000")


def test_a_cell_without_active_hotspots_has_the_verifiers_default() -> None:
    assert density_map([TOWN[0]]).scale(TOWN[40]) == UNKNOWN_CELL_SCALE


def test_cells_too_coarse_for_the_rules_are_ignored() -> None:
    assert density_map([h3.cell_to_parent(TOWN[0], 9)]).unclipped == {}
