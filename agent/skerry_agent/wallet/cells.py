"""Locations as owners type them and as Helium's programs store them."""

from skerry_core.errors import UsageError

__all__ = ["location_cell"]


def location_cell(text: str) -> int:
    """Return an H3 cell of resolution 12 as the number that the program stores. Raises `UsageError` E_LOCATION."""
    import h3.api.basic_str as h3

    if not h3.is_valid_cell(text) or h3.get_resolution(text) != 12:
        raise UsageError(
            "E_LOCATION", f"{text[:40]!r} is no H3 cell of resolution 12.", remedy="Write it as 8c19288866017ff."
        )
    return int(text, 16)
