"""H3 cells out of untrusted text and numbers; the library itself raises `OverflowError` for some of what is no cell."""

import re

__all__ = ["cell_number", "is_cell", "resolution"]

_TEXT = re.compile("[0-9a-f]{15}")
_LARGEST = 1 << 64


def is_cell(number: int) -> bool:
    """Say whether a number is an H3 cell."""
    import h3.api.basic_int as h3  # heavy: loaded on use

    return 0 <= number < _LARGEST and bool(h3.is_valid_cell(number))


def cell_number(text: str) -> int | None:
    """Return the cell that fifteen lower-case hex digits name, None for what is none."""
    number = int(text, 16) if _TEXT.fullmatch(text) else 0
    return number if is_cell(number) else None


def resolution(cell: int) -> int:
    """Return a valid cell's resolution, 0 to 15."""
    import h3.api.basic_int as h3

    return int(h3.get_resolution(cell))
