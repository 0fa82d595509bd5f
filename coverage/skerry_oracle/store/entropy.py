"""The log of entropy values: drawn, committed, published."""

from dataclasses import dataclass

from skerry_oracle.store.database import Database, Row, Statement

__all__ = ["EntropyRow", "EntropyTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntropyRow:
    """One value. `timestamp_s` is the start of its interval; `published_ms` None while only its commitment is known.

    `raw` is the source's bytes (32 random bytes, or the blockhash in the upstream formula).
    """

    timestamp_s: int
    raw: bytes
    data: bytes
    version: int
    commitment: bytes
    committed_ms: int
    published_ms: int | None


class EntropyTable:
    """Every value ever drawn, published or not: gaps and skipped commitments stay visible."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, row: EntropyRow) -> Statement:
        """Store a drawn value; changes no row when its interval already has one."""
        values = tuple(getattr(row, name) for name in EntropyRow.__slots__)
        return Statement("INSERT INTO entropy VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (values,))

    def publish(self, timestamp_s: int, *, published_ms: int) -> Statement:
        """Mark a value as published."""
        return Statement(
            "UPDATE entropy SET published_ms = ? WHERE timestamp_s = ? AND published_ms IS NULL",
            ((published_ms, timestamp_s),),
        )

    async def at(self, timestamp_s: int) -> EntropyRow | None:
        """Return the value of an interval."""
        return _one(await self._database.fetch("SELECT * FROM entropy WHERE timestamp_s = ?", timestamp_s))

    async def by_data(self, data: bytes) -> EntropyRow | None:
        """Return the published value with these bytes."""
        sql = "SELECT * FROM entropy WHERE data = ? AND published_ms IS NOT NULL"
        return _one(await self._database.fetch(sql, data))

    async def published(self, *, since_s: int, limit: int) -> list[EntropyRow]:
        """Return published values from `since_s` on, oldest first."""
        rows = await self._database.fetch(
            "SELECT * FROM entropy WHERE timestamp_s >= ? AND published_ms IS NOT NULL ORDER BY timestamp_s LIMIT ?",
            since_s, limit,
        )  # fmt: skip
        return [_row(row) for row in rows]


def _one(rows: list[Row]) -> EntropyRow | None:
    return _row(rows[0]) if rows else None


def _row(row: Row) -> EntropyRow:
    return EntropyRow(**dict(zip(EntropyRow.__slots__, row, strict=True)))  # type: ignore[arg-type]
