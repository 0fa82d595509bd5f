"""The durable log: chain, seals, time, retention, and that its check finds every kind of damage."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlite_utils

from skerry_agent.evidence import EVIDENCE, EvidenceLog, EvidenceReader, SealPolicy, TimeKeeper
from skerry_agent.evidence.check import CheckReport, check
from skerry_agent.store import Database
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_coverage.evidence import chain, merkle
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_keys.verify import verify
from skerry_testing.evidence import BOOT, signer_of

SIGNER = signer_of()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
    yield database
    await database.close()


def keeper(*, synchronised: bool = True) -> TimeKeeper:
    time = TimeKeeper(SystemClock(), boot_id=BOOT)
    if synchronised:
        time.synchronised(TimeSource.NTP, error_ns=1000)
    return time


async def opened(db: Database, *, time: TimeKeeper | None = None, policy: SealPolicy | None = None) -> EvidenceLog:
    return await EvidenceLog.open(
        db, signer=SIGNER, network="skerry-open", clock=SystemClock(), time=time or keeper(), policy=policy
    )


async def add(log: EvidenceLog, count: int = 1, kind: EntryKind = EntryKind.FRAME) -> None:
    for number in range(count):
        await log.append(kind, b"frame %d" % number, link="udp", source="127.0.0.1:40001")


async def checked(log: EvidenceLog) -> CheckReport:
    return await check(log, verify=verify)


def codes(report: CheckReport) -> set[str]:
    return {finding.code for finding in report.findings}


async def test_an_entry_comes_back_with_the_exact_bytes(db: Database) -> None:
    log = await opened(db)
    first = await log.append(EntryKind.FRAME, b"\x00raw", link="udp", source="127.0.0.1:40001")
    second = await log.append(EntryKind.BEACON_REPORT, b"report", link="grpc", source="oracle", refs=[first.id])
    entry = await log.entry(second.id)
    assert entry is not None
    assert (entry.seq, entry.kind, entry.body, entry.refs) == (1, "beacon_report", b"report", (first.id,))
    assert entry.stamp.source is TimeSource.NTP
    assert await log.entry(bytes(32)) is None
    assert [found[0] for found in await log.find(EntryKind.FRAME)] == [first.id]


async def test_appends_from_many_tasks_get_every_number_once_and_an_unbroken_chain(db: Database) -> None:
    log = await opened(db)
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(add(log, 20), name=f"appender {number}")
    await log.seal()
    report = await checked(log)
    assert (report.entries, report.sealed_entries, report.findings) == (160, 160, [])


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(3):
        database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
        log = await opened(database)
        await add(log, 3)
        await log.seal()
        report = await checked(log)
        await database.close()
    assert (report.entries, report.seals, report.findings) == (9, 3, [])


async def test_two_hotspots_keep_two_logs_in_one_file(db: Database) -> None:
    mine = await opened(db)
    other = await EvidenceLog.open(db, signer=signer_of(2), network="skerry-open", clock=SystemClock(), time=keeper())
    await add(mine, 2)
    await add(other, 3)
    await mine.seal()
    await other.seal()
    assert (await checked(mine)).entries == 2
    assert (await checked(other)).entries == 3
    assert (await checked(mine)).is_intact
    assert (await checked(other)).is_intact


async def test_a_log_that_changes_its_network_stays_one_history(db: Database) -> None:
    log = await opened(db)
    await add(log)
    await log.seal()
    other = await EvidenceLog.open(db, signer=SIGNER, network="demo", clock=SystemClock(), time=keeper())
    await add(other)
    sealed = await other.seal()
    assert sealed is not None
    assert sealed.signed.decoded().network == "demo"
    assert (await checked(other)).findings == []
    assert [reader.network for reader in await EvidenceReader.all_in(db)] == ["demo"]


async def test_seals_name_the_seal_before_and_cover_rising_ranges(db: Database) -> None:
    log = await opened(db)
    await add(log, 2)
    first = await log.seal()
    await add(log, 3)
    second = await log.seal()
    assert first is not None
    assert second is not None
    seal = second.signed.decoded()
    assert (seal.number, seal.first_seq, seal.tree_size, seal.previous) == (1, 2, 5, first.signed.digest)
    assert verify(SIGNER.public_key, second.signed.signed_message(), second.signed.signature)
    assert await log.seal() is None


async def test_sealing_is_due_by_count(db: Database) -> None:
    log = await opened(db, policy=SealPolicy(max_entries=3, max_age_s=3600))
    await add(log)
    assert await log.seal_if_due() is not None  # nothing sealed yet: the first seal does not wait
    await add(log, 2)
    assert await log.seal_if_due() is None
    await add(log)
    sealed = await log.seal_if_due()
    assert sealed is not None
    assert sealed.tree_size == 4


async def test_sealing_is_due_by_age(db: Database) -> None:
    log = await opened(db, policy=SealPolicy(max_entries=100, max_age_s=0))
    await add(log)
    assert await log.seal_if_due() is not None
    assert await log.seal_if_due() is None
    await add(log)
    assert await log.seal_if_due() is not None


async def test_nothing_is_sealed_before_synchronisation_and_early_entries_are_dated_later(db: Database) -> None:
    time = keeper(synchronised=False)
    log = await opened(db, time=time)
    early = await log.append(EntryKind.FRAME, b"early", link="udp", source="127.0.0.1:40001")
    entry = await log.entry(early.id)
    assert entry is not None
    assert entry.stamp.wall_ns is None
    assert await log.seal() is None
    assert await log.when(entry) is None
    time.synchronised(TimeSource.NTP, error_ns=1000)
    sealed = await log.seal()
    assert sealed is not None
    assert sealed.tree_size == 2  # the frame and the synchronisation
    when = await log.when(entry)
    assert when is not None
    assert when.wall_ns is not None
    assert when.error_ns is not None
    assert abs(when.wall_ns - SystemClock().wall_ns()) < 60 * NS_PER_S
    assert when.error_ns >= 1000
    assert (await checked(log)).is_intact


async def test_a_crash_before_synchronisation_leaves_no_entry_undated(db: Database) -> None:
    early = await (await opened(db, time=keeper(synchronised=False))).append(
        EntryKind.FRAME, b"early", link="udp", source="127.0.0.1:40001"
    )
    for _ in range(2):
        log = await opened(db)  # the next run starts synchronised
        await add(log)
    entry = await log.entry(early.id)
    assert entry is not None
    when = await log.when(entry)
    assert when is not None
    assert when.wall_ns is not None
    assert len(await log.find(EntryKind.CLOCK_SYNC)) == 1


async def test_a_deleted_body_is_reported_and_breaks_nothing(db: Database) -> None:
    log = await opened(db)
    await add(log, 4)
    await add(log, 1, EntryKind.BEACON_REPORT)
    assert await log.forget_bodies(before_ns=1 << 62, kinds=[EntryKind.FRAME]) == 0  # nothing is sealed yet
    await log.seal()
    await add(log)
    assert await log.forget_bodies(before_ns=1 << 62, kinds=[EntryKind.FRAME]) == 4
    await log.seal()
    report = await checked(log)
    assert (report.entries, report.deleted_bodies, report.findings) == (6, 4, [])
    assert len(await log.find(EntryKind.FRAME)) == 1


async def test_many_entries_use_stored_blocks_and_agree_with_a_plain_tree(db: Database) -> None:
    log = await opened(db)
    async with asyncio.TaskGroup() as group:
        for number in range(30):
            group.create_task(add(log, 20), name=f"appender {number}")
    sealed = await log.seal()
    assert sealed is not None
    leaves = await db.read(
        lambda raw: [row[0] for row in raw.conn.execute("SELECT leaf FROM evidence_entries ORDER BY seq")]
    )
    seal = sealed.signed.decoded()
    assert seal.root == merkle.root(leaves)
    assert seal.chain == chain.run(chain.genesis(SIGNER.public_key), 0, leaves)
    assert await db.read(lambda raw: raw.table("evidence_blocks").count) == 600 // merkle.BLOCK
    assert (await checked(log)).is_intact


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("UPDATE evidence_entries SET body = x'00' WHERE seq = 2", "bad_body"),
        ("UPDATE evidence_entries SET salt = zeroblob(32) WHERE seq = 2", "bad_body"),
        ("UPDATE evidence_entries SET header = x'a0' WHERE seq = 2", "bad_header"),
        ("UPDATE evidence_entries SET salt = NULL WHERE seq = 2", "bad_body"),
        ("UPDATE evidence_entries SET kind = 'entropy' WHERE seq = 2", "bad_id"),
        ("UPDATE evidence_entries SET leaf = zeroblob(32) WHERE seq = 2", "bad_chain"),
        ("UPDATE evidence_entries SET id = zeroblob(32) WHERE seq = 2", "bad_id"),
        ("DELETE FROM evidence_entries WHERE seq = 2", "missing_entry"),
        ("DELETE FROM evidence_entries WHERE seq = 5", "missing_entry"),
        ("UPDATE evidence_logs SET chain = zeroblob(32)", "bad_chain"),
        ("UPDATE evidence_seals SET signature = zeroblob(64)", "bad_signature"),
        ("UPDATE evidence_seals SET seal = x'a0'", "bad_seal"),
        ("DELETE FROM evidence_seals WHERE number = 0", "bad_seal"),
        ("UPDATE evidence_logs SET next_seq = 3", "seal_beyond_end"),
    ],
)
async def test_every_damage_is_found(db: Database, damage: str, code: str) -> None:
    log = await opened(db)
    await add(log, 3)
    await log.seal()
    await add(log, 3)
    await log.seal()
    assert (await checked(log)).is_intact

    def break_it(raw: sqlite_utils.Database) -> None:
        assert raw.conn.execute(damage).rowcount >= 1

    await db.write(break_it)
    assert code in codes(await checked(log))


async def test_a_body_swapped_with_its_own_valid_leaf_is_found_by_the_chain(db: Database) -> None:
    log = await opened(db)
    await add(log, 3)
    await log.seal()
    forged = await log.entry((await log.find(EntryKind.FRAME))[1][0])
    assert forged is not None
    leaf = forged.leaf(bytes(32))
    parameters = [leaf, bytes(32), forged.id(bytes(32))]
    sql = "UPDATE evidence_entries SET leaf = ?, salt = ?, id = ? WHERE seq = 1"
    await db.write(lambda raw: raw.conn.execute(sql, parameters))
    assert {"bad_chain", "bad_seal"} <= codes(await checked(log))
