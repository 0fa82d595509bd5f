"""Keeps what an operator says of a beacon so that it can be proved later. Called by the runtime when verdicts come."""

from collections.abc import Iterable

from skerry_agent.evidence.log import EvidenceLog, Recorded
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import SignedStatement
from skerry_coverage.evidence.entry import EntryKind

__all__ = ["record_statement"]


async def record_statement(
    log: EvidenceLog,
    statement: SignedStatement,
    *,
    witness_reports: Iterable[bytes],
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
        await log.append_once(EntryKind.WITNESS_REPORT, report, link=link, source=source)
    for registration in registrations:
        await log.append_once(EntryKind.REGISTRATION, registration.to_bytes(), link=link, source=source)
    for location in locations:
        await log.append_once(EntryKind.ASSERTION, location.to_bytes(), link=link, source=source)
    return await log.append_once(EntryKind.STATEMENT, statement.to_bytes(), link=link, source=source)
