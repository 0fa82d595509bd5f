"""SQLite as the ledger and the payment store see it: actions that run inside one transaction each.

The agent hands in its own writer of skerry.db; `SqliteFile` is the stand-alone form for commands and tests.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from skerry_core.clock import Clock

__all__ = ["Database", "SqliteFile", "without_cursor"]

_T = TypeVar("_T")


class Database(ABC):
    """Runs actions off the event loop while simulated time stands still.

    A `write` is durable when it returns, and undone when the action raises. An action's cursor stays with it: it is
    closed, because freed on another thread it would disturb a statement that runs there.
    """

    @abstractmethod
    async def write(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an action inside a transaction of its own."""

    @abstractmethod
    async def read(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run an action that changes nothing."""


class SqliteFile(Database):
    """One database file with one thread; close it after use."""

    def __init__(self, path: Path, schema: Sequence[str], *, clock: Clock) -> None:
        """`schema` holds `CREATE ... IF NOT EXISTS` statements."""
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite {path.name}")
        self._connection = self._thread.submit(_connect, path, schema).result()

    async def write(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._run(lambda: _in_transaction(self._connection, action))

    async def read(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._run(lambda: action(self._connection))

    def close(self) -> None:
        """Finish what runs and free the file."""
        self._thread.submit(self._connection.close).result()
        self._thread.shutdown()

    async def _run(self, work: Callable[[], _T]) -> _T:
        with self._clock.hold("wallet: sqlite"):
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: without_cursor(work()))


def without_cursor(result: _T) -> _T:
    """Return a result that may leave its thread: a cursor is closed and becomes None."""
    if isinstance(result, sqlite3.Cursor):
        result.close()
        return None  # type: ignore[return-value]  # whoever hands out a cursor wants nothing back
    return result


def _connect(path: Path, schema: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 5000")
    for statement in schema:
        connection.execute(statement)
    return connection


def _in_transaction(connection: sqlite3.Connection, action: Callable[[sqlite3.Connection], _T]) -> _T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = action(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result
