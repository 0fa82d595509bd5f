"""Reads a profile's TOML text member by member, so that every error names its setting and line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from skerry_coverage.profile.errors import ProfileRejected

__all__ = ["Document", "Section", "Step"]

Step = str | int
_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([\w\-]+)\s*=")
_TOML_LINE = re.compile(r"at line (\d+)")


class Document:
    """The text of a profile and where it came from."""

    def __init__(self, *, source: str, text: str | None, content: Mapping[str, Any]) -> None:
        self.source = source
        self.content = content
        self._text = text

    @classmethod
    def parse(cls, text: str, source: str) -> "Document":
        """Parse TOML. Raises `ProfileRejected` with the parser's line."""
        try:
            content = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found = _TOML_LINE.search(str(error))
            line = int(found[1]) if found else None
            raise ProfileRejected(source=source, line=line, setting="", problem=f"not TOML: {error}") from None
        return cls(source=source, text=text, content=content)

    def root(self) -> "Section":
        """The outermost table."""
        return Section(self, (), self.content)

    def refuse(self, path: tuple[Step, ...], problem: str) -> ProfileRejected:
        """Return the error for a setting."""
        return ProfileRejected(source=self.source, line=self.line_of(path), setting=_dotted(path), problem=problem)

    def line_of(self, path: tuple[Step, ...]) -> int | None:
        """Return the 1-based line on which a setting, or the table it belongs in, stands."""
        if self._text is None:
            return None
        nearest: int | None = None
        for number, stands in _lines(self._text):
            if stands == path:
                return number
            if path[: len(stands)] == stands:
                nearest = number
        return nearest


class Section:
    """One table of a profile; members are taken one by one, what is left over at the end is an error."""

    def __init__(self, document: Document, path: tuple[Step, ...], content: Mapping[str, Any]) -> None:
        self._document = document
        self._path = path
        self._left = dict(content)

    def refuse(self, name: str, problem: str) -> ProfileRejected:
        """Return the error for one of the members."""
        return self._document.refuse((*self._path, name), problem)

    def has(self, name: str) -> bool:
        """Say whether a member is there and not yet taken."""
        return name in self._left

    def integer(self, name: str, *, low: int, high: int) -> int:
        """Take an integer inside bounds."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.refuse(name, f"expected an integer from {low} to {high}, got {value!r}")
        return value

    def boolean(self, name: str) -> bool:
        """Take true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise self.refuse(name, f"expected true or false, got {value!r}")
        return value

    def text(self, name: str, *, choices: tuple[str, ...] | None = None) -> str:
        """Take text, one of `choices` where these are given."""
        value = self._take(name)
        if not isinstance(value, str) or not value or (choices is not None and value not in choices):
            wanted = f"one of {', '.join(choices)}" if choices else "text"
            raise self.refuse(name, f"expected {wanted}, got {value!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Take a list of texts."""
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refuse(name, f"expected a list of texts, got {value!r}")
        return tuple(value)

    def section(self, name: str) -> "Section":
        """Take a table."""
        value = self._take(name)
        if not isinstance(value, dict):
            raise self.refuse(name, f"expected a table, got {value!r}")
        return Section(self._document, (*self._path, name), value)

    def sections(self, name: str) -> list["Section"]:
        """Take a list of tables, empty when it is missing."""
        value = self._left.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.refuse(name, f"expected tables [[{name}]], got {value!r}")
        return [Section(self._document, (*self._path, name, index), one) for index, one in enumerate(value)]

    def named_sections(self) -> Iterator[tuple[str, "Section"]]:
        """Take every member as a table."""
        for name in list(self._left):
            yield name, self.section(name)

    def finish(self) -> None:
        """Raise `ProfileRejected` when a member was not taken."""
        for name in self._left:
            raise self.refuse(name, "unknown setting")

    def _take(self, name: str) -> Any:
        if name not in self._left:
            raise self.refuse(name, "missing")
        return self._left.pop(name)


def _lines(text: str) -> Iterator[tuple[int, tuple[Step, ...]]]:
    """Yield line numbers of table heads and members with their paths."""
    table: tuple[Step, ...] = ()
    counts: dict[tuple[Step, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            path = _through_lists(tuple(head[2].split(".")), counts)
            if head[1] == "[[":
                counts[path] = counts.get(path, -1) + 1
                path = (*path, counts[path])
            table = path
            yield number, table
        elif member := _KEY.match(line):
            yield number, (*table, member[1])


def _through_lists(names: tuple[str, ...], counts: Mapping[tuple[Step, ...], int]) -> tuple[Step, ...]:
    """Return the path of a table head: names below a list of tables belong to its latest element."""
    path: tuple[Step, ...] = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if position < len(names) - 1 and path in counts:
            path = (*path, counts[path])
    return path


def _dotted(path: tuple[Step, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
