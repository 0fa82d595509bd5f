"""The operator's signed statement on one judged beacon, with everything that lets others judge it again."""

import asyncio

from skerry_agent.evidence.verdicts import SessionSigned
from skerry_agent.runtime.operator import BeaconStatement
from skerry_core.clock import Clock
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.state import statement_of
from skerry_coverage.bundle.statement import sign_statement
from skerry_coverage.iot.judge import PocInput, judge_poc
from skerry_coverage.manifest import ENGINE_VERSION
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.store.reports import BEACON, WITNESS, StoredReport
from skerry_oracle.store.verdicts import VerdictRow

__all__ = ["statement_on"]


async def statement_on(oracle: EmbeddedOracle, verdict: VerdictRow, *, clock: Clock) -> BeaconStatement | None:
    """Return the statement on a beacon of a closed epoch.

    None when there is nothing to judge again: a late report, or one that names another network's entropy.
    """
    assert verdict.poc_id is not None
    poc = await oracle.judge.inputs_of(verdict.poc_id)
    beacon = await oracle.reports.get(BEACON, verdict.poc_id)
    if poc is None or beacon is None or poc.entropy is None:
        return None
    witnesses = [await _stored(oracle, witness.report_id) for witness in poc.witnesses]
    manifest = await oracle.manifest(verdict.epoch)
    registrations, locations = _records(oracle, poc)
    statement = statement_of(
        poc,
        judge_poc(poc),
        beacon_body=beacon.body,
        witness_bodies=[witness.body for witness in witnesses],
        owners={row.gateway: row.owner for row in oracle.registry.registrations()},
        network=oracle.network.network,
        profile_hash=bytes.fromhex(oracle.network.profile_hash),
        engine=ENGINE_VERSION,
        rule_set=verdict.rule_set,
        epoch=verdict.epoch,
        manifest_hash=manifest.hash if manifest is not None else None,
    )
    with clock.hold("oracle: sign a statement"):
        signed = await asyncio.to_thread(sign_statement, statement, oracle.signer)
    return BeaconStatement(
        gateway=verdict.gateway,
        statement=signed,
        witness_reports=tuple([await _received(oracle, witness) for witness in witnesses]),
        registrations=registrations,
        locations=locations,
    )


async def _stored(oracle: EmbeddedOracle, report_id: bytes) -> StoredReport:
    report = await oracle.reports.get(WITNESS, report_id)
    assert report is not None  # inputs_of names stored reports only
    return report


async def _received(oracle: EmbeddedOracle, report: StoredReport) -> bytes | SessionSigned:
    session = await oracle.reports.session(report.session_id) if report.session_id is not None else None
    if session is None:
        return report.body
    return SessionSigned(body=report.body, nonce=session.nonce, init=session.init)


def _records(oracle: EmbeddedOracle, poc: PocInput) -> tuple[tuple[SignedRecord, ...], tuple[SignedRecord, ...]]:
    """Return the owner-signed records of every registered hotspot in the proof, each once, in order of key."""
    gateways = {poc.beacon.report.pub_key} | {witness.report.pub_key for witness in poc.witnesses}
    rows = [row for row in oracle.registry.registrations() if row.gateway in gateways]
    registrations = tuple(
        SignedRecord(record=row.record, gateway_signature=row.gateway_signature, owner_signature=row.owner_signature)
        for row in rows
    )
    locations = tuple(
        SignedRecord(record=row.record, owner_signature=row.owner_signature)
        for gateway in sorted(gateways)
        for row in oracle.registry.assertions(gateway)
    )
    return registrations, locations
