"""Verification of whole bundles: the level they reach, and that every lie is named."""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_coverage.bundle import container
from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.bundle.model import Bundle, OpenedEntry
from skerry_coverage.bundle.profile import profile_bytes
from skerry_coverage.bundle.report import Level, VerificationReport
from skerry_coverage.bundle.statement import StatedReport
from skerry_coverage.bundle.verify import verify_bundle
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.profile.loader import load_profile
from skerry_testing.bundle import ORACLE, Neighbourhood, record_of
from skerry_testing.evidence import signer_of

TRUSTED = (ORACLE.public_key,)


def verified(untrusted: bytes | Bundle, *, trusted: tuple[bytes, ...] = TRUSTED) -> VerificationReport:
    packed = container.pack(untrusted.to_map()) if isinstance(untrusted, Bundle) else untrusted
    return verify_bundle(packed, trusted_keys=trusted)


def codes(report: VerificationReport) -> set[str]:
    return {failure.code for failure in report.failures}


def judged(**setting: Any) -> Neighbourhood:
    made = Neighbourhood(**setting)
    made.add_statement()
    return made


def test_an_honest_bundle_reaches_the_highest_level() -> None:
    report = verified(judged().packed())
    assert report.failures == []
    assert report.is_intact
    (proof,) = report.proofs
    assert (proof.level, proof.witnesses_valid, proof.witnesses_invalid, proof.witness_owners) == (
        Level.ORACLE_VERIFIED,
        3,
        0,
        3,
    )
    assert proof.operator is not None
    assert proof.operator.is_trusted
    assert all(line.passed for line in proof.explanation.beacon)
    assert report.checks["recomputed verdicts"] == 4
    assert report.cid.startswith("bafyrei")


def test_without_trust_in_the_operator_the_level_is_lower_and_says_so() -> None:
    report = verified(judged().packed(), trusted=())
    assert report.is_intact
    assert report.level is Level.MUTUALLY_WITNESSED
    assert report.proofs[0].operator is not None
    assert not report.proofs[0].operator.is_trusted
    assert any("no operator on your trust list" in sentence for sentence in report.not_proved)


def test_without_a_statement_the_hotspots_own_words_are_judged() -> None:
    report = verified(Neighbourhood().packed())
    assert report.is_intact
    assert report.level is Level.MUTUALLY_WITNESSED
    assert report.proofs[0].operator is None
    assert any("without an operator's statement" in sentence for sentence in report.not_proved)


def test_witnesses_of_the_same_owner_prove_nothing_mutual() -> None:
    report = verified(judged(owners=(0, 0, 0)).packed())
    assert report.is_intact
    assert report.proofs[0].witnesses_valid == 2
    assert report.level is Level.SELF_CLAIMED


def test_what_is_not_proved_is_always_said() -> None:
    said = " ".join(verified(judged().packed()).not_proved)
    for words in ("locations", "invented reception", "different people", "Semtech UDP", "clocks", "test tokens"):
        assert words in said


def test_a_session_signed_report_is_walked_back_to_the_gateway() -> None:
    report = verified(judged(sessions=True).packed())
    assert report.is_intact
    assert report.checks["session-signed reports"] == 1


def hidden(kind: EntryKind) -> Bundle:
    """Return a bundle in which all entries of a kind are left out."""
    made = judged(sessions=True)
    return made.bundle(shown={entry.seq for entry in made.log.entries if entry.kind != kind})


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (EntryKind.SESSION_OFFER, "bad_session_nonce"),
        (EntryKind.SESSION_INIT, "bad_report_signature"),
        (EntryKind.BEACON_REPORT, "no_beacon"),
    ],
)
def test_what_a_proof_cannot_do_without_is_missed(kind: EntryKind, code: str) -> None:
    assert code in codes(verified(hidden(kind)))


def test_without_the_witness_reports_only_the_beacon_itself_is_proved() -> None:
    report = verified(hidden(EntryKind.WITNESS_REPORT))
    assert report.failures == []
    assert report.level is Level.SELF_CLAIMED
    operator = report.proofs[0].operator
    assert operator is not None
    assert operator.unshown_witnesses == 3
    assert any("judged (3) are not shown" in sentence for sentence in report.not_proved)


def test_a_statement_on_a_beacon_that_is_not_shown_is_named() -> None:
    assert {"missing_report", "no_beacon"} <= codes(verified(hidden(EntryKind.BEACON_REPORT)))


def test_leaving_out_what_is_not_needed_is_no_failure_and_is_said() -> None:
    report = verified(hidden(EntryKind.FRAME))
    assert report.is_intact
    assert report.hidden_entries == 1
    assert any("other entries under the same seals (1)" in sentence for sentence in report.not_proved)


def test_several_seals_of_a_log_are_checked_for_one_history() -> None:
    made = Neighbourhood()
    made.log.seal()
    made.add_statement()
    bundle = made.bundle()
    report = verified(bundle)
    assert report.is_intact
    assert report.checks["seal consistency"] == 1
    (log,) = bundle.logs
    broken = dataclasses.replace(log.segments[1], consistency=())
    assert "bad_consistency" in codes(
        verified(dataclasses.replace(bundle, logs=(dataclasses.replace(log, segments=(log.segments[0], broken)),)))
    )


