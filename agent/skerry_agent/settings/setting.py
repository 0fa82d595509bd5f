"""What one setting is: key, type, default, one sentence, and how a value is checked. Used by the table of settings."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Setting", "ValueRejected", "choice", "flag", "integer", "text", "texts"]

V = TypeVar("V")


class ValueRejected(ValueError):
    """A value does not fit its setting; the text says what is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[V]):
    """One setting. `check` takes a TOML value, `parse` takes text from a flag or the environment."""

    key: str
    type_name: str
    default: V
    doc: str
    check: Callable[[Any], V]
    parse: Callable[[str], V]

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return "SKERRY_" + self.key.upper().replace(".", "_")


def text(key: str, default: str, doc: str) -> Setting[str]:
    """Declare a text setting; the empty text means "not set"."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or "\x00" in value:
            raise ValueRejected("text in quotes")
        return value

    return Setting(key=key, type_name="text", default=default, doc=doc, check=check, parse=check)


def choice(key: str, default: str, options: tuple[str, ...], doc: str) -> Setting[str]:
    """Declare a setting with a closed list of words."""
    expected = "one of " + ", ".join(option or '""' for option in options)

    def check(value: Any) -> str:
        if value not in options:
            raise ValueRejected(expected)
        return str(value)

    return Setting(key=key, type_name=expected, default=default, doc=doc, check=check, parse=check)


def integer(key: str, default: int, doc: str, *, low: int, high: int) -> Setting[int]:
    """Declare a whole number within limits (both included)."""
    expected = f"a whole number from {low} to {high}"

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueRejected(expected)
        return value

    def parse(raw: str) -> int:
        try:
            return check(int(raw, 10))
        except ValueError:
            raise ValueRejected(expected) from None

    return Setting(key=key, type_name=expected, default=default, doc=doc, check=check, parse=parse)


def flag(key: str, default: bool, doc: str) -> Setting[bool]:
    """Declare a setting that is true or false."""
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}

    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueRejected("true or false")
        return value

    def parse(raw: str) -> bool:
        if raw.lower() not in words:
            raise ValueRejected("true or false")
        return words[raw.lower()]

    return Setting(key=key, type_name="true or false", default=default, doc=doc, check=check, parse=parse)


def texts(key: str, default: tuple[str, ...], doc: str) -> Setting[tuple[str, ...]]:
    """Declare a list of texts; in a flag or the environment they are separated by commas, or stand in a JSON list."""

    def check(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise ValueRejected("a list of texts")
        return tuple(value)

    def parse(raw: str) -> tuple[str, ...]:
        if raw.lstrip().startswith("["):  # a device's option may hold commas itself
            try:
                return check(json.loads(raw))
            except json.JSONDecodeError:
                raise ValueRejected('a JSON list of texts, such as ["a", "b"]') from None
        return tuple(item.strip() for item in raw.split(",") if item.strip())

    return Setting(key=key, type_name="list of texts", default=default, doc=doc, check=check, parse=parse)
