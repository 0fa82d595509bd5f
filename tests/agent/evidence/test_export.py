"""From the durable log to a bundle that verifies: what belongs to a beacon is found, the rest stays hidden."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from skerry_agent.evidence import EVIDENCE, EvidenceLog, EvidenceReader, TimeKeeper
from skerry_agent.evidence.errors import NoSuchEntry, NotSealed
from skerry_agent.evidence.export import beacons, export_beacons
from skerry_agent.evidence.verdicts import SessionSigned, record_statement
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_coverage.bundle import container
from skerry_coverage.bundle.report import Level
from skerry_coverage.bundle.statement import sign_statement
from skerry_coverage.bundle.verify import verify_bundle
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_testing.bundle import NETWORK, ORACLE, PROFILE, Neighbourhood
from skerry_testing.evidence import BOOT, signer_of
from skerry_testing.recorded import judged, log_of, recorded
from skerry_wire.generated.poc_lora_pb2 import (
    lora_stream_session_init_v1,
    lora_stream_session_offer_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "skerry.db", clock=SystemClock(), migrations=(EVIDENCE,))
    yield database
    await database.close()


async def test_one_agents_log_proves_its_beacon(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    beacon = await recorded(log, made)
    await judged(log, made)
    await judged(log, made)  # news that come twice are kept once
    await log.append(EntryKind.FRAME, b"nobody's business", link="udp", source="127.0.0.1:40001")
    await log.seal()
    bundle = await export_beacons([log], [beacon], profile=PROFILE)
    report = verify_bundle(container.pack(bundle.to_map()), trusted_keys=[ORACLE.public_key])
    assert report.failures == []
    assert report.level is Level.ORACLE_VERIFIED
    assert report.proofs[0].witness_owners == 3
    assert report.hidden_entries == 2  # the two frames


async def test_a_reader_without_the_key_exports_from_several_logs(db: Database) -> None:
    made = Neighbourhood()
    home = await log_of(db, made, 0)
    beacon = await recorded(home, made)
    await judged(home, made)
    await home.seal()
    for number, body in enumerate(made.witness_bodies, 1):
        other = await log_of(db, made, number)
        await other.append(EntryKind.WITNESS_REPORT, body, link="udp", source="127.0.0.1:40001")
        await other.seal()
    readers = await EvidenceReader.all_in(db)
    assert [identity for identity, _ in await beacons(readers)] == [beacon]
    bundle = await export_beacons(readers, [beacon], profile=PROFILE)
    assert len(bundle.logs) == 4
    report = verify_bundle(container.pack(bundle.to_map()), trusted_keys=[ORACLE.public_key])
    assert report.failures == []
    assert report.level is Level.ORACLE_VERIFIED


async def test_a_beacon_sealed_before_its_statement_gives_two_consistent_segments(db: Database) -> None:
    made = Neighbourhood(sessions=True)
    log = await log_of(db, made, 0)
    ids: dict[str, bytes] = {}
    for entry in made.log.entries:
        if entry.kind in (EntryKind.WITNESS_REPORT, EntryKind.REGISTRATION, EntryKind.ASSERTION):
            continue
        refs = {
            EntryKind.SESSION_INIT: [ids.get(EntryKind.SESSION_OFFER, b"")],
            EntryKind.BEACON_REPORT: [ids.get(EntryKind.SESSION_INIT, b"")],
        }.get(EntryKind(entry.kind), [])
        done = await log.append(EntryKind(entry.kind), entry.body, link="grpc", source="oracle", refs=refs)
        ids[entry.kind] = done.id
    await log.seal()
    await judged(log, made)
    await log.seal()
    bundle = await export_beacons([log], [ids[EntryKind.BEACON_REPORT]], profile=PROFILE)
    report = verify_bundle(container.pack(bundle.to_map()), trusted_keys=[ORACLE.public_key])
    assert report.failures == []
    assert report.checks["seal consistency"] == 1
    assert report.checks["session-signed reports"] == 1


async def test_what_is_left_out_stays_hidden(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    beacon = await recorded(log, made)
    await judged(log, made)
    await log.seal()
    hide = frozenset({EntryKind.WITNESS_REPORT})
    bundle = await export_beacons([log], [beacon], profile=PROFILE, leave_out=hide)
    packed = container.pack(bundle.to_map())
    report = verify_bundle(packed)
    assert report.failures == []
    assert report.level is Level.SELF_CLAIMED
    shown = b"".join(opened.body for segment in bundle.logs[0].segments for opened in segment.entries)
    assert not any(body in shown for body in made.witness_bodies)


async def test_entries_from_before_synchronisation_bring_the_synchronisation_along(db: Database) -> None:
    made = Neighbourhood()
    time = TimeKeeper(SystemClock(), boot_id=BOOT)
    log = await EvidenceLog.open(db, signer=made.gateways[0], network=NETWORK, clock=SystemClock(), time=time)
    beacon = await recorded(log, made)
    time.synchronised(TimeSource.NTP, error_ns=1000)
    await judged(log, made)
    await log.seal()
    bundle = await export_beacons([log], [beacon], profile=PROFILE)
    kinds = {opened.entry().kind for opened in bundle.logs[0].segments[0].entries}
    assert EntryKind.CLOCK_SYNC in kinds
    assert verify_bundle(container.pack(bundle.to_map())).failures == []


async def test_unknown_unsealed_and_deleted_beacons_are_refused_with_the_reason(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    beacon = await recorded(log, made)
    with pytest.raises(NoSuchEntry):
        await export_beacons([log], [bytes(32)], profile=PROFILE)
    with pytest.raises(NotSealed):
        await export_beacons([log], [beacon], profile=PROFILE)
    await log.seal()
    await log.forget_bodies(before_ns=1 << 62, kinds=[EntryKind.BEACON_REPORT])
    with pytest.raises(NoSuchEntry):
        await export_beacons([log], [beacon], profile=PROFILE)


async def test_a_session_signed_witness_report_brings_its_session_along(db: Database) -> None:
    made = Neighbourhood()
    log = await log_of(db, made, 0)
    beacon = await recorded(log, made)
    session = signer_of(701)
    offer = lora_stream_session_offer_v1(nonce=b"\x07" * 32)
    init = lora_stream_session_init_v1(
        pub_key=made.gateways[1].public_key, nonce=offer.nonce, session_key=session.public_key
    )
    opened = sign_message(init, made.gateways[1]).SerializeToString()
    report = lora_witness_report_req_v1.FromString(made.witness_bodies[0])
    body = sign_message(report, session).SerializeToString()
    made.witness_bodies[0] = body
    await record_statement(
        log,
        sign_statement(made.statement(), ORACLE),
        witness_reports=[SessionSigned(body=body, nonce=offer.nonce, init=opened), *made.witness_bodies[1:]],
        registrations=[],
        locations=[],
        link="grpc",
        source="oracle",
    )
    await log.seal()
    bundle = await export_beacons([log], [beacon], profile=PROFILE)
    checked = verify_bundle(container.pack(bundle.to_map()), trusted_keys=[ORACLE.public_key])
    assert checked.failures == []
    assert checked.checks["session-signed reports"] == 1
    assert checked.proofs[0].witnesses_valid == 3
    assert checked.level is Level.SELF_CLAIMED  # nobody showed who owns the witnesses
