"""The demo's summary says what was good, what was missed, and that the tokens are worth nothing."""

from dataclasses import replace
from pathlib import Path

from skerry_agent.demo.frauds import EXPECTED, Caught
from skerry_agent.demo.result import DemoResult
from skerry_agent.demo.words import summary

RESULT = DemoResult(
    seed=7, hotspots=12, epochs=1, beacons={"valid": 70, "entropy_expired": 1}, witnesses_valid=500,
    witnesses_invalid={"bad_signature": 1},
    frauds=tuple(Caught(fraud=name, reason=reason, reports=2) for name, reason in EXPECTED.items()),
    paid={"demo-IOT": 2_968_036_529_669, "demo-HNT": 0}, dc_burned=369, packets_carried=141,
    packets_delivered=141, captured_datagrams=18,
    ledger_matches_chain=True, manifest_hash="23da", oracle_key="14qN", bundle=Path("proof.skp"),
    map_png=Path("map.png"), wall_s=12.0, peak_rss_mb=235,
)  # fmt: skip


def test_a_good_run_reads_well() -> None:
    text = summary(RESULT, Path("kept"))
    assert RESULT.is_good
    assert "TEST TOKENS, worth nothing" in text
    assert text.count("  caught  ") == 4
    assert "2,968,036.529669 demo-IOT" in text
    assert "demo-HNT" not in text
    assert "equals the chain to the last unit" in text
    assert "proof verify proof.skp --trust 14qN" in text
    assert "--dir kept run" in text


def test_a_missed_fraud_and_books_that_differ_are_said_and_make_the_run_bad() -> None:
    missed = (*RESULT.frauds[1:], Caught(fraud="too_close", reason=None, reports=1))
    bad = replace(RESULT, frauds=missed, ledger_matches_chain=False, differences=("owner x: 1 too few",))
    text = summary(bad, None)
    assert not bad.is_good
    assert "MISSED" in text
    assert "it counted" in text
    assert "DIFFERS" in text
    assert "1 too few" in text
    assert not replace(RESULT, bundle=None).is_good
    assert not replace(RESULT, packets_delivered=140).is_good
    assert not replace(RESULT, frauds=(Caught(fraud="forged", reason="bad_signature", reports=0),)).is_good


def test_the_json_form_always_says_that_the_tokens_are_for_tests() -> None:
    told = RESULT.to_json()
    assert told["test_tokens"] is True
    assert told["witnesses"] == {"valid": 500, "invalid": {"bad_signature": 1}}
    assert told["frauds"]["forged"] == {"reason": "bad_signature", "reports": 2}
