"""The default database: one SQLite file, one writer thread with group commit, one reader thread.

WAL with synchronous FULL: an acknowledged report survives a power cut. Transactions that wait while another one is
being flushed share the next flush; each still takes effect or fails on its own.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from itertools import groupby
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


_Outcome = list[int] | StoreFailed


@dataclass(slots=True)
class _Job:
    statements: Sequence[Statement]
    done: "asyncio.Future[list[int]]"


class SqliteDatabase(Database):
    """One oracle's file. Made, opened and closed on one event loop."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._writer: threading.Thread | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._read_connection: sqlite3.Connection | None = None
        self._undelivered = 0  # transactions whose callers do not know their outcome yet
        self._held = ExitStack()  # simulated time, as long as there are any

    async def open(self) -> None:
        if self._writer is not None:
            raise StoreFailed("the store is already open")
        opened: Future[None] = Future()
        self._writer = threading.Thread(
            target=self._write_loop,
            args=(opened, asyncio.get_running_loop()),
            name=f"write {self._path.name}",
            daemon=True,
        )
        self._writer.start()
        with self._clock.hold("oracle store"):
            await asyncio.wrap_future(opened)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix=f"read {self._path.name}")

    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        return await (await self.enqueue(statements))

    async def enqueue(self, statements: Sequence[Statement]) -> "asyncio.Future[list[int]]":
        if self._writer is None:
            raise StoreFailed("the store is not open")
        job = _Job(statements, asyncio.get_running_loop().create_future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise StoreBusy(f"{MAX_WAITING} transactions are waiting") from None
        if not self._undelivered:
            self._held.enter_context(self._clock.hold("oracle store"))
        self._undelivered += 1
        return job.done

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

    def _write_loop(self, opened: "Future[None]", loop: asyncio.AbstractEventLoop) -> None:
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
                outcomes = _commit_group(connection, group)
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self._deliver, group, outcomes)
                if ended:
                    break

    def _deliver(self, group: list[_Job], outcomes: list[_Outcome]) -> None:
        """Tell the waiting callers, on their loop; those that were cancelled meanwhile are passed over."""
        for job, outcome in zip(group, outcomes, strict=True):
            if job.done.done():
                continue
            if isinstance(outcome, StoreFailed):
                job.done.set_exception(outcome)
                job.done.exception()  # taken note of: its caller may be gone
            else:
                job.done.set_result(outcome)
        self._undelivered -= len(group)
        if not self._undelivered:
            self._held.close()

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


def _commit_group(connection: sqlite3.Connection, group: list[_Job]) -> list[_Outcome]:
    """Run the group and flush it; return each job's outcome once they are on disk."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [outcome for run in _runs(group) for outcome in _run_all(connection, run)]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [StoreFailed(str(error)) for _ in group]
    return outcomes


def _runs(group: list[_Job]) -> Iterator[list[_Job]]:
    """Split a group where the statement changes: reports come by the hundred, each a row of the same statement."""
    for is_single, jobs in groupby(group, key=_single_row_sql):
        if is_single is None:
            for job in jobs:
                yield [job]
        else:
            yield list(jobs)


def _single_row_sql(job: _Job) -> str | None:
    """Return the job's statement when it is only one, for one row."""
    if len(job.statements) != 1 or len(job.statements[0].rows) != 1:
        return None
    return job.statements[0].sql


def _run_all(connection: sqlite3.Connection, jobs: list[_Job]) -> list[_Outcome]:
    """Run transactions of one statement and row each at once; one by one if any of them fails."""
    if len(jobs) > 1:
        connection.execute("SAVEPOINT run")
        try:
            before = connection.total_changes
            connection.executemany(jobs[0].statements[0].sql, [job.statements[0].rows[0] for job in jobs])
            if connection.total_changes - before == len(jobs):  # else: which of them changed nothing?
                connection.execute("RELEASE run")
                return [[1] for _ in jobs]
        except (sqlite3.Error, OverflowError, ValueError):
            pass
        connection.execute("ROLLBACK TO run")
        connection.execute("RELEASE run")
    return [_run_job(connection, job.statements) for job in jobs]


def _run_job(connection: sqlite3.Connection, statements: Sequence[Statement]) -> _Outcome:
    """Run one transaction inside the group; a failure undoes nothing but itself."""
    if len(statements) == 1 and len(statements[0].rows) == 1:
        try:  # one statement is atomic by itself
            return [_run(connection, statements[0])]
        except (sqlite3.IntegrityError, OverflowError, ValueError) as error:
            return StoreFailed(str(error))
    connection.execute("SAVEPOINT job")
    try:
        counts = [_run(connection, statement) for statement in statements]
    except (sqlite3.Error, OverflowError, ValueError) as error:
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return StoreFailed(str(error))
    connection.execute("RELEASE job")
    return counts


def _run(connection: sqlite3.Connection, statement: Statement) -> int:
    if len(statement.rows) == 1:
        return connection.execute(statement.sql, statement.rows[0]).rowcount
    connection.executemany(statement.sql, statement.rows)
    return len(statement.rows)
