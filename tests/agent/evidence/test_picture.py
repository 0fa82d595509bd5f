"""The map in an agent's evidence shows every judged witness at its place, and nothing that it cannot place."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.evidence import EVIDENCE, EvidenceLog, EvidenceReader
from skerry_agent.evidence.picture import evidence_map
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_core.errors import NotFoundError
from skerry_coverage.bundle.statement import Statement, sign_statement
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.picture.model import LinkVerdict, MapPicture
from skerry_coverage.picture.render import render_png
from skerry_keys.public_key import PublicKey
from skerry_testing.bundle import ORACLE, Neighbourhood
from skerry_testing.recorded import judged, log_of, recorded


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
    yield database
    await database.close()


async def drawn(db: Database) -> MapPicture:
    return await evidence_map(await EvidenceReader.all_in(db), newest=10)


async def test_it_shows_who_heard_a_beacon_and_which_of_it_counted(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    await recorded(log, made)
    await judged(log, made)
    picture = await drawn(db)
    names = [PublicKey(gateway.public_key).animal_name for gateway in made.gateways]
    assert sorted((one.name, one.cell) for one in picture.hotspots) == sorted(zip(names, made.cells, strict=True))
    assert picture.hotspots[0].name == names[0]
    assert [(link.beaconer, link.verdict, link.reports) for link in picture.links] == [(0, LinkVerdict.VALID, 1)] * 3
    assert {link.witness for link in picture.links} == {1, 2, 3}
    assert "newest 1 judged beacons" in picture.note
    assert render_png(picture).startswith(b"\x89PNG")


async def test_an_invalid_report_keeps_its_reason_and_equal_ones_are_one_line(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    await recorded(log, made)
    await judged(log, made)
    statement = made.statement()
    first, *others = statement.witnesses
    wrong = replace(first, reason="below_min_distance", side="gateway", selected=False)
    surplus = replace(others[0], selected=False)
    for _ in range(2):
        await _state(log, replace(statement, witnesses=(wrong, surplus)))
    found = {(link.verdict, link.reason, link.reports) for link in (await drawn(db)).links}
    assert (LinkVerdict.INVALID, "below_min_distance", 2) in found
    assert (LinkVerdict.SURPLUS, None, 2) in found


async def test_what_cannot_be_placed_or_read_is_left_out(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    await recorded(log, made)
    await judged(log, made)
    statement = made.statement()
    witness = statement.witnesses[0]
    assert witness.gateway is not None
    strange = [
        replace(witness, gateway=None),
        replace(witness, gateway=replace(witness.gateway, cell=None)),
        replace(witness, gateway=replace(witness.gateway, cell="not a cell")),
        replace(witness, gateway=replace(witness.gateway, cell="8c1fb46741ae9ff0")),
        replace(witness, report_hash=b"?" * 32),
    ]
    before = (await drawn(db)).links
    await _state(log, replace(statement, witnesses=tuple(strange)))
    await log.append(EntryKind.STATEMENT, b"nonsense", link="grpc", source="oracle")
    await log.append(EntryKind.WITNESS_REPORT, b"\xff", link="grpc", source="oracle")
    assert (await drawn(db)).links == before


async def test_an_agent_that_was_never_judged_is_told_so(db: Database) -> None:
    made = Neighbourhood()
    await recorded(await log_of(db, made, 0), made)
    with pytest.raises(NotFoundError, match="E_MAP_EMPTY"):
        await drawn(db)


async def _state(log: EvidenceLog, statement: Statement) -> None:
    await log.append(EntryKind.STATEMENT, sign_statement(statement, ORACLE).to_bytes(), link="grpc", source="oracle")
