"""Turns rows and view objects into the API's JSON: times as RFC 3339, bytes as hex, amounts as decimal text.

Amounts are text because JavaScript and others lose integers above 2^53.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, cast

from skerry_core.clock import NS_PER_MS

__all__ = ["present", "rfc3339"]


def rfc3339(wall_ns: int) -> str:
    """Return Unix nanoseconds as RFC 3339 UTC text with milliseconds."""
    seconds, milliseconds = divmod(wall_ns // NS_PER_MS, 1000)
    return f"{datetime.fromtimestamp(seconds, tz=UTC).isoformat()[:19]}.{milliseconds:03}Z"


def present(value: Any, *, without: tuple[str, ...] = ()) -> Any:
    """Return the JSON form; names in `without` are left out of the outermost object."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if is_dataclass(kind):
        return {
            name: getattr(value, attribute) if convert is None else convert(getattr(value, attribute))
            for attribute, name, convert in _members(kind)
            if attribute not in without
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): present(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [present(member) for member in value]
    return value


_AS_IT_IS = (str, int, float, bool, str | None, int | None, float | None, bool | None)
_PLAIN = frozenset({str, int, float, bool, type(None)})


@cache
def _members(kind: Hashable) -> tuple[tuple[str, str, Callable[[Any], Any] | None], ...]:
    return tuple(_member(item.name, item.type) for item in fields(cast(Any, kind)))


def _member(name: str, hint: object) -> tuple[str, str, Callable[[Any], Any] | None]:
    """Return a member's name here and in JSON, and its conversion, None for a value that is JSON as it is."""
    if name.endswith("_ns"):
        return name, name.removesuffix("_ns"), _time
    if name == "amount":
        return name, name, lambda amount: None if amount is None else str(amount)
    if hint in _AS_IT_IS:
        return name, name.rstrip("_"), None
    if "bytes" in str(hint):
        return name, f"{name}_hex", bytes.hex
    return name, name.rstrip("_"), present


def _time(wall_ns: int | None) -> str | None:
    return None if wall_ns is None else rfc3339(wall_ns)
