"""Text and numbers from outside are cells or none; no library error comes through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skerry_core.cells import cell_number, is_cell, resolution

CELL = 0x8C19288866017FF


def test_a_cell_is_read_with_its_resolution() -> None:
    assert cell_number("8c19288866017ff") == CELL
    assert resolution(CELL) == 12


@pytest.mark.parametrize(
    "text", ["", "8C19288866017FF", "-8c19288866017ff", "8" * 30, " 8c19288866017ff", "8c1f_b466741a9f", "\u0668" * 15]
)
def test_text_that_is_no_cell_is_none(text: str) -> None:
    assert cell_number(text) is None


@given(number=st.integers())
def test_any_number_is_a_cell_or_not(number: int) -> None:
    assert is_cell(number) in {True, False}


@pytest.mark.parametrize("number", [-1, 0, 1 << 63, 1 << 64, 1 << 200])
def test_numbers_out_of_range_are_no_cells(number: int) -> None:
    assert not is_cell(number)
