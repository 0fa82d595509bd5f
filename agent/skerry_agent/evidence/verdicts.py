"""Keeps what an operator says of a beacon so that it can be proved later. Called by the runtime when verdicts come."""

from dataclasses import dataclass

from skerry_agent.evidence.log import EvidenceLog, Recorded
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import SignedStatement
from skerry_coverage.evidence.entry import EntryKind
from skerry_wire.generated.poc_lora_pb2 import lora_stream_session_offer_v1

__all__ = ["OperatorWords", "ReceivedReport", "RecordedWords", "SessionProof", "record_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionProof:
    """Why a session key may sign for a gateway: the server's nonce and the signed `session_init` that answers it."""

    nonce: bytes
    init: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedReport:
    """The exact signed bytes of a report as the operator received it; `session` None = the gateway key signed it."""

    body: bytes
    session: SessionProof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorWords:
    """A statement with everything that its verdicts are recomputed from."""

    statement: SignedStatement
    beacon: ReceivedReport
    witnesses: tuple[ReceivedReport, ...]
    registrations: tuple[SignedRecord, ...]
    locations: tuple[SignedRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedWords:
    """Where the beacon and the statement on it stand in the log."""

    beacon: Recorded
    statement: Recorded


async def record_words(log: EvidenceLog, words: OperatorWords, *, link: str, source: str) -> RecordedWords:
    """Record an operator's statement and what belongs to it; what the log holds already is not repeated."""
    beacon = await _report(log, EntryKind.BEACON_REPORT, words.beacon, link, source)
    for witness in words.witnesses:
        await _report(log, EntryKind.WITNESS_REPORT, witness, link, source)
    for registration in words.registrations:
        await log.append_once(EntryKind.REGISTRATION, registration.to_bytes(), link=link, source=source)
    for location in words.locations:
        await log.append_once(EntryKind.ASSERTION, location.to_bytes(), link=link, source=source)
    statement = await log.append_once(EntryKind.STATEMENT, words.statement.to_bytes(), link=link, source=source)
    return RecordedWords(beacon=beacon, statement=statement)


async def _report(log: EvidenceLog, kind: EntryKind, report: ReceivedReport, link: str, source: str) -> Recorded:
    refs: list[bytes] = []
    if report.session is not None:
        offer = lora_stream_session_offer_v1(nonce=report.session.nonce).SerializeToString()
        offered = await log.append_once(EntryKind.SESSION_OFFER, offer, link=link, source=source)
        opened = await log.append_once(
            EntryKind.SESSION_INIT, report.session.init, link=link, source=source, refs=[offered.id]
        )
        refs = [opened.id]
    return await log.append_once(kind, report.body, link=link, source=source, refs=refs)
