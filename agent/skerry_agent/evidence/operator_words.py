"""What an oracle in the same process says of a beacon: its stored judgement, signed, with all that it rests on.

Called by the embedded operator when an epoch closes; `record_words` keeps the result in a hotspot's evidence log.
"""

import asyncio
from collections.abc import Iterable, Sequence

from skerry_agent.evidence.export import export_beacons
from skerry_agent.evidence.log import EvidenceLog
from skerry_agent.evidence.verdicts import OperatorWords, ReceivedReport, SessionProof, record_words
from skerry_core import __version__
from skerry_coverage.bundle import container
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.state import statement_of
from skerry_coverage.bundle.statement import sign_statement
from skerry_coverage.iot.judge import PocInput, judge_poc
from skerry_coverage.profile.model import Profile
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.judge import JudgedInputs
from skerry_oracle.store.reports import BEACON, WITNESS, StoredReport

__all__ = ["prove_beacon", "words_on"]


async def prove_beacon(
    oracle: EmbeddedOracle, logs: Sequence[EvidenceLog], poc_id: bytes, *, profile: Profile
) -> bytes | None:
    """Return a bundle file that proves a judged beacon, from the logs of the hotspots of this process.

    The oracle's words go into the log of the hotspot that sent the beacon, and what is new in every log is sealed.
    None where the oracle has nothing to say, or the beacon came from a hotspot without a log here. Raises `NotSealed`
    before the clock was synchronised.
    """
    words = await words_on(oracle, poc_id)
    beacon = await oracle.reports.get(BEACON, poc_id)
    home = next((log for log in logs if beacon is not None and log.agent == beacon.gateway), None)
    if words is None or home is None:
        return None
    recorded = await record_words(home, words, link="process", source=f"oracle of {oracle.network.network}")
    for log in logs:
        await log.seal()
    bundle = await export_beacons(
        [home, *(log for log in logs if log is not home)], [recorded.beacon.id], profile=profile_bytes(profile)
    )
    return container.pack(bundle.to_map())


async def words_on(oracle: EmbeddedOracle, poc_id: bytes) -> OperatorWords | None:
    """Return the oracle's signed words on a proof (a beacon's report id), with the manifest's hash once there is one.

    None where there is nothing to say: no verdict yet, a late report, a copy of another report, unknown entropy.
    """
    beacon = await oracle.reports.get(BEACON, poc_id)
    verdict = await oracle.verdicts.get(BEACON, poc_id)
    poc = await oracle.judge.inputs_of(poc_id)
    if beacon is None or verdict is None or poc is None or poc.entropy is None or beacon.is_copy:
        return None
    witnesses = await _witnesses(oracle, verdict.inputs)
    manifest = await oracle.manifest(verdict.epoch)
    statement = statement_of(
        poc,
        judge_poc(poc),
        beacon_body=beacon.body,
        witness_bodies=[witness.body for witness in witnesses],
        owners=_owners(oracle, poc),
        network=oracle.network.network,
        profile_hash=bytes.fromhex(oracle.network.profile_hash),
        engine=f"skerry {__version__}",
        rule_set=verdict.rule_set,
        epoch=verdict.epoch,
        manifest_hash=manifest.hash if manifest else None,
    )
    with oracle.clock.hold("evidence: sign a statement"):
        signed = await asyncio.to_thread(sign_statement, statement, oracle.signer)
    return OperatorWords(
        statement=signed,
        beacon=await _received(oracle, beacon),
        witnesses=tuple([await _received(oracle, witness) for witness in witnesses]),
        registrations=tuple(_registrations(oracle, poc.registry)),
        locations=tuple(_locations(oracle, poc)),
    )


async def _witnesses(oracle: EmbeddedOracle, inputs: bytes) -> list[StoredReport]:
    found = [await oracle.reports.get(WITNESS, report_id) for report_id in JudgedInputs.from_bytes(inputs).witnesses]
    return [report for report in found if report is not None]


async def _received(oracle: EmbeddedOracle, report: StoredReport) -> ReceivedReport:
    session = None if report.session_id is None else await oracle.reports.session(report.session_id)
    if session is None:
        return ReceivedReport(body=report.body)
    return ReceivedReport(body=report.body, session=SessionProof(nonce=session.nonce, init=session.init))


def _owners(oracle: EmbeddedOracle, poc: PocInput) -> dict[bytes, bytes]:
    owners = {gateway: oracle.registry.owner_of(gateway) for gateway in poc.registry}
    return {gateway: owner for gateway, owner in owners.items() if owner is not None}


def _registrations(oracle: EmbeddedOracle, gateways: Iterable[bytes]) -> list[SignedRecord]:
    wanted = frozenset(gateways)
    return [
        SignedRecord(record=row.record, owner_signature=row.owner_signature, gateway_signature=row.gateway_signature)
        for row in oracle.registry.registrations()
        if row.gateway in wanted
    ]


def _locations(oracle: EmbeddedOracle, poc: PocInput) -> list[SignedRecord]:
    """Return the owner's assertion in force for each hotspot when the beacon came."""
    found = []
    for gateway in poc.registry:
        hotspot = oracle.registry.hotspot_at(gateway, poc.beacon.received_ms)
        if hotspot is not None and hotspot.location is not None:
            place = hotspot.location
            found.append(SignedRecord(record=place.record, owner_signature=place.owner_signature))
    return found
