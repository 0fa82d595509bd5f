"""Says rule by rule why a beacon or a witness report got its verdict; recomputed on demand from the stored inputs."""

from dataclasses import dataclass

from skerry_coverage.iot.beacon_rules import BEACON_RULES
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedWitness, beacon_facts, judge_poc, witness_facts
from skerry_coverage.iot.reciprocity import BEACON_RECIPROCITY, WITNESS_RECIPROCITY, reciprocity_measure
from skerry_coverage.iot.registry import KeptTimes
from skerry_coverage.iot.rules import Fault, Judgement, RuleResult, explain_rules
from skerry_coverage.iot.witness_rules import WITNESS_RULES

__all__ = ["Explanation", "WitnessExplanation", "explain_poc"]

_RECIPROCITY_SOURCE = "HIP-106, iot-poc 4.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessExplanation:
    """Every rule's line for one witness report; `position` is its place in order of receipt."""

    position: int
    report_id: bytes
    public_key: bytes
    judgement: Judgement
    side: str | None
    selected: bool
    rules: tuple[RuleResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Every rule's line for a beacon and its witnesses. Witness rules are judged even when the beacon failed."""

    verdict: PocVerdict
    beacon: tuple[RuleResult, ...]
    witnesses: tuple[WitnessExplanation, ...]


def explain_poc(poc: PocInput) -> Explanation:
    """Repeat a judgement and return every rule's line; needs the inputs exactly as they were."""
    verdict = judge_poc(poc)
    return Explanation(verdict=verdict, beacon=_beacon_lines(poc, verdict), witnesses=_witness_lines(poc, verdict))


def _kept(poc: PocInput, verdict: PocVerdict, key: bytes) -> KeptTimes:
    return verdict.times.get(key) or poc.times.get(key) or KeptTimes()


def _beacon_lines(poc: PocInput, verdict: PocVerdict) -> tuple[RuleResult, ...]:
    lines = explain_rules(BEACON_RULES, beacon_facts(poc))
    if poc.parameters.reciprocity_required:
        table_passed = all(line.passed for line in lines)
        failed = verdict.beacon.rule == BEACON_RECIPROCITY
        last_ms = _kept(poc, verdict, poc.beacon.report.pub_key).last_witness_ms
        measure = reciprocity_measure(last_ms, poc.beacon.received_ms, poc.parameters, Fault.BEACONER)
        lines.append(
            RuleResult(
                rule=BEACON_RECIPROCITY,
                passed=not failed if table_passed else None,
                reason=verdict.beacon.reason if failed else None,
                measure=measure if table_passed else None,
                decided=failed,
                source=_RECIPROCITY_SOURCE,
            )
        )
    return tuple(lines)


def _witness_lines(poc: PocInput, verdict: PocVerdict) -> tuple[WitnessExplanation, ...]:
    beacon = beacon_facts(poc)
    if beacon.place is None or beacon.entropy is None:
        return ()  # no distances, no window: nothing about the witnesses can be judged
    given = {one.position: one for one in (*verdict.selected, *verdict.unselected)}
    selected = {one.position for one in verdict.selected}
    reports, seen, result = poc.by_receive_time(), set[bytes](), []
    for position, witness in enumerate(reports):
        key = witness.report.pub_key
        facts = witness_facts(poc, beacon, witness, first_ms=reports[0].received_ms, already_reported=key in seen)
        seen.add(key)
        lines = explain_rules(WITNESS_RULES, facts)
        one = given.get(position)  # None: a self-witness, which is dropped from the verdict
        judgement = one.judgement if one else Judgement(rule="another hotspot", reason="self_witness")
        if poc.parameters.reciprocity_required:
            lines.append(_reciprocity_line(poc, verdict, witness, judgement, lines))
        result.append(
            WitnessExplanation(
                position=position,
                report_id=witness.report_id,
                public_key=key,
                judgement=judgement,
                side=one.side if one else "witness",
                selected=position in selected,
                rules=tuple(lines),
            )
        )
    return tuple(result)


def _reciprocity_line(
    poc: PocInput, verdict: PocVerdict, witness: ReceivedWitness, judgement: Judgement, lines: list[RuleResult]
) -> RuleResult:
    judged = verdict.beacon.valid and all(line.passed for line in lines)
    failed = judgement.rule == WITNESS_RECIPROCITY
    last_ms = _kept(poc, verdict, witness.report.pub_key).last_beacon_reciprocity_ms
    return RuleResult(
        rule=WITNESS_RECIPROCITY,
        passed=not failed if judged else None,
        reason=judgement.reason if failed else None,
        measure=reciprocity_measure(last_ms, witness.received_ms, poc.parameters, Fault.WITNESS) if judged else None,
        decided=failed,
        source=_RECIPROCITY_SOURCE,
    )
