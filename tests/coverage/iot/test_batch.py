from skerry_coverage.iot.batch import StoredPoc, StoredReport, judge_stored
from skerry_coverage.iot.judge import PocVerdict, judge_poc
from skerry_coverage.iot.registry import KeptTimes
from skerry_testing.poc import START_S, Neighbourhood
from skerry_testing.poc_day import judging_rates, stored, stored_day

INTERVAL_S = 21_600


def summary(verdict: PocVerdict) -> list[tuple[bytes, int, str | None]]:
    return [
        (one.witness.report.pub_key, one.position, one.judgement.reason)
        for one in (*verdict.selected, *verdict.unselected)
    ]


def test_judging_from_stored_bytes_repeats_the_live_verdicts() -> None:
    town = Neighbourhood(6)
    live_times: dict[bytes, KeptTimes] = {}
    live, pocs = [], []
    for turn in range(12):
        town.times = live_times
        poc = town.poc([i for i in range(6) if i != turn % 6], beaconer=turn % 6, at_s=START_S + turn * INTERVAL_S // 6)
        verdict = judge_poc(poc)
        live_times.update(verdict.times)
        live.append(verdict)
        pocs.append(stored(poc))
    times: dict[bytes, KeptTimes] = {}
    again = list(
        judge_stored(pocs, registry=town.registry, denylist=town.denylist, times=times, parameters=town.parameters)
    )
    assert times == live_times
    assert {verdict.beacon.reason for verdict in live} == {None, "gateway_no_valid_witnesses"}
    for one, verdict in zip(again, live, strict=True):
        assert one.refused == ()
        assert one.verdict is not None
        assert (one.verdict.poc_id, one.verdict.beacon) == (verdict.poc_id, verdict.beacon)
        assert summary(one.verdict) == summary(verdict)


def test_a_forged_report_never_reaches_the_rules() -> None:
    town = Neighbourhood(3)
    town.everybody_known(START_S * 1000)
    poc = stored(town.poc([1, 2]))
    forged = StoredReport(raw=poc.witnesses[0].raw, signer=town.key(2), received_ms=poc.witnesses[0].received_ms)
    noise = StoredReport(raw=b"\xff\xff", signer=town.key(2), received_ms=1)
    tampered = StoredPoc(beacon=poc.beacon, witnesses=[forged, noise, poc.witnesses[1]], entropy=poc.entropy)
    (one,) = judge_stored(
        [tampered],
        registry=town.registry,
        denylist=town.denylist,
        times=dict(town.times),
        parameters=town.parameters,
    )
    assert [refusal.reason for refusal in one.refused] == ["bad_signature", "invalid_packet"]
    assert one.verdict is not None
    assert len(one.verdict.selected) == 1


def test_a_forged_beacon_has_no_verdict() -> None:
    town = Neighbourhood(2)
    poc = stored(town.poc([1]))
    forged = StoredPoc(
        beacon=StoredReport(raw=poc.beacon.raw, signer=town.key(1), received_ms=poc.beacon.received_ms),
        witnesses=poc.witnesses,
        entropy=poc.entropy,
    )
    (one,) = judge_stored(
        [forged], registry=town.registry, denylist=town.denylist, times={}, parameters=town.parameters
    )
    assert one.verdict is None
    assert [refusal.reason for refusal in one.refused] == ["bad_signature"]


def test_a_stored_day_is_judged_whole_and_both_rates_are_measured() -> None:
    town = Neighbourhood(5)
    day = stored_day(town)
    assert len(day) == 20
    rates = judging_rates(town, day)
    assert rates.reports == 100
    assert rates.share > 0
