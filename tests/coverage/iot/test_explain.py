from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.explain import explain_poc
from skerry_coverage.iot.judge import Pairs, PocInput, ReceivedBeacon, ReceivedWitness, judge_poc
from skerry_coverage.iot.registry import Asserted, Gateway, KeptTimes
from skerry_coverage.iot.rules import RuleResult
from skerry_testing.poc import START_S, Neighbourhood

CELLS = [0x8C3F304E42E4BFF, 0x8C3F3051D7339FF, 0x8B3F304E438BFFF, 0x8C2A107289061FF, 0x8A3F304E42E7FFF]
NOW_MS = START_S * 1000
HOUR_MS = 3_600_000

places = st.builds(
    Asserted,
    cell=st.sampled_from(CELLS),
    region=st.sampled_from(["EU868", "US915", "UNKNOWN"]),
    gain_ddbi=st.integers(-50, 200),
)
gateways = st.builds(Gateway, full=st.booleans(), asserted=st.none() | places)
moments = st.none() | st.integers(NOW_MS - 60 * HOUR_MS, NOW_MS)
kept_times = st.builds(KeptTimes, last_beacon_ms=moments, last_witness_ms=moments, last_beacon_reciprocity_ms=moments)


@st.composite
def proofs(draw: st.DrawFn) -> PocInput:
    """Proofs with anything wrong in them, alone and together."""
    town = Neighbourhood(4)
    town.everybody_known(NOW_MS)
    for index in range(town.count):
        if draw(st.integers(0, 3)) == 0:
            town.registry[town.key(index)] = draw(gateways)
        if draw(st.integers(0, 3)) == 0:
            town.times[town.key(index)] = draw(kept_times)
    if draw(st.integers(0, 4)) == 0:
        del town.registry[town.key(draw(st.integers(0, 3)))]
    if draw(st.integers(0, 4)) == 0:
        denied = draw(st.sampled_from([None, ExplicitDenylist.of(tag=3, keys=[town.key(1)])]))
        town.denylist = denied
    poc = town.poc(draw(st.lists(st.integers(0, 3), max_size=5)))
    if draw(st.integers(0, 3)) == 0:
        poc.beacon.report.frequency += draw(st.sampled_from([0, 1, 200_000]))
    for witness in poc.witnesses:
        if draw(st.integers(0, 2)) == 0:
            witness.report.signal = draw(st.integers(-1400, 0))
            witness.report.frequency += draw(st.sampled_from([0, 99_000, 150_000]))
    beacon = ReceivedBeacon(
        report=poc.beacon.report, received_ms=poc.beacon.received_ms + draw(st.sampled_from([0, -3000, 200_000]))
    )
    witnesses = [
        ReceivedWitness(
            report=one.report, received_ms=one.received_ms + draw(st.sampled_from([0, 0, 1600, 5000, 190_000]))
        )
        for one in poc.witnesses
    ]
    entropy = draw(st.sampled_from([poc.entropy, poc.entropy, poc.entropy, None]))
    parameters = replace(poc.parameters, reciprocity_required=draw(st.booleans()))
    return replace(poc, beacon=beacon, witnesses=witnesses, entropy=entropy, parameters=parameters)


def decided(lines: tuple[RuleResult, ...]) -> tuple[str | None, str | None]:
    """The rule and reason that an explanation names as the verdict's."""
    return next(((line.rule, line.reason) for line in lines if line.decided), (None, None))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(proofs())
def test_verdict_and_explanation_agree(poc: PocInput) -> None:
    verdict, explanation = judge_poc(poc), explain_poc(poc)
    assert explanation.verdict == verdict
    assert decided(explanation.beacon) == (verdict.beacon.rule, verdict.beacon.reason)
    assert verdict.beacon.valid == all(line.passed for line in explanation.beacon)
    judged = {one.position: one for one in (*verdict.selected, *verdict.unselected)}
    for one in explanation.witnesses:
        if one.position in judged:
            assert one.judgement == judged[one.position].judgement
        if one.side == "witness":
            assert decided(one.rules) == (one.judgement.rule, one.judgement.reason)
        elif one.side is None:
            assert all(line.passed for line in one.rules)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(proofs())
def test_knowing_good_pairs_never_changes_a_verdict(poc: PocInput) -> None:
    pairs: Pairs = set()
    first = judge_poc(poc, good_pairs=pairs)
    assert first == judge_poc(poc, good_pairs=pairs) == judge_poc(poc)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(proofs())
def test_margins_are_negative_exactly_when_a_check_fails(poc: PocInput) -> None:
    explanation = explain_poc(poc)
    lines = [*explanation.beacon, *(line for one in explanation.witnesses for line in one.rules)]
    for line in lines:
        if line.measure is not None and line.measure.margin is not None:
            assert line.passed == (line.measure.margin >= 0), line
        assert (line.reason is None) == (line.passed is not False)
