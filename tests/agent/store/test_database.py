import asyncio
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import sqlite_utils
from sqlite_utils.migrations import Migrations

from skerry_agent.store.database import Database, Synchronous
from skerry_agent.store.errors import StoreClosed, StoreCorrupt, StoreUnavailable
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_simulate.clock import SimulatedClock


def words() -> Migrations:
    steps = Migrations("words")

    @steps(name="001_words")
    def _words(db: sqlite_utils.Database) -> None:
        db.conn.execute("CREATE TABLE words (word TEXT PRIMARY KEY)")

    return steps


def add(word: str) -> Callable[[sqlite_utils.Database], str]:
    def job(db: sqlite_utils.Database) -> str:
        db.table("words").insert({"word": word})
        return word

    return job


def all_words(db: sqlite_utils.Database) -> list[str]:
    return [row[0] for row in db.conn.execute("SELECT word FROM words ORDER BY word")]


@pytest_asyncio.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[words()])
    yield database
    await database.close()


async def test_a_written_row_is_read_back_and_survives_reopening(tmp_path: Path) -> None:
    for expected in (["a"], ["a", "b"]):
        database = await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[words()])
        assert await database.write(add(expected[-1])) == expected[-1]
        assert await database.read(all_words) == expected
        await database.close()


async def test_a_failing_job_undoes_itself_and_not_its_neighbours(db: Database) -> None:
    def fails(conn: sqlite_utils.Database) -> None:
        conn.table("words").insert({"word": "half done"})
        raise KeyError("no")

    results: tuple[object, ...] = await asyncio.gather(
        db.write(add("a")), db.write(fails), db.write(add("b")), db.write(add("a")), return_exceptions=True
    )
    assert results[0] == "a"
    assert isinstance(results[1], KeyError)
    assert results[2] == "b"
    assert isinstance(results[3], sqlite3.IntegrityError)
    assert await db.read(all_words) == ["a", "b"]


async def test_neighbouring_jobs_share_one_commit(db: Database) -> None:
    commits = 0
    inside = asyncio.Event()
    go_on = threading.Event()
    loop = asyncio.get_running_loop()

    def slow(conn: sqlite_utils.Database) -> None:
        def statement(sql: str) -> None:
            nonlocal commits
            commits += sql == "COMMIT"

        conn.conn.set_trace_callback(statement)
        loop.call_soon_threadsafe(inside.set)
        go_on.wait(10)

    async with asyncio.TaskGroup() as group:
        group.create_task(db.write(slow))
        await inside.wait()
        for number in range(50):
            group.create_task(db.write(add(f"{number:02}")))
        await db.read(all_words)  # lets the fifty enter the queue while the writer is busy
        go_on.set()
    assert commits == 2
    assert len(await db.read(all_words)) == 50


async def test_readers_cannot_write_and_see_one_state(db: Database) -> None:
    with pytest.raises(StoreUnavailable, match="E_DISK_READ_ONLY"):
        await db.read(add("a"))
    assert await db.read(all_words) == []


async def test_a_cancelled_writer_does_not_disturb_the_next(db: Database) -> None:
    task = asyncio.ensure_future(db.write(add("a")))
    await asyncio.shield(db.read(all_words))
    task.cancel()
    assert await db.write(add("b")) == "b"
    assert "b" in await db.read(all_words)


async def test_jobs_queued_before_closing_are_done_and_later_ones_refused(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[words()])
    waiting = [asyncio.ensure_future(database.write(add(str(number)))) for number in range(5)]
    await database.read(all_words)
    await database.close()
    await database.close()
    assert [await task for task in waiting] == ["0", "1", "2", "3", "4"]
    with pytest.raises(StoreClosed):
        await database.write(add("late"))
    with pytest.raises(StoreClosed):
        await database.read(all_words)
    with pytest.raises(StoreClosed):
        await database.backup(tmp_path / "copy.db")


async def test_a_backup_is_a_complete_database(db: Database, tmp_path: Path) -> None:
    await db.write(add("a"))
    await db.backup(tmp_path / "copy.db")
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT word FROM words").fetchall() == [("a",)]
    copy.close()


@pytest.mark.parametrize("kind", [Synchronous.FULL, Synchronous.NORMAL])
async def test_the_file_is_in_wal_mode_with_the_wanted_synchronous_level(tmp_path: Path, kind: Synchronous) -> None:
    database = await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[], synchronous=kind)
    level = await database.write(lambda db: db.conn.execute("PRAGMA synchronous").fetchone()[0])
    assert level == kind.value
    assert await database.read(lambda db: db.conn.execute("PRAGMA journal_mode").fetchone()[0]) == "wal"
    await database.close()


def damaged(path: Path) -> Path:
    path.write_bytes(b"SQLite format 3\x00" + os.urandom(8000))
    return path


async def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreCorrupt) as caught:
        await Database.open(damaged(tmp_path / "t.db"), clock=SystemClock(), migrations=[words()])
    assert caught.value.code == "E_DB_CORRUPT"
    assert "restore" in caught.value.remedy


