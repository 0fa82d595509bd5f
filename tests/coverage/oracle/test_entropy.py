"""Entropy is committed one interval ahead, logged, and the same after a restart."""

from pathlib import Path

import pytest

from skerry_coverage.iot.entropy import commitment, committed_entropy
from skerry_oracle.entropy import BlockhashEntropy, CommittedEntropy
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import NETWORK, START_S, SeededRandom, open_database, simulated
from skerry_wire.sink import SinkUnavailable


def test_each_value_was_committed_an_interval_before_it_was_published(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        source = CommittedEntropy(database, network=NETWORK, clock=clock, random_bytes=SeededRandom("a"))
        promised: dict[int, bytes] = {}
        for _ in range(5):
            value = await source.current()
            if value.timestamp_s in promised:
                assert commitment(value) == promised[value.timestamp_s]
            assert source.next_commitment is not None
            promised[source.next_commitment[0]] = source.next_commitment[1]
            await clock.sleep(60)
        rows = await source.log.published(since_s=0, limit=10)
        assert [row.timestamp_s for row in rows] == [START_S + 60 * number for number in range(5)]
        for row in rows[1:]:
            assert row.published_ms is not None
            assert row.published_ms - row.committed_ms == 60_000
            assert row.data == committed_entropy(secret=row.raw, network=NETWORK, timestamp_s=row.timestamp_s).data
        assert rows[0].committed_ms == rows[0].published_ms  # the very first one could not be promised
        await database.close()

    simulated(main)


def test_a_restart_keeps_the_promise_and_publishes_nothing_early(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        source = CommittedEntropy(database, network=NETWORK, clock=clock, random_bytes=SeededRandom("a"))
        first = await source.current()
        assert source.next_commitment is not None
        promised = source.next_commitment[1]
        again = CommittedEntropy(database, network=NETWORK, clock=clock, random_bytes=SeededRandom("b"))
        assert await again.current() == first
        upcoming = await again.log.at(START_S + 60)
        assert upcoming is not None
        assert await again.find(upcoming.data) is None  # not published yet: nobody can know it
        await clock.sleep(60)
        assert commitment(await again.current()) == promised
        assert await again.find(upcoming.data) is not None
        assert await again.find(b"x" * 32) is None
        await database.close()

    simulated(main)


def test_the_upstream_formula_goes_on_from_the_last_value_when_the_chain_is_silent(tmp_path: Path) -> None:
    answers: list[bytes | None] = [None, b"\x01" * 32, None]

    async def fetch() -> bytes | None:
        return answers.pop(0)

    async def main(clock: SimulatedClock) -> None:
        database = await open_database(tmp_path, clock)
        source = BlockhashEntropy(database, clock=clock, fetch=fetch)
        with pytest.raises(SinkUnavailable):
            await source.current()
        assert (await source.current()).data == b"\x01" * 32  # the very first value is the block hash itself
        await clock.sleep(60)
        assert (await source.current()).data not in (b"\x01" * 32, b"")
        assert (await source.current()).timestamp_s == START_S + 60
        await database.close()

    simulated(main)
