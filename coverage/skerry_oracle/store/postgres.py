"""The database for operators who run PostgreSQL: a small asyncpg pool, the same SQL with numbered placeholders."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from skerry_core.clock import Clock, io_timeout
from skerry_oracle.errors import StoreFailed
from skerry_oracle.store.database import Database, Row, Statement, Value
from skerry_oracle.store.schema import MIGRATIONS, for_postgres

if TYPE_CHECKING:
    import asyncpg  # type: ignore[import-untyped]

__all__ = ["PostgresDatabase"]

POOL_SIZE = 8
TRANSACTION_TIMEOUT_S = 30.0  # a batch of verdicts takes well under a second; longer means a lost server
MIGRATION_LOCK = 0x534B4552  # "SKER": two oracles that start together migrate one after the other


class PostgresDatabase(Database):
    """One oracle's schema in a PostgreSQL database; `dsn` names it (and may hold a password: it is never logged)."""

    def __init__(self, dsn: str, *, clock: Clock) -> None:
        self._dsn = dsn
        self._clock = clock
        self._pool: asyncpg.Pool[Any] | None = None

    async def open(self) -> None:
        import asyncpg

        try:
            with self._clock.hold("oracle store"):
                async with io_timeout(TRANSACTION_TIMEOUT_S):
                    pool = await asyncpg.create_pool(self._dsn, min_size=1, max_size=POOL_SIZE)
                    async with pool.acquire() as connection, connection.transaction():
                        await _migrate(connection)
        except (asyncpg.PostgresError, OSError, TimeoutError, ValueError) as error:
            raise StoreFailed(f"PostgreSQL cannot be used: {error}") from None
        self._pool = pool

    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        import asyncpg

        with self._clock.hold("oracle store"):
            try:
                async with (
                    io_timeout(TRANSACTION_TIMEOUT_S),
                    self._opened().acquire() as connection,
                    connection.transaction(),
                ):
                    return [await _run(connection, statement) for statement in statements]
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                raise StoreFailed(f"{type(error).__name__}: {error}") from error

    async def fetch(self, sql: str, *parameters: Value) -> list[Row]:
        import asyncpg

        with self._clock.hold("oracle store"):
            try:
                async with io_timeout(TRANSACTION_TIMEOUT_S):
                    rows = await self._opened().fetch(_numbered(sql), *parameters)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                raise StoreFailed(f"{type(error).__name__}: {error}") from error
        return [tuple(row) for row in rows]

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            with self._clock.hold("oracle store"):
                await pool.close()

    def _opened(self) -> "asyncpg.Pool[Any]":
        if self._pool is None:
            raise StoreFailed("the store is not open")
        return self._pool


@cache
def _numbered(sql: str) -> str:
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql)


async def _run(connection: Any, statement: Statement) -> int:
    sql = _numbered(statement.sql)
    if len(statement.rows) == 1:
        status = await connection.execute(sql, *statement.rows[0])
        count = status.rpartition(" ")[2]  # "INSERT 0 1", "UPDATE 3", but "CREATE TABLE"
        return int(count) if count.isdecimal() else 0
    await connection.executemany(sql, statement.rows)
    return len(statement.rows)


async def _migrate(connection: Any) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
    await connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    done = {row["name"] for row in await connection.fetch("SELECT name FROM migrations")}
    for name, statements in MIGRATIONS:
        if name in done:
            continue
        for sql in statements:
            await connection.execute(for_postgres(sql))
        await connection.execute("INSERT INTO migrations VALUES ($1)", name)