def with_entry(bundle: Bundle, kind: EntryKind, change: Callable[[OpenedEntry], OpenedEntry]) -> Bundle:
    """Return a bundle with the first entry of a kind changed."""
    (log,) = bundle.logs
    (segment,) = log.segments
    entries = list(segment.entries)
    at = next(at for at, opened in enumerate(entries) if opened.entry().kind == kind)
    entries[at] = change(entries[at])
    changed = dataclasses.replace(log, segments=(dataclasses.replace(segment, entries=tuple(entries)),))
    return dataclasses.replace(bundle, logs=(changed,))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda opened: dataclasses.replace(opened, body=opened.body + b"\x00"), "bad_leaf"),
        (lambda opened: dataclasses.replace(opened, salt=bytes(32)), "bad_leaf"),
        (lambda opened: dataclasses.replace(opened, header=b"\xa0"), "bad_entry"),
        (lambda opened: dataclasses.replace(opened, path=opened.path[:-1]), "bad_inclusion"),
    ],
)
def test_a_changed_entry_is_named(change: Callable[[OpenedEntry], OpenedEntry], code: str) -> None:
    assert code in codes(verified(with_entry(judged().bundle(), EntryKind.BEACON_REPORT, change)))


def test_an_entry_shown_twice_is_named() -> None:
    bundle = judged().bundle()
    (log,) = bundle.logs
    (segment,) = log.segments
    twice = dataclasses.replace(segment, entries=(*segment.entries, segment.entries[0]))
    changed = dataclasses.replace(bundle, logs=(dataclasses.replace(log, segments=(twice,)),))
    assert "duplicate_entry" in codes(verified(changed))
    assert "duplicate_log" in codes(verified(dataclasses.replace(bundle, logs=(log, log))))


def test_a_rewritten_log_under_the_old_seal_is_named() -> None:
    made = judged()
    made.log.seal()
    forged = dataclasses.replace(made.log.entries[-2], body=b"forged")
    made.log.entries[-2] = forged
    assert "bad_chain" in codes(verified(made.bundle()))


def test_a_seal_by_another_key_is_named() -> None:
    made = judged()
    bundle = made.bundle()
    (log,) = bundle.logs
    segment = log.segments[0]
    other = signer_of(77)
    signature = other.sign_evidence("skerry/evidence-seal/1", "skerry-open", segment.seal.digest)
    resealed = dataclasses.replace(segment, seal=dataclasses.replace(segment.seal, signature=signature))
    changed = dataclasses.replace(bundle, logs=(dataclasses.replace(log, segments=(resealed,)),))
    assert {"bad_seal_signature", "no_beacon"} <= codes(verified(changed))


def test_another_network_or_profile_is_named() -> None:
    bundle = judged().bundle()
    named = codes(verified(dataclasses.replace(bundle, network="other")))
    assert {"bad_statement_signature", "bad_record_signature"} <= named
    other = profile_bytes(load_profile("skerry-open"))
    assert "bad_statement_signature" in codes(verified(dataclasses.replace(bundle, profile=other)))
    with pytest.raises(BundleRejected, match="profile"):
        verified(dataclasses.replace(bundle, profile=b"{}"))


def test_rules_of_another_time_or_none_are_named() -> None:
    made = Neighbourhood()
    made.add_statement(made.statement(rule_set="iot/2022-12"))
    report = verified(made.packed())
    assert {"bad_rules", "no_beacon"} == codes(report)
    retired = profile_bytes(load_profile("helium-iot"))
    assert "bad_rules" in codes(verified(dataclasses.replace(Neighbourhood().bundle(), profile=retired)))


def test_a_forged_report_signature_is_named_even_when_the_log_holds_it() -> None:
    made = Neighbourhood()
    body = bytearray(made.witness_bodies[0])
    body[-1] ^= 1
    made.log.add(EntryKind.WITNESS_REPORT, bytes(body))
    assert codes(verified(made.packed())) == {"bad_report_signature"}


def test_bodies_that_do_not_decode_are_named() -> None:
    for kind, code in (
        (EntryKind.WITNESS_REPORT, "bad_report"),
        (EntryKind.REGISTRATION, "bad_body"),
        (EntryKind.ENTROPY, "bad_body"),
        (EntryKind.REGION_ANSWER, "bad_body"),
        (EntryKind.PACKETS, "bad_body"),
        (EntryKind.STATEMENT, "bad_statement"),
    ):
        made = judged()
        made.log.add(kind, b"\xff\xff")
        assert codes(verified(made.packed())) == {code}


def test_a_small_file_cannot_ask_for_endless_judging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_coverage.bundle.judging.MAX_JUDGED", 3)
    assert codes(verified(judged().packed())) == {"too_large", "no_beacon"}


