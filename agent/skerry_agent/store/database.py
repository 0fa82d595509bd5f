"""One SQLite file: a writer thread that commits neighbouring jobs together, and short readers beside it.

Used by every repository and by the evidence log. A job is a plain function of a `sqlite_utils.Database`; it must not
commit, roll back or keep the connection.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import sqlite_utils
from sqlite_utils.migrations import Migrations

from skerry_agent.store.errors import StoreClosed, StoreCorrupt, StoreUnavailable, corrupt, store_error
from skerry_core.clock import Clock
from skerry_core.files import PRIVATE_MODE

__all__ = ["Database", "Synchronous"]

MAX_QUEUED = 4096  # jobs; a full disk must not turn into a full memory
MAX_GROUP = 256  # jobs in one commit (performance 4.1): beyond it the first caller waits longer than a sync saves
BUSY_TIMEOUT_MS = 5000  # a backup tool may hold the file for a moment
READERS = 2  # short reads only; more threads cost memory and gain nothing on a Pi

T = TypeVar("T")
Job = Callable[[sqlite_utils.Database], T]
_log = logging.getLogger(__name__)


class Synchronous(Enum):
    """When SQLite waits for the disk: FULL survives a power cut, NORMAL may lose the last commits to one."""

    FULL = 2
    NORMAL = 1


@dataclass(frozen=True, slots=True)
class _Queued:
    fn: Job[Any]
    future: "asyncio.Future[Any]"


class Database:
    """An open file; make it with `open`, end it with `close`."""

    def __init__(self, path: Path, *, clock: Clock, synchronous: Synchronous) -> None:
        self.path = path
        self.rebuilt = False  # True when a damaged file was set aside at this start
        self.problem: StoreUnavailable | None = None  # why the latest change could not be stored; None when it could
        self._clock = clock
        self._synchronous = synchronous
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(MAX_QUEUED)
        self._jobs: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_loop, name=f"{path.name}: writer", daemon=True)
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix=f"{path.name}: reader")
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        migrations: Sequence[Migrations],
        synchronous: Synchronous = Synchronous.FULL,
        rebuild_if_corrupt: bool = False,
    ) -> "Database":
        """Open or create the file, check it and bring it up to date.

        Raises `StoreCorrupt` (damaged, or written by a newer program) and `StoreUnavailable`.
        """
        database = cls(path, clock=clock, synchronous=synchronous)
        database._connection = await asyncio.to_thread(database._prepare, migrations, rebuild_if_corrupt)
        database._writer.start()
        return database

    async def write(self, fn: Job[T]) -> T:
        """Run `fn` in the writer thread; return its result once it is durable.

        An exception of `fn` undoes that job alone and is raised here. When the caller is cancelled the job may
        still be done.
        """
        with self._clock.hold("db"):
            async with self._slots:
                if self._closed:
                    raise StoreClosed(self.path.name)
                future: asyncio.Future[T] = self._loop.create_future()
                self._jobs.put(_Queued(fn, future))
                return await future

    async def read(self, fn: Job[T]) -> T:
        """Run `fn` on a read-only connection that sees one consistent state of the file."""
        if self._closed:
            raise StoreClosed(self.path.name)
        with self._clock.hold("db"):
            return await self._loop.run_in_executor(self._pool, self._read, fn)

    async def backup(self, target: Path) -> None:
        """Write a complete copy to `target` while the agent goes on. Raises `StoreUnavailable`."""

        def copy(db: sqlite_utils.Database) -> None:
            with closing(sqlite3.connect(target)) as destination:
                db.conn.backup(destination)

        if self._closed:
            raise StoreClosed(self.path.name)
        await self._loop.run_in_executor(self._pool, self._read, copy, False)

    async def close(self) -> None:
        """Finish every queued job, then free the threads and the file; harmless when repeated."""
        if self._closed:
            return
        self._closed = True
        with self._clock.hold("db"):
            self._jobs.put(None)
            await asyncio.to_thread(self._writer.join)
            await asyncio.to_thread(self._pool.shutdown)
        for connection in self._read_connections:
            connection.close()
        assert self._connection is not None
        self._connection.close()

    def _prepare(self, migrations: Sequence[Migrations], rebuild_if_corrupt: bool) -> sqlite3.Connection:
        try:
            return self._open_checked(migrations)
        except StoreCorrupt as error:
            if not rebuild_if_corrupt or error.code != "E_DB_CORRUPT":
                raise
            aside = self._set_aside()
            _log.error("%s was damaged and starts empty; the old file is kept as %s", self.path.name, aside.name)
            self.rebuilt = True
            return self._open_checked(migrations)

    def _open_checked(self, migrations: Sequence[Migrations]) -> sqlite3.Connection:
        connection = None
        try:
            self.path.touch(mode=PRIVATE_MODE)  # SQLite gives its side files the mode of the file
            connection = self._connect()
            connection.execute("PRAGMA journal_mode=WAL")
            findings = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if findings != "ok":
                raise corrupt(self.path, str(findings))
            db = _wrap(connection)
            for migration_set in migrations:
                _refuse_newer(self.path, db, migration_set)
                migration_set.apply(db)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            raise store_error(self.path, error) or error from error
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        # The connection moves between threads, but never two at a time: opened in one, used by the writer, closed last.
        connection = sqlite3.connect(self.path, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
        connection.execute(f"PRAGMA synchronous={self._synchronous.value}")
        connection.execute("PRAGMA foreign_keys=ON")
        return connection

    def _set_aside(self) -> Path:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return aside

    def _read(self, fn: Job[T], transaction: bool = True) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._local.connection = self._connect()
                connection.execute("PRAGMA query_only=ON")
                self._read_connections.append(connection)
            if transaction:
                connection.execute("BEGIN")
            try:
                return fn(_wrap(connection))
            finally:
                if connection.in_transaction:
                    connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise store_error(self.path, error) or error from error

    def _write_loop(self) -> None:
        assert self._connection is not None
        db = _wrap(self._connection)
        ending = False
        while not ending:
            group: list[_Queued] = []
            item = self._jobs.get()
            while item is not None:
                group.append(item)
                if len(group) == MAX_GROUP or self._jobs.empty():
                    break
                item = self._jobs.get()
            ending = item is None
            if group:
                outcomes = self._run_group(db, group)
                self._loop.call_soon_threadsafe(_deliver, group, outcomes)

    def _run_group(self, db: sqlite_utils.Database, group: list[_Queued]) -> list[Any]:
        outcomes: list[Any] = []
        changes = db.conn.total_changes
        try:
            with db.atomic():
                for item in group:
                    outcomes.append(_run_one(db, item.fn))
                    if not db.conn.in_transaction:  # a full disk makes SQLite drop the whole transaction
                        failed = outcomes[-1]
                        raise (
                            failed.error if isinstance(failed, _Failed) else StoreClosed("a job ended the transaction")
                        )
        except Exception as error:  # noqa: BLE001 - edge of the writer: every waiting caller is told, the thread lives on
            return [_Failed(self._failure(error))] * len(group)
        if db.conn.total_changes > changes:  # a commit without changes writes nothing and proves nothing
            self.problem = None
        return [_Failed(self._failure(out.error)) if isinstance(out, _Failed) else out for out in outcomes]

    def _failure(self, error: BaseException) -> BaseException:
        failure = (store_error(self.path, error) or error) if isinstance(error, sqlite3.Error) else error
        if isinstance(failure, StoreUnavailable):
            self.problem = failure
        return failure


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


def _wrap(connection: sqlite3.Connection) -> sqlite_utils.Database:
    return sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False)


def _run_one(db: sqlite_utils.Database, fn: Job[Any]) -> Any:
    try:
        with db.atomic():  # a savepoint inside the group's transaction
            result = fn(db)
            if isinstance(result, sqlite3.Cursor):  # freed on the loop's thread it would disturb the next statement
                result.close()
                return None
            return result
    except Exception as error:  # noqa: BLE001 - handed to the caller of write()
        return _Failed(error)


def _deliver(group: list[_Queued], outcomes: list[Any]) -> None:
    for item, outcome in zip(group, outcomes, strict=True):
        if item.future.done():  # its caller was cancelled
            continue
        if isinstance(outcome, _Failed):
            item.future.set_exception(outcome.error)
        else:
            item.future.set_result(outcome)


def _refuse_newer(path: Path, db: sqlite_utils.Database, migrations: Migrations) -> None:
    known = {migration.name for migration in migrations._migrations}
    unknown = [applied.name for applied in migrations.applied(db) if applied.name not in known]
    if unknown:
        raise StoreCorrupt(
            "E_DB_NEWER",
            f"{path.name} was written by a newer version of this program (step {unknown[0]}).",
            remedy="Install the newer version again, or restore a backup made by this one.",
            params={"file": path.name, "step": unknown[0]},
        )
