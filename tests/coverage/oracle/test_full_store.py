"""A store without room: the oracle waits, tells each caller, and goes on by itself when there is room again."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from skerry_oracle.errors import StoreFailed
from skerry_oracle.store.database import Statement
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import make_oracle, simulated
from skerry_wire.sink import SinkUnavailable


class FullDisk(SqliteDatabase):
    """An oracle's file whose disk can be filled."""

    is_full = False

    async def apply(self, statements: Sequence[Statement]) -> list[int]:
        if self.is_full:
            raise StoreFailed("database or disk is full")
        return await super().apply(statements)


def test_an_oracle_whose_disk_is_full_runs_on_and_publishes_again_when_there_is_room(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = FullDisk(tmp_path / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock)
        await oracle.open()
        running = asyncio.get_running_loop().create_task(oracle.run())
        before = await oracle.entropy.current()
        await clock.sleep(30)
        database.is_full = True
        await clock.sleep(60)
        with pytest.raises(SinkUnavailable, match="cannot log its entropy now"):
            await oracle.entropy.current()
        await clock.sleep(3600)
        assert not running.done()
        database.is_full = False
        await clock.sleep(2)
        published = await oracle.entropy.log.published(since_s=before.timestamp_s + 1, limit=10)
        assert [row.timestamp_s for row in published] == [
            clock.wall_s() - clock.wall_s() % 60
        ]  # nobody asked: by itself
        running.cancel()
        await oracle.close()

    simulated(main)


def test_refusals_counted_while_the_disk_was_full_are_written_later(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = FullDisk(tmp_path / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock)
        await oracle.open()
        database.is_full = True
        oracle.refusals.note(kind="witness", reason="malformed", peer="a", body=b"x")
        with pytest.raises(StoreFailed):
            await oracle.refusals.flush()
        oracle.refusals.note(kind="witness", reason="malformed", peer="b", body=b"y")
        database.is_full = False
        assert await oracle.refusals.counts() == {("witness", "malformed"): 2}
        await oracle.close()

    simulated(main)


def test_an_oracle_stops_in_order_while_its_disk_is_full(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = FullDisk(tmp_path / "oracle.db", clock=clock)
        oracle = make_oracle(database, clock)
        await oracle.open()
        oracle.refusals.note(kind="witness", reason="malformed", peer="a")
        database.is_full = True
        await oracle.close()
        with pytest.raises(StoreFailed, match="not open"):
            await SqliteDatabase.apply(database, [])

    simulated(main)
