"""Keeps what an operator says of a beacon so that it can be proved later. Called by the runtime when verdicts come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skerry_agent.evidence.log import EvidenceLog, Recorded
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import SignedStatement
from skerry_coverage.evidence.entry import EntryKind
from skerry_wire.generated.poc_lora_pb2 import lora_stream_session_offer_v1

__all__ = ["SessionSigned", "record_statement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSigned:
    """A report signed by a session key, with why that may: the server's nonce and the `session_init` in answer."""

    body: bytes
    nonce: bytes
    init: bytes


async def record_statement(
    log: EvidenceLog,
    statement: SignedStatement,
    *,
    witness_reports: Iterable[bytes | SessionSigned],
    registrations: Iterable[SignedRecord],
    locations: Iterable[SignedRecord],
    link: str,
    source: str,
) -> Recorded:
    """Record a statement with everything that its verdicts are recomputed from; what is known already is not repeated.

    `witness_reports` are the exact signed bytes of all reports that the statement judges, `registrations` and
    `locations` the owner-signed records of every hotspot in it.
    """
    for report in witness_reports:
        await _witness(log, report, link, source)
    for registration in registrations:
        await log.append_once(EntryKind.REGISTRATION, registration.to_bytes(), link=link, source=source)
    for location in locations:
        await log.append_once(EntryKind.ASSERTION, location.to_bytes(), link=link, source=source)
    return await log.append_once(EntryKind.STATEMENT, statement.to_bytes(), link=link, source=source)


async def _witness(log: EvidenceLog, report: bytes | SessionSigned, link: str, source: str) -> None:
    body, refs = (report, ()) if isinstance(report, bytes) else (report.body, await _session(log, report, link, source))
    await log.append_once(EntryKind.WITNESS_REPORT, body, link=link, source=source, refs=refs)


async def _session(log: EvidenceLog, report: SessionSigned, link: str, source: str) -> Sequence[bytes]:
    offer = lora_stream_session_offer_v1(nonce=report.nonce).SerializeToString()
    offered = await log.append_once(EntryKind.SESSION_OFFER, offer, link=link, source=source)
    opened = await log.append_once(EntryKind.SESSION_INIT, report.init, link=link, source=source, refs=[offered.id])
    return (opened.id,)
