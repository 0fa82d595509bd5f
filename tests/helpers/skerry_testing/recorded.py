"""A neighbourhood's evidence as a real agent's log holds it. For the tests of what is read from logs."""

from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.evidence.verdicts import record_statement
from skerry_agent.store import Database
from skerry_core.clock import SystemClock
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import sign_statement
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_testing.bundle import NETWORK, ORACLE, Neighbourhood, record_of
from skerry_testing.evidence import BOOT

__all__ = ["judged", "log_of", "recorded"]


async def log_of(db: Database, made: Neighbourhood, number: int, *, synchronised: bool = True) -> EvidenceLog:
    """Open the log of the n-th hotspot; 0 is the beaconer."""
    time = TimeKeeper(SystemClock(), boot_id=BOOT)
    if synchronised:
        time.synchronised(TimeSource.NTP, error_ns=1000)
    return await EvidenceLog.open(db, signer=made.gateways[number], network=NETWORK, clock=SystemClock(), time=time)


async def recorded(log: EvidenceLog, made: Neighbourhood) -> bytes:
    """Record what the beaconer's agent sends and receives; return the beacon report's entry id."""
    beacon = b""
    noise = {EntryKind.WITNESS_REPORT, EntryKind.REGISTRATION, EntryKind.ASSERTION}
    for entry in made.log.entries:
        if entry.kind not in noise:
            done = await log.append(EntryKind(entry.kind), entry.body, link="grpc", source="oracle")
            beacon = done.id if entry.kind == EntryKind.BEACON_REPORT else beacon
    return beacon


async def judged(log: EvidenceLog, made: Neighbourhood) -> None:
    """Record the operator's statement with all that it rests on."""
    records = list(zip(made.gateways, made.owners, made.cells, strict=True))
    await record_statement(
        log,
        sign_statement(made.statement(), ORACLE),
        witness_reports=made.witness_bodies,
        registrations=[
            SignedRecord.from_bytes(record_of(EntryKind.REGISTRATION, gateway=gateway, owner=owner))
            for gateway, owner, _ in records
        ],
        locations=[
            SignedRecord.from_bytes(record_of(EntryKind.ASSERTION, gateway=gateway, owner=owner, cell=cell))
            for gateway, owner, cell in records
        ],
        link="grpc",
        source="oracle",
    )