async def test_a_page_that_went_bad_inside_is_found_at_start(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    database = await Database.open(path, clock=SystemClock(), migrations=[words()])
    await asyncio.gather(*(database.write(add(f"{number:0200}")) for number in range(400)))
    await database.close()
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = os.urandom(4096)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="E_DB_CORRUPT"):
        await Database.open(path, clock=SystemClock(), migrations=[words()])


async def test_damaged_telemetry_is_set_aside_and_begun_anew_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        with caplog.at_level(logging.ERROR):
            database = await Database.open(
                damaged(tmp_path / "t.db"), clock=SystemClock(), migrations=[words()], rebuild_if_corrupt=True
            )
        assert database.rebuilt
        assert await database.write(add("a")) == "a"
        await database.close()
        assert (tmp_path / f"t.db.damaged-{number}").exists()
    assert "damaged" in caplog.text


async def test_a_full_disk_is_told_and_nothing_of_the_group_is_kept(db: Database) -> None:
    await db.write(add("before"))
    pages = await db.write(lambda conn: conn.conn.execute("PRAGMA page_count").fetchone()[0])
    await db.write(lambda conn: conn.conn.execute(f"PRAGMA max_page_count={pages + 1}"))
    with pytest.raises(StoreUnavailable) as caught:
        await db.write(add("x" * 100_000))
    assert caught.value.code == "E_DISK_FULL"
    await db.write(lambda conn: conn.conn.execute("PRAGMA max_page_count=100000"))
    assert await db.write(add("after")) == "after"
    assert await db.read(all_words) == ["after", "before"]


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="E_DB_OPEN"):
        await Database.open(tmp_path / "absent" / "t.db", clock=SystemClock(), migrations=[])


async def test_a_mistake_in_sql_is_not_dressed_up_for_users(db: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await db.write(lambda conn: conn.conn.execute("SELECT * FROM nowhere"))
    with pytest.raises(sqlite3.OperationalError):
        await db.read(lambda conn: conn.conn.execute("SELECT * FROM nowhere"))


async def test_a_step_that_fails_midway_changes_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    database = await Database.open(path, clock=SystemClock(), migrations=[words()])
    await database.write(add("kept"))
    await database.close()
    before = schema(path)

    bad = words()

    @bad(name="002_half")
    def _half(db: sqlite_utils.Database) -> None:
        db.conn.execute("ALTER TABLE words ADD COLUMN length INTEGER")
        db.conn.execute("UPDATE words SET length = length(word)")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        await Database.open(path, clock=SystemClock(), migrations=[bad])
    assert schema(path) == before
    database = await Database.open(path, clock=SystemClock(), migrations=[words()])
    assert await database.read(all_words) == ["kept"]
    await database.close()


async def test_a_file_of_a_newer_program_is_refused_untouched(tmp_path: Path) -> None:
    newer = words()

    @newer(name="002_tomorrow")
    def _tomorrow(db: sqlite_utils.Database) -> None:
        db.conn.execute("CREATE TABLE tomorrow (id INTEGER)")

    await (await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[newer])).close()
    with pytest.raises(StoreCorrupt, match="E_DB_NEWER"):
        await Database.open(tmp_path / "t.db", clock=SystemClock(), migrations=[words()], rebuild_if_corrupt=True)
    assert "tomorrow" in str(schema(tmp_path / "t.db"))


def schema(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        connection.close()


def test_simulated_time_stands_still_while_a_job_is_queued(tmp_path: Path) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)

    async def main() -> int:
        database = await Database.open(tmp_path / "t.db", clock=clock, migrations=[words()])
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(clock.sleep(3600))
            for number in range(20):
                await database.write(add(str(number)))
                await database.read(all_words)
            moved_ns = clock.monotonic_ns()
            ticking.cancel()
        await database.close()
        return moved_ns

    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        assert runner.run(main()) < 3600 * NS_PER_S


WRITER = """
    import asyncio, sys
    from pathlib import Path
    from skerry_agent.store import Stores
    from skerry_core.clock import SystemClock

    async def main():
        stores = await Stores.open(Path(sys.argv[1]), clock=SystemClock())
        number = 0
        while True:
            names = [f"{number + offset}" for offset in range(4)]
            await asyncio.gather(*(stores.facts.set(name, "x") for name in names))
            print(names[-1], flush=True)
            number += 4

    asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 7, 40])
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, after: int) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    with child.stdout as output:
        last = [int(output.readline()) for _ in range(after)][-1]
        child.send_signal(signal.SIGKILL)
        child.wait()
        rest = output.read().split()
    last = int(rest[-1]) if rest else last
    connection = sqlite3.connect(tmp_path / "skerry.db")
    kept = {int(row[0]) for row in connection.execute("SELECT name FROM facts")}
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert set(range(last + 1)) <= kept


async def test_a_cursor_never_leaves_the_writers_thread(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "words.db", clock=SystemClock(), migrations=[words()])
    seen: list[sqlite3.Cursor] = []

    def leak(db: sqlite_utils.Database) -> sqlite3.Cursor:
        seen.append(db.conn.execute("INSERT INTO words VALUES ('one') RETURNING word"))
        return seen[0]

    try:
        assert await database.write(leak) is None
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            seen[0].fetchone()
    finally:
        await database.close()
