"""Turns rows and view objects into the API's JSON: times as RFC 3339, bytes as hex, amounts as decimal text.

Amounts are text because JavaScript and others lose integers above 2^53.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from skerry_core.clock import NS_PER_MS

__all__ = ["present", "rfc3339"]


def rfc3339(wall_ns: int) -> str:
    """Return Unix nanoseconds as RFC 3339 UTC text with milliseconds."""
    seconds, milliseconds = divmod(wall_ns // NS_PER_MS, 1000)
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"


def present(value: Any, *, without: tuple[str, ...] = ()) -> Any:
    """Return the JSON form; names in `without` are left out of the outermost object."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return dict(_member(item.name, getattr(value, item.name)) for item in fields(value) if item.name not in without)
    if isinstance(value, Mapping):
        return {str(name): present(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [present(member) for member in value]
    return value


def _member(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_ns"):
        return name.removesuffix("_ns"), None if value is None else rfc3339(value)
    if isinstance(value, bytes):
        return f"{name}_hex", value.hex()
    if name == "amount":
        return name, None if value is None else str(value)
    return name.rstrip("_"), present(value)
