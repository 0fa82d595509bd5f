"""Values from D-Bus taken only as what they should be, whatever type stands there. For `modem_manager_values`."""

from collections.abc import Callable, Mapping

__all__ = ["measured", "number", "table", "text"]

MOST = 2**32 - 1
NO_SIGNAL = 1e6  # far beyond any level; ModemManager's "unknown" is the lowest float there is


def text(value: object) -> str:
    """Return a text without blanks around it, "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


def number(value: object, *, low: int = 0, high: int = MOST) -> int | None:
    """Return a whole number within [low, high]."""
    return value if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high else None


def table(value: object) -> Mapping[object, object]:
    """Return a table, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def measured(value: object, read: Callable[[str], int | None]) -> int | None:
    """Return a level as a whole number, within the limits that `read` sets for replies to AT commands too."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -NO_SIGNAL < value < NO_SIGNAL:
        return None
    return read(str(round(value)))
