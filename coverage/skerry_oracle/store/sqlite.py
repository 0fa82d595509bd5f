"""The default database: one SQLite file, one writer thread with group commit, one reader thread.

WAL with synchronous FULL: an acknowledged report survives a power cut. Transactions that wait while another one is
being flushed share the next flush; each still takes effect or fails on its own.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from skerry_core.clock import Clock
from skerry_core.files import PRIVATE_MODE
from skerry_oracle.errors import StoreBusy, StoreFailed
from skerry_oracle.store.database import Database, Row, Statement, Value
from skerry_oracle.store.schema import MIGRATIONS, for_sqlite

__all__ = ["SqliteDatabase"]

MAX_WAITING = 20_000  # transactions; about 30 MB of reports, four seconds of work on a small machine
MAX_GROUP = 512  # transactions per flush: beyond it a flush costs more time than it shares
BUSY_TIMEOUT_MS = 5_000  # a reader of another process (backup, admin) holds locks for milliseconds


@dataclass(slots=True)
class _Job:
    statements: Sequence[Statement]
    done: "Future[list[int]]" = field(default_factory=Future)


class SqliteDatabase(Database):
    """One oracle's file. Made, opened and closed on one event loop."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._writer: threading.Thread | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._read_connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        if self._writer is not None:
            raise StoreFailed("the store is already open")
        opened: Future[None] = Future()
        self._writer = threading.Thread(
            target=self._write_loop, args=(opened,), name=f"write {self._path.name}", daemon=True
        )
        self._writer.start()
        with self._clock.hold("oracle store"):
            await asyncio.wrap_future(opened)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix=f"read {self._path.name}")

    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        if self._writer is None:
            raise StoreFailed("the store is not open")
        job = _Job(statements)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise StoreBusy(f"{MAX_WAITING} transactions are waiting") from None
        with self._clock.hold("oracle store"):
            # Shielded: a cancelled caller must not leave a result that the writer thread cannot deliver.
            return await asyncio.shield(asyncio.wrap_future(job.done))

    async def fetch(self, sql: str, *parameters: Value) -> list[Row]:
        if self._reader is None:
            raise StoreFailed("the store is not open")
        with self._clock.hold("oracle store"):
            return await asyncio.get_running_loop().run_in_executor(self._reader, self._read, sql, parameters)

    async def close(self) -> None:
        if self._writer is None or self._reader is None:
            return
        writer, self._writer = self._writer, None
        reader, self._reader = self._reader, None
        loop = asyncio.get_running_loop()
        with self._clock.hold("oracle store"):
            await loop.run_in_executor(reader, self._close_reader)
            await loop.run_in_executor(reader, self._jobs.put, None)
            await loop.run_in_executor(reader, writer.join)
        reader.shutdown()

    def _read(self, sql: str, parameters: tuple[Value, ...]) -> list[Row]:
        try:
            if self._read_connection is None:
                self._read_connection = _connect(self._path)
                self._read_connection.execute("PRAGMA query_only = 1")
            return self._read_connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreFailed(str(error)) from error

    def _close_reader(self) -> None:
        if self._read_connection is not None:
            self._read_connection.close()
            self._read_connection = None

    def _write_loop(self, opened: "Future[None]") -> None:
        try:
            connection = _connect(self._path)
        except (sqlite3.Error, OSError) as error:
            opened.set_exception(StoreFailed(f"{self._path.name}: {error}"))
            return
        with closing(connection):
            try:
                _migrate(connection)
            except sqlite3.Error as error:
                opened.set_exception(StoreFailed(f"{self._path.name}: {error}"))
                return
            opened.set_result(None)
            while (first := self._jobs.get()) is not None:
                group, ended = self._take_group(first)
                _commit_group(connection, group)
                if ended:
                    break

    def _take_group(self, first: _Job) -> tuple[list[_Job], bool]:
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
            if job is None:
                return group, True
            group.append(job)
        return group, False


def _connect(path: Path) -> sqlite3.Connection:
    # Private from the first byte: the file holds the next interval's entropy and devices' session keys.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
    done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    for name, statements in MIGRATIONS:
        if name in done:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            for sql in statements:
                connection.execute(for_sqlite(sql))
            connection.execute("INSERT INTO migrations VALUES (?)", (name,))
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _commit_group(connection: sqlite3.Connection, group: list[_Job]) -> None:
    answers: list[Callable[[], None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for job in group:
            answers.append(_run_job(connection, job))
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        failure = StoreFailed(str(error))
        answers = [_failing(job, failure) for job in group]
    for answer in answers:
        answer()


def _run_job(connection: sqlite3.Connection, job: _Job) -> Callable[[], None]:
    """Run one transaction inside the group; return what to do once the group is on disk."""
    connection.execute("SAVEPOINT job")
    try:
        counts = [_run(connection, statement) for statement in job.statements]
    except (sqlite3.Error, OverflowError, ValueError) as error:
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return _failing(job, StoreFailed(str(error)))
    connection.execute("RELEASE job")
    return lambda: job.done.set_result(counts)


def _run(connection: sqlite3.Connection, statement: Statement) -> int:
    if len(statement.rows) == 1:
        return connection.execute(statement.sql, statement.rows[0]).rowcount
    connection.executemany(statement.sql, statement.rows)
    return len(statement.rows)


def _failing(job: _Job, failure: StoreFailed) -> Callable[[], None]:
    return lambda: job.done.set_exception(failure)
