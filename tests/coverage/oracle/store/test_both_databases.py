"""SQLite and PostgreSQL give the oracle the same service and the same rewards."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from skerry_oracle.errors import StoreFailed
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.open import make_database
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, OncePayer, make_oracle, signer, simulated, witness_report
from skerry_testing.postgres import find_postgres, running_postgres
from skerry_testing.village import Village

ALLOW = "INSERT INTO allowed VALUES (?, ?, ?)"
EPOCH = START_S // 43_200
pytestmark = pytest.mark.debian
Make = Callable[[SimulatedClock], Database]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian package postgresql)")
    with running_postgres(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "sqlite":
        return lambda clock: make_database(tmp_path / "oracle.db", clock=clock)
    url = request.getfixturevalue("server")

    def fresh(clock: SimulatedClock) -> Database:
        return make_database(url, clock=clock)

    async def empty(clock: SimulatedClock) -> None:
        database = fresh(clock)
        await database.open()
        await database.apply([Statement("DROP SCHEMA public CASCADE"), Statement("CREATE SCHEMA public")])
        await database.close()

    simulated(empty)
    return fresh


def test_a_transaction_is_all_or_nothing_and_counts_its_rows(make: Make) -> None:
    async def main(clock: SimulatedClock) -> None:
        database = make(clock)
        await database.open()
        good = Statement(ALLOW, ((b"a", "x", 1),))
        with pytest.raises(StoreFailed):
            await database.apply([good, good])
        assert await database.fetch("SELECT * FROM allowed") == []
        many = Statement(ALLOW, ((b"a", "x", 1), (b"b", "y", 2)))
        again = Statement(ALLOW + " ON CONFLICT DO NOTHING", ((b"a", "z", 3),))
        change = Statement("UPDATE allowed SET note = ? WHERE added_ms > ?", (("w", 0),))
        assert await database.apply([many, again, change]) == [2, 0, 2]
        assert await database.fetch("SELECT gateway, note FROM allowed ORDER BY gateway") == [(b"a", "w"), (b"b", "w")]
        with pytest.raises(StoreFailed):
            await database.fetch("SELECT * FROM absent")
        await database.close()
        with pytest.raises(StoreFailed, match="not open"):
            await database.fetch("SELECT 1")

    simulated(main)


def test_reopening_keeps_everything_and_migrates_nothing_twice(make: Make) -> None:
    async def main(clock: SimulatedClock) -> None:
        for _ in range(2):
            database = make(clock)
            await database.open()
            await database.apply([Statement(ALLOW + " ON CONFLICT DO NOTHING", ((b"a", "x", 1),))])
            assert await database.fetch("SELECT COUNT(*) FROM allowed") == [(1,)]
            await database.close()

    simulated(main)


def test_refusals_add_up_and_copies_are_recognised_by_the_database(make: Make) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(make(clock), clock)
        await oracle.open()
        report = witness_report(signer("somebody"))
        await oracle.sink("one").submit_witness(report)
        await clock.sleep(1)
        await oracle.sink("two").submit_witness(report)
        stored = await oracle.reports.between(after_ms=0, until_ms=clock.wall_ms())
        assert [one.is_copy for one in stored] == [False, True]
        for _ in range(3):
            oracle.refusals.note(kind="witness", reason="bad_signature", peer="x")
            await oracle.refusals.flush()
        assert await oracle.refusals.counts() == {("witness", "bad_signature"): 3}
        await oracle.close()

    simulated(main)


HASHES: dict[str, str] = {}


def test_an_epoch_is_judged_and_paid(make: Make, request: pytest.FixtureRequest) -> None:
    payer = OncePayer()

    async def main(clock: SimulatedClock) -> str:
        oracle = make_oracle(make(clock), clock, payer=payer)
        await oracle.open()
        village = Village(3)
        await village.join(oracle.registry)
        await village.live(clock, village.sinks(oracle), rounds=2)
        await oracle.close_epoch(EPOCH)
        manifest = await oracle.manifest(EPOCH)
        assert manifest is not None
        assert json.loads(manifest.body)["paid_bones"] == sum(payer.paid().values()) > 0
        await oracle.close()
        return manifest.hash.hex()

    HASHES[request.node.name] = simulated(main)
    assert len(set(HASHES.values())) == 1  # both databases give the same manifest
