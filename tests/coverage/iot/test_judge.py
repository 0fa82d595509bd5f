from dataclasses import replace

import pytest

from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.iot.judge import PocInput, PocVerdict, ReceivedWitness, judge_poc
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_testing.poc import START_S, Neighbourhood


@pytest.fixture
def town() -> Neighbourhood:
    neighbourhood = Neighbourhood(18)
    neighbourhood.everybody_known(START_S * 1000)
    return neighbourhood


def reasons(verdict: PocVerdict) -> list[str | None]:
    return [one.judgement.reason for one in verdict.unselected]


def test_a_correct_proof_is_valid_with_all_its_witnesses(town: Neighbourhood) -> None:
    verdict = judge_poc(town.poc([1, 2, 3]))
    assert verdict.beacon.valid
    assert [one.witness.report.pub_key for one in verdict.selected] == [town.key(1), town.key(2), town.key(3)]
    assert verdict.unselected == ()


def test_only_the_first_fourteen_by_receive_time_are_selected(town: Neighbourhood) -> None:
    poc = town.poc(list(range(1, 17)))
    verdict = judge_poc(replace(poc, witnesses=tuple(reversed(poc.witnesses))))
    assert [one.position for one in verdict.selected] == list(range(14))
    assert [one.position for one in verdict.unselected] == [14, 15]
    assert reasons(verdict) == [None, None]


def test_a_replayed_report_is_a_duplicate_and_paid_once(town: Neighbourhood) -> None:
    poc = town.poc([1, 2])
    again = ReceivedWitness(report=poc.witnesses[0].report, received_ms=poc.witnesses[1].received_ms + 5)
    verdict = judge_poc(replace(poc, witnesses=[*poc.witnesses, again]))
    assert len(verdict.selected) == 2
    assert reasons(verdict) == ["duplicate"]


def test_a_replayed_beacon_uses_its_interval_only_once(town: Neighbourhood) -> None:
    poc = town.poc([1])
    first = judge_poc(poc)
    second = judge_poc(replace(poc, times={**town.times, **first.times}))
    assert second.beacon.reason == "irregular_interval"
    assert reasons(second) == ["irregular_interval"]
    assert [one.side for one in second.unselected] == ["beaconer"]


def test_neighbours_that_stand_too_close_do_not_count(town: Neighbourhood) -> None:
    beaconer = town.registry[town.key(0)].asserted
    assert beaconer is not None
    town.registry[town.key(1)] = Gateway(full=True, asserted=beaconer)
    assert reasons(judge_poc(town.poc([1]))) == ["below_min_distance"]


def test_a_hotspot_that_is_not_admitted_is_not_found(town: Neighbourhood) -> None:
    del town.registry[town.key(1)]
    assert reasons(judge_poc(town.poc([1]))) == ["gateway_not_found"]
    del town.registry[town.key(0)]
    verdict = judge_poc(town.poc([2]))
    assert verdict.beacon.reason == "gateway_not_found"
    assert verdict.times == {}


def test_a_report_of_the_own_beacon_vanishes_from_the_verdict(town: Neighbourhood) -> None:
    verdict = judge_poc(town.poc([0, 1]))
    assert len(verdict.selected) == 1
    assert verdict.unselected == ()


def test_without_a_denylist_everything_is_denied(town: Neighbourhood) -> None:
    town.denylist = None
    verdict = judge_poc(town.poc([1]))
    assert (verdict.beacon.reason, verdict.denylist_tag) == ("denied", "0")


def test_a_denied_pair_is_refused_with_the_lists_tag(town: Neighbourhood) -> None:
    town.denylist = ExplicitDenylist.of(tag=9, edges=[(town.key(1), town.key(0))])
    verdict = judge_poc(town.poc([1, 2]))
    assert [(one.judgement.reason, one.denylist_tag) for one in verdict.unselected] == [("denied_edge", "9")]


def test_entropy_of_another_network_is_refused(town: Neighbourhood) -> None:
    poc = town.poc([1])
    assert judge_poc(replace(poc, entropy=None)).beacon.reason == "bad_entropy"
    assert judge_poc(replace(poc, entropy=town.entropy(START_S + 60))).beacon.reason == "bad_entropy"


def test_a_beaconer_that_never_witnessed_fails_together_with_all_its_witnesses(town: Neighbourhood) -> None:
    town.times = {}
    verdict = judge_poc(town.poc([0, 1]))
    assert verdict.beacon.reason == "gateway_no_valid_witnesses"
    assert reasons(verdict) == ["gateway_no_valid_witnesses"] * 2
    assert verdict.times[town.key(1)].last_witness_ms is not None


def test_another_region_is_refused_before_the_distance_is_looked_at(town: Neighbourhood) -> None:
    town.registry[town.key(1)] = Gateway(
        full=True, asserted=Asserted(cell=0x8C2A107289061FF, region="US915", gain_ddbi=12)
    )
    assert reasons(judge_poc(town.poc([1]))) == ["invalid_region"]


def test_a_beacon_without_reports_does_not_count_as_heard(town: Neighbourhood) -> None:
    verdict = judge_poc(town.poc([]))
    before = town.times[town.key(0)].last_beacon_reciprocity_ms
    assert verdict.beacon.valid
    assert verdict.times[town.key(0)].last_beacon_reciprocity_ms == before


def test_equal_inputs_give_equal_verdicts(town: Neighbourhood) -> None:
    poc: PocInput = town.poc([1, 2, 3])
    assert judge_poc(poc) == judge_poc(poc)
