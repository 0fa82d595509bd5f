"""From sound reports and statements to proofs: recomputed verdicts and the level each beacon reaches. For `verify`."""

from collections import defaultdict
from collections.abc import Sequence

from skerry_core.clock import NS_PER_S
from skerry_coverage.bundle.known import Known
from skerry_coverage.bundle.profile import BundledProfile
from skerry_coverage.bundle.recompute import compare, input_of_reports, input_of_statement
from skerry_coverage.bundle.report import Level, OperatorWord, Proof, VerificationReport
from skerry_coverage.bundle.reports import BeaconSeen, Reports, WitnessSeen
from skerry_coverage.bundle.statements import OperatorSays
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.iot.explain import Explanation, explain_poc
from skerry_coverage.iot.judge import PocInput, WitnessVerdict
from skerry_coverage.iot.parameters import PocParameters
from skerry_keys.animal_name import animal_name
from skerry_keys.public_key import PublicKey

__all__ = ["MAX_JUDGED", "judge_beacons"]

MAX_JUDGED = (
    100_000  # some ten seconds; beacons of one payload share witnesses, so that a small file could ask for more
)


def judge_beacons(
    reports: Reports,
    statements: Sequence[OperatorSays],
    known: Known,
    *,
    profile: BundledProfile,
    report: VerificationReport,
) -> None:
    """Judge every beacon of a bundle and add its proof to the report."""
    best: dict[bytes, OperatorSays] = {}
    for one in statements:
        if one.beacon.hash not in best or best[one.beacon.hash].weight < one.weight:
            best[one.beacon.hash] = one
    heard: defaultdict[bytes, list[WitnessSeen]] = defaultdict(list)
    for witness in reports.witnesses.values():
        heard[witness.report.data].append(witness)
    judged = 0
    for beacon in reports.beacons.values():
        says = best.get(beacon.hash)
        judged += 1 + len(heard[beacon.report.data])
        if judged > MAX_JUDGED:
            report.fail("too_large", "bundle", f"more than {MAX_JUDGED} reports would have to be judged")
            return
        where = f"beacon {beacon.entry_id.hex()[:16]}"
        try:
            rules = _rules(profile, beacon, says)
            poc = _input(beacon, heard[beacon.report.data], says, known, rules)
        except EvidenceRejected as error:
            report.fail("bad_rules", where, error.detail)
            continue
        explanation = explain_poc(poc)
        if says is not None:
            _check_verdicts(says, explanation, where, report)
        proof = _proof(beacon, poc, explanation, says, known)
        report.proofs.append(proof)
        if proof.reason is not None:
            detail = f"the rules refuse this beacon: {proof.reason}; it proves no coverage"
            report.fail("beacon_invalid", where, detail)


def _rules(profile: BundledProfile, beacon: BeaconSeen, says: OperatorSays | None) -> PocParameters:
    """Return the rules of the beacon's time: as the operator received it, else as the hotspot says."""
    if says is None:
        return profile.parameters(None, beacon.report.timestamp // NS_PER_S)
    return profile.parameters(says.statement.rule_set, says.statement.beacon.received_ms // 1000)


def _input(
    beacon: BeaconSeen, heard: list[WitnessSeen], says: OperatorSays | None, known: Known, parameters: PocParameters
) -> PocInput:
    if says is not None:
        return input_of_statement(says.statement, beacon, says.witnesses, parameters)
    return input_of_reports(beacon, heard, known, parameters)


def _check_verdicts(says: OperatorSays, explanation: Explanation, where: str, report: VerificationReport) -> None:
    mismatches = compare(says.statement, says.witnesses, explanation.verdict, says.beacon.report.pub_key)
    for mismatch in mismatches:
        detail = (
            f"gateway {mismatch.gateway.hex()[:16]}: the operator says '{mismatch.stated}', "
            f"the rules give '{mismatch.recomputed}'"
        )
        report.fail("verdict_mismatch", where, detail)
    if not mismatches:
        report.checks["recomputed verdicts"] += 1 + len(says.witnesses)


def _proof(
    beacon: BeaconSeen, poc: PocInput, explanation: Explanation, says: OperatorSays | None, known: Known
) -> Proof:
    import base64

    gateway = beacon.report.pub_key
    verdict = explanation.verdict
    judged = [*verdict.selected, *verdict.unselected]
    valid = [one for one in judged if one.valid]
    owners = _other_owners(gateway, valid, known)
    address = PublicKey(gateway).address
    place = poc.registry.get(gateway)
    cell = f"{place.asserted.cell:x}" if place is not None and place.asserted is not None else None
    return Proof(
        beacon_id=base64.b64encode(beacon.report.data).decode(),
        gateway=address,
        gateway_name=animal_name(address),
        cell=cell,
        reason=verdict.beacon.reason,
        witnesses_valid=len(valid),
        witnesses_invalid=len(poc.witnesses) - len(valid),
        witness_owners=len(owners),
        level=_level(verdict.beacon.reason, owners, says),
        operator=_operator(says),
        explanation=explanation,
    )


def _other_owners(gateway: bytes, valid: Sequence[WitnessVerdict], known: Known) -> set[bytes]:
    """Return the owners of valid witnesses by records that gateway and owner signed, the beacon's own left out."""
    owner = known.owner(gateway)
    owners = {known.owner(one.witness.report.pub_key) for one in valid}
    return set() if owner is None else {other for other in owners if other is not None and other != owner}


def _level(reason: str | None, owners: set[bytes], says: OperatorSays | None) -> Level:
    if reason is not None:
        return Level.NOTHING
    if not owners:
        return Level.SELF_CLAIMED
    return Level.ORACLE_VERIFIED if says is not None and says.is_trusted else Level.MUTUALLY_WITNESSED


def _operator(says: OperatorSays | None) -> OperatorWord | None:
    if says is None:
        return None
    manifest = says.statement.manifest_hash
    return OperatorWord(
        signer=_address(says.signer),
        is_trusted=says.is_trusted,
        rule_set=says.statement.rule_set,
        epoch=says.statement.epoch,
        manifest_hash=None if manifest is None else manifest.hex(),
        unshown_witnesses=says.missing,
    )


def _address(key: bytes) -> str:
    return PublicKey(key).address
