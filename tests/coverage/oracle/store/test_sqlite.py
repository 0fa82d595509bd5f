"""The SQLite database: durable, atomic, shared flushes, clear failures."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from skerry_oracle.errors import StoreFailed
from skerry_oracle.store import schema
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import open_database, simulated

ALLOW = "INSERT INTO allowed VALUES (?, ?, ?)"


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        good = Statement(ALLOW, ((b"a", "", 1),))
        with pytest.raises(StoreFailed, match="UNIQUE"):
            await database.apply([good, good])
        assert await database.fetch("SELECT * FROM allowed") == []
        await database.close()

    simulated(main)


def test_waiting_transactions_share_a_flush_and_fail_alone(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        jobs = [database.apply([Statement(ALLOW, ((bytes([n % 50]), "", n),))]) for n in range(60)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [isinstance(result, StoreFailed) for result in results] == [False] * 50 + [True] * 10
        assert await database.fetch("SELECT COUNT(*) FROM allowed") == [(50,)]
        await database.close()

    simulated(main)


def test_rows_of_one_statement_are_written_together_and_still_answer_for_themselves(tmp_path: Path) -> None:
    keep = ALLOW + " ON CONFLICT DO NOTHING"

    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        futures = [await database.enqueue([Statement(keep, ((bytes([n % 40]), "", n),))]) for n in range(60)]
        failing = await database.enqueue([Statement(ALLOW, ((b"\x00", "", 1),))])
        nothing = await database.enqueue([])
        assert [await future for future in futures] == [[1]] * 40 + [[0]] * 20
        with pytest.raises(StoreFailed, match="UNIQUE"):
            await failing
        assert await nothing == []
        assert await database.fetch("SELECT COUNT(*) FROM allowed") == [(40,)]
        await database.close()

    simulated(main)


def test_what_was_applied_is_there_after_reopening(tmp_path: Path) -> None:
    async def write(clock: SimulatedClock) -> list[int]:
        database = await open_database(tmp_path, clock)
        counts = await database.apply(
            [
                Statement(ALLOW, ((b"a", "x", 1), (b"b", "y", 2))),
                Statement("DELETE FROM allowed WHERE note = ?", (("x",),)),
            ]
        )
        await database.close()
        return counts

    async def read(clock: SimulatedClock) -> list[tuple[object, ...]]:
        database = await open_database(tmp_path, clock)
        rows = await database.fetch("SELECT gateway, note FROM allowed WHERE added_ms > ?", 0)
        await database.close()
        return list(rows)

    assert simulated(write) == [2, 1]
    assert simulated(read) == [(b"b", "y")]


def test_a_failing_migration_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (*schema.MIGRATIONS[:1], ("0002_broken", ("CREATE TABLE half (a NUMBER)", "CREATE NONSENSE")))
    monkeypatch.setattr("skerry_oracle.store.sqlite.MIGRATIONS", broken)

    async def main(clock: SimulatedClock) -> None:
        with pytest.raises(StoreFailed, match="syntax"):
            await open_database(tmp_path, clock)

    simulated(main)
    with sqlite3.connect(tmp_path / "oracle.db") as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "half" not in names
        assert connection.execute("SELECT name FROM migrations").fetchall() == [("0001_registry",)]
    connection.close()


def test_a_closed_or_unopened_database_says_so(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = SqliteDatabase(tmp_path / "oracle.db", clock=clock)
        with pytest.raises(StoreFailed, match="not open"):
            await database.fetch("SELECT 1")
        await database.open()
        await database.close()
        await database.close()
        with pytest.raises(StoreFailed, match="not open"):
            await database.apply([Statement("SELECT 1")])

    simulated(main)


def test_a_folder_that_is_missing_is_a_clear_failure(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        with pytest.raises(StoreFailed, match=r"oracle\.db"):
            await open_database(tmp_path / "missing", clock)

    simulated(main)


def test_a_bad_query_is_a_store_failure(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        with pytest.raises(StoreFailed, match="no such table"):
            await database.fetch("SELECT * FROM absent")
        await database.close()

    simulated(main)
