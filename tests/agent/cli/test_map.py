"""`skerry map render` as a person uses it."""

import asyncio
from pathlib import Path

from skerry_agent.evidence import EVIDENCE
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_testing.bundle import Neighbourhood
from skerry_testing.cli import skerry
from skerry_testing.recorded import judged, log_of, recorded


async def agent_folder(folder: Path) -> None:
    db = await Database.open(folder / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    await recorded(log, made)
    await judged(log, made)
    await db.close()


def test_the_picture_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    asyncio.run(agent_folder(tmp_path))
    picture = tmp_path / "mine.png"
    ran = skerry(tmp_path, "map", "render", str(picture))
    assert (ran.code, ran.err) == (0, "")
    assert str(picture) in ran.out
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_an_agent_is_named(tmp_path: Path) -> None:
    ran = skerry(tmp_path, "map", "render", str(tmp_path / "mine.png"))
    assert ran.code == 1
    assert "E_NO_AGENT_DIR" in ran.err
    assert not (tmp_path / "mine.png").exists()
