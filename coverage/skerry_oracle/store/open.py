"""Chooses the database: a PostgreSQL URL or the path of a SQLite file."""

from pathlib import Path

from skerry_core.clock import Clock
from skerry_oracle.store.database import Database
from skerry_oracle.store.sqlite import SqliteDatabase

__all__ = ["make_database"]


def make_database(place: str | Path, *, clock: Clock) -> Database:
    """Return the database at `postgresql://...` or at a file path; it is not open yet."""
    if isinstance(place, str) and place.startswith(("postgresql://", "postgres://")):
        from skerry_oracle.store.postgres import PostgresDatabase

        return PostgresDatabase(place, clock=clock)
    return SqliteDatabase(Path(place), clock=clock)