def test_the_newest_of_an_owners_places_counts() -> None:
    made = Neighbourhood()
    moved = record_of(EntryKind.ASSERTION, gateway=made.gateways[1], owner=made.owners[1], cell=made.cells[0], number=2)
    made.log.add(EntryKind.ASSERTION, moved)
    report = verified(made.packed())
    assert report.failures == []
    assert (report.proofs[0].witnesses_valid, report.proofs[0].witnesses_invalid) == (2, 1)


def test_an_unknown_kind_is_no_failure_but_said() -> None:
    made = judged()
    made.log.add("moon_phase", b"full")
    report = verified(made.packed())
    assert report.is_intact
    assert any("moon_phase" in sentence for sentence in report.not_proved)


def edited(made: Neighbourhood, **witness: Any) -> Neighbourhood:
    """Record a statement in which the first witness is described otherwise, soundly signed by the operator."""
    statement = made.statement()
    first: StatedReport = dataclasses.replace(statement.witnesses[0], **witness)
    made.add_statement(dataclasses.replace(statement, witnesses=(first, *statement.witnesses[1:])))
    return made


def test_an_operator_that_contradicts_its_own_rules_is_named() -> None:
    made = edited(Neighbourhood(), reason="bad_rssi", side="witness", selected=False)
    report = verified(made.packed())
    assert "verdict_mismatch" in codes(report)
    assert any("bad_rssi" in failure.detail for failure in report.failures)
    late = edited(Neighbourhood(), received_ms=1_790_000_090_000)
    assert "verdict_mismatch" in codes(verified(late.packed()))


def test_an_operator_that_moves_a_hotspot_or_gives_it_away_is_named() -> None:
    made = Neighbourhood()
    gateway = made.statement().witnesses[0].gateway
    assert gateway is not None
    moved = dataclasses.replace(gateway, cell=f"{made.cells[2]:x}")
    assert "location_mismatch" in codes(verified(edited(Neighbourhood(), gateway=moved).packed()))
    given = dataclasses.replace(gateway, owner=signer_of(3).public_key)
    assert "owner_mismatch" in codes(verified(edited(Neighbourhood(), gateway=given).packed()))
    nowhere = dataclasses.replace(gateway, cell="zz")
    assert "bad_statement" in codes(verified(edited(Neighbourhood(), gateway=nowhere).packed()))


def test_a_record_that_the_owner_did_not_sign_is_named() -> None:
    made = judged()
    made.log.add(
        EntryKind.REGISTRATION,
        record_of(EntryKind.REGISTRATION, gateway=made.gateways[1], owner=made.owners[1])[:-1] + b"\x00",
    )
    assert codes(verified(made.packed())) <= {"bad_record_signature", "bad_body"}
    assert not verified(made.packed()).is_intact


def test_an_invalid_beacon_proves_no_coverage_and_is_named() -> None:
    made = Neighbourhood()
    times = {key: dataclasses.replace(kept, last_witness_ms=None) for key, kept in made.poc.times.items()}
    made.poc = dataclasses.replace(made.poc, times=times)
    from skerry_coverage.iot.judge import judge_poc

    made.verdict = judge_poc(made.poc)
    made.add_statement()
    report = verified(made.packed())
    assert codes(report) == {"beacon_invalid"}
    assert report.level is Level.NOTHING
    assert report.proofs[0].reason == "gateway_no_valid_witnesses"


def test_every_flipped_byte_of_a_real_bundle_is_refused() -> None:
    packed = judged().packed()
    for at in range(len(packed)):
        changed = bytearray(packed)
        changed[at] ^= 0x01
        with pytest.raises(BundleRejected):
            verified(bytes(changed))


REAL = container.unpack(judged(sessions=True).packed())


def mutate(value: Any, draw: random.Random) -> Any:
    """Change one value somewhere inside."""
    match value:
        case dict() if value:
            key = draw.choice(sorted(value))
            return {**value, key: mutate(value[key], draw)}
        case list() if value:
            at = draw.randrange(len(value))
            if draw.random() < 0.1:
                return value[:at] + value[at + 1 :]
            return [*value[:at], mutate(value[at], draw), *value[at + 1 :]]
        case bytes() if value and draw.random() < 0.9:
            changed = bytearray(value)
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
            return bytes(changed)
        case _:
            return draw.choice([None, 0, -1, 2**63, "", "x", b"", b"\xff" * 33, [], {}, True, [[]]])


UNSIGNED = {"made_by", "anchors"}  # nothing signs them, and nothing is proved by them


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**64))
def test_a_changed_value_under_a_right_checksum_is_named_or_refused(seed: int) -> None:
    draw = random.Random(seed)
    signed_parts = {name: value for name, value in REAL.items() if name not in UNSIGNED}
    changed = {**REAL, **mutate(signed_parts, draw)}
    if changed == REAL:
        return
    try:
        report = verified(container.pack(changed))
    except BundleRejected:
        return
    assert report.failures or report.hidden_entries > 0


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**64), st.integers(2, 12))
def test_much_changed_bundles_raise_our_error_only(seed: int, changes: int) -> None:
    draw = random.Random(seed)
    body: Any = REAL
    for _ in range(changes):
        body = mutate(body, draw)
    if not isinstance(body, dict):
        return
    try:
        verified(container.pack(body))
    except BundleRejected:
        return
