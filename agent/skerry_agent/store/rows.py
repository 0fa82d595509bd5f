"""Typed rows: a frozen dataclass is a table row, with enums, JSON and unsigned 64-bit integers stored safely.

Used by the repositories.
"""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, cast, get_type_hints

import sqlite_utils

from skerry_core.errors import UsageError

__all__ = ["U64", "JsonObject", "JsonTexts", "Page", "encode", "fetch", "fetch_one", "fetch_page"]

MAX_PAGE = 500  # rows; documented in the OpenAPI document

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Column:
    """How a value is stored when SQLite has no type for it."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_AS_JSON = _Column(lambda value: json.dumps(value, sort_keys=True), json.loads)
JsonObject = Annotated[dict[str, Any], _AS_JSON]
JsonTexts = Annotated[list[str], _AS_JSON]
U64 = Annotated[int, _Column(str, int)]  # may exceed SQLite's signed 64-bit integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Rows newest first; `next_cursor` None means that there are no older ones."""

    rows: tuple[R, ...]
    next_cursor: str | None


def encode(row: object) -> dict[str, Any]:
    """Return the column values of a row."""
    return {
        name: None if (value := getattr(row, name)) is None else column.encode(value)
        for name, column in _columns(cast(Hashable, type(row)))
    }


def fetch(db: sqlite_utils.Database, kind: type[R], sql: str, parameters: Sequence[Any] = ()) -> list[R]:
    """Run a query that returns every column of `kind`."""
    cursor = db.conn.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description]
    special = _decoders(cast(Hashable, kind))
    found = []
    for values in cursor:  # the API's hottest loop: most columns are stored as they are and cost nothing
        row = dict(zip(names, values, strict=True))
        for name, decode in special:
            if row[name] is not None:
                row[name] = decode(row[name])
        found.append(kind(**row))
    return found


def fetch_one(db: sqlite_utils.Database, kind: type[R], sql: str, parameters: Sequence[Any] = ()) -> R | None:
    """Return the first row of a query, None when there is none."""
    found = fetch(db, kind, sql, parameters)
    return found[0] if found else None


def fetch_page(
    db: sqlite_utils.Database,
    kind: type[R],
    table: str,
    *,
    order: str,
    cursor: str | None = None,
    limit: int = 50,
    where: Mapping[str, Any] | None = None,
) -> Page[R]:
    """Return one page of a table by falling (`order`, id); columns in `where` must equal the values.

    Table and column names come from our own code only. Raises `UsageError` E_CURSOR for a cursor that is not ours.
    """
    conditions = [f"{column} = ?" for column in (where or {})]
    parameters = list((where or {}).values())
    if cursor is not None:
        conditions.append(f"({order}, id) < (?, ?)")
        parameters += _read_cursor(cursor)
    clause = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"SELECT * FROM {table}{clause} ORDER BY {order} DESC, id DESC LIMIT ?"  # noqa: S608 - names are ours
    limit = max(1, min(limit, MAX_PAGE))
    rows = fetch(db, kind, sql, [*parameters, limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    last: Any = rows[-1] if rows else None
    return Page(rows=tuple(rows), next_cursor=_write_cursor(getattr(last, order), last.id) if more else None)


@cache
def _columns(kind: Hashable) -> tuple[tuple[str, _Column], ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple((item.name, _column(hints[item.name])) for item in fields(cast(Any, kind)))


@cache
def _decoders(kind: Hashable) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """Return the columns whose stored form is another one, with what turns it back."""
    return tuple((name, column.decode) for name, column in _columns(kind) if column.decode is not _same)


def _column(hint: Any) -> _Column:
    for note in getattr(hint, "__metadata__", ()):
        if isinstance(note, _Column):
            return note
    members = [member for member in getattr(hint, "__args__", ()) if member is not type(None)]
    plain = members[0] if isinstance(hint, UnionType) and len(members) == 1 else hint
    if isinstance(plain, type) and issubclass(plain, Enum):
        return _Column(lambda value: value.value, plain)
    return _Column(int, bool) if plain is bool else _Column(_same, _same)


def _same(value: Any) -> Any:
    return value


def _write_cursor(order: int, row_id: str) -> str:
    return f"{order}~{row_id}"


def _read_cursor(text: str) -> tuple[int, str]:
    order, separator, row_id = text.partition("~")
    if not (order.isascii() and order.isdecimal() and len(order) <= 19 and separator and row_id):
        raise UsageError(
            "E_CURSOR", "The cursor is not one that this agent gave out.", remedy="Start again without a cursor."
        )
    return min(int(order), (1 << 63) - 1), row_id
