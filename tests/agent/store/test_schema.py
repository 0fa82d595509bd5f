import sqlite3
from pathlib import Path

import pytest

from skerry_agent.store import Database, OutboxItem
from skerry_agent.store.schema import SKERRY
from skerry_core.clock import SystemClock
from skerry_testing.stores import open_stores

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
STORED = sorted(path.name for path in FIXTURES.glob("skerry-*.sql"))


def restore(name: str, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript((FIXTURES / name).read_text())
    connection.close()


def tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("name", STORED)
async def test_an_old_database_is_brought_up_to_date_with_its_rows(tmp_path: Path, name: str) -> None:
    restore(name, tmp_path / "skerry.db")
    async with open_stores(tmp_path) as stores:
        device = await stores.devices.get("gwmp:aa555a0000000101")
        assert device is not None
        assert (device.name, device.region, device.details) == ("roof", "EU868", {"fw": "1"})
        assert [token.scopes for token in await stores.tokens.all()] == [["read"]]
        await stores.outbox.put(OutboxItem(id="new", class_="beacon", body=b"", created_ns=1, deadline_ns=9))


@pytest.mark.parametrize("name", STORED)
async def test_an_upgraded_database_has_the_schema_of_a_new_one(tmp_path: Path, name: str) -> None:
    restore(name, tmp_path / "skerry.db")
    (tmp_path / "new").mkdir()
    for folder in (tmp_path, tmp_path / "new"):
        async with open_stores(folder):
            pass
    assert tables(tmp_path / "skerry.db") == tables(tmp_path / "new" / "skerry.db")


async def test_a_waiting_message_of_an_old_database_is_still_sent(tmp_path: Path) -> None:
    restore("skerry-003.sql", tmp_path / "skerry.db")
    async with open_stores(tmp_path) as stores:
        assert [(item.id, item.body, item.attempts) for item in await stores.outbox.due(50)] == [("w1", b"\n\x0b", 2)]


async def test_a_step_cut_short_keeps_the_steps_before_it(tmp_path: Path) -> None:
    restore("skerry-001.sql", tmp_path / "skerry.db")
    connection = sqlite3.connect(tmp_path / "skerry.db")
    connection.execute("CREATE TABLE duty (obstacle INTEGER)")  # makes step 003 fail after its first table
    connection.commit()
    connection.close()
    with pytest.raises(sqlite3.OperationalError, match="duty"):
        await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=[SKERRY])
    names = [name for name, _ in tables(tmp_path / "skerry.db")]
    assert "witnesses" in names
    assert "outbox" not in names
