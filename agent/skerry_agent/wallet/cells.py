"""Locations as owners type them and as Helium's programs store them."""

from skerry_core.cells import cell_number, resolution
from skerry_core.errors import UsageError

__all__ = ["location_cell"]


def location_cell(text: str) -> int:
    """Return an H3 cell of resolution 12 as the number that the program stores. Raises `UsageError` E_LOCATION."""
    cell = cell_number(text.lower())
    if cell is None or resolution(cell) != 12:
        raise UsageError(
            "E_LOCATION", f"{text[:40]!r} is no H3 cell of resolution 12.", remedy="Write it as 8c19288866017ff."
        )
    return cell
