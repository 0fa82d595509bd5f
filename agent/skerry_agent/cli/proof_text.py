"""How `skerry proof` words its answers, as text for people and as JSON for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from skerry_agent.evidence.check import CheckReport
from skerry_coverage.bundle.report import Level, Proof, VerificationReport
from skerry_coverage.iot.rules import RuleResult
from skerry_keys.public_key import PublicKey

__all__ = ["json_check", "json_report", "text_check", "text_contents", "text_report", "utc"]

_MEANING = {
    Level.NOTHING: "nothing is proved",
    Level.SELF_CLAIMED: "the hotspot itself says so, nobody else of another owner",
    Level.MUTUALLY_WITNESSED: "hotspots of other owners signed that they heard it",
    Level.ORACLE_VERIFIED: "witnessed by other owners, and an operator that you trust signed the same verdicts",
}


def text_report(report: VerificationReport, *, name: str) -> str:
    """Return the whole answer of `verify` in words."""
    money = ", test tokens only" if report.test_tokens else ""
    lines = [f"Proof bundle {name}", f"  id       {report.cid}", f"  network  {report.network}{money}"]
    lines += [f"  made by  {report.made_by}", ""]
    if report.is_intact:
        lines.append(f"It holds. Level: {report.level.words} ({_MEANING[report.level]}).")
    else:
        lines.append("It does NOT hold:")
        lines += [f"  - {failure.detail} [{failure.code}, {failure.where}]" for failure in report.failures]
    for number, proof in enumerate(report.proofs, 1):
        lines += ["", *_proof_lines(proof, number, len(report.proofs))]
    lines += ["", "Checks that passed:"]
    lines += [f"  {count:6} {check}" for check, count in report.checks.items() if count]
    lines += ["", "What this does not prove:"]
    lines += [f"  - {sentence}" for sentence in report.not_proved]
    return _printable(lines)


def json_report(report: VerificationReport) -> dict[str, Any]:
    """Return the whole answer of `verify` for programs."""
    return {
        "intact": report.is_intact,
        "level": report.level.words,
        "cid": report.cid,
        "network": report.network,
        "made_by": report.made_by,
        "test_tokens": report.test_tokens,
        "profile_hash": report.profile_hash,
        "checks": dict(report.checks),
        "failures": [asdict(failure) for failure in report.failures],
        "proofs": [_proof_json(proof) for proof in report.proofs],
        "hidden_entries": report.hidden_entries,
        "not_proved": report.not_proved,
    }


def text_contents(contents: Mapping[str, Any]) -> str:
    """Return the answer of `show` in words."""
    lines = [f"Proof bundle {contents['cid']} of network {contents['network']}, made by {contents['made_by']}", ""]
    lines.append(f"{'time (UTC)':21} {'kind':15} {'came by':8} {'from':24} {'bytes':>6}  id")
    for entry in contents["entries"]:
        if "error" in entry:
            lines.append(f"  unreadable: {entry['error']}")
            continue
        when = entry["time"] or "before the clock was set"
        came = f"{entry['link']:8} {entry['source']:24}"
        lines.append(f"{when:21} {entry['kind']:15} {came} {entry['bytes']:6}  {entry['id'][:16]}")
    lines += ["", f"{contents['hidden_entries']} more entries are under the same seals as hashes only."]
    return _printable(lines)


def text_check(reports: Mapping[bytes, CheckReport]) -> str:
    """Return the answer of `check` in words."""
    lines = []
    for agent, report in reports.items():
        state = "intact" if report.is_intact else "DAMAGED"
        lines.append(f"Evidence of {PublicKey(agent).animal_name} ({PublicKey(agent).address}): {state}")
        lines.append(f"  {report.entries} entries, {report.sealed_entries} of them under {report.seals} seals")
        if report.deleted_bodies:
            lines.append(f"  {report.deleted_bodies} bodies were deleted by retention; their hashes stay in the chain")
        lines += [f"  - entry {one.seq}: {one.detail} [{one.code}]" for one in report.findings]
    return _printable(lines or ["There is no evidence yet."])


def json_check(reports: Mapping[bytes, CheckReport]) -> list[dict[str, Any]]:
    """Return the answer of `check` for programs."""
    return [
        {"hotspot": PublicKey(agent).address, "intact": report.is_intact, **asdict(report)}
        for agent, report in reports.items()
    ]


def utc(wall_ns: int) -> str:
    """Return a time as RFC 3339 text to the second."""
    try:
        return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):  # a bundle may claim any number
        return f"{wall_ns} ns"


def _printable(lines: list[str]) -> str:
    """Join lines; what strangers wrote into a bundle must not steer the reader's terminal."""
    return "\n".join("".join(one if one.isprintable() else "?" for one in line) for line in lines)


def _proof_lines(proof: Proof, number: int, total: int) -> list[str]:
    lines = [f"Beacon {number} of {total}: {proof.gateway_name} ({proof.gateway})"]
    if proof.cell is not None:
        lines.append(f"  place     H3 cell {proof.cell}, as its owner asserts")
    if proof.reason is None:
        lines.append("  verdict   valid")
    else:
        lines.append(f"  verdict   invalid: {proof.reason}")
    refused = f"; {proof.witnesses_invalid} more reports are invalid" if proof.witnesses_invalid else ""
    lines.append(f"  heard by  {proof.witnesses_valid} hotspots of {proof.witness_owners} other owners{refused}")
    lines.append(f"  operator  {_operator_words(proof)}")
    lines += [f"  rule      {_rule_words(rule)}" for rule in proof.explanation.beacon]
    return lines


def _operator_words(proof: Proof) -> str:
    operator = proof.operator
    if operator is None:
        return "no statement; the hotspots' own words were judged"
    trust = "which you trust" if operator.is_trusted else "not trusted by you"
    paid = f"reward manifest {operator.manifest_hash}" if operator.manifest_hash else "its epoch is not closed"
    return f"signed by oracle {operator.signer}, {trust}; epoch {operator.epoch}, rules {operator.rule_set}, {paid}"


def _rule_words(rule: RuleResult) -> str:
    outcome = {True: "passed", False: f"FAILED ({rule.reason})", None: "not judged"}[rule.passed]
    measure = rule.measure
    if measure is None or measure.value is None or isinstance(measure.value, str):
        return f"{rule.rule}: {outcome}"
    return f"{rule.rule}: {outcome} ({measure.value} of {measure.limit} {measure.unit})"


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "beacon_id": proof.beacon_id,
        "gateway": proof.gateway,
        "gateway_name": proof.gateway_name,
        "cell": proof.cell,
        "valid": proof.reason is None,
        "reason": proof.reason,
        "level": proof.level.words,
        "witnesses_valid": proof.witnesses_valid,
        "witnesses_invalid": proof.witnesses_invalid,
        "witness_owners": proof.witness_owners,
        "operator": None if proof.operator is None else asdict(proof.operator),
        "rules": [
            {"rule": rule.rule, "passed": rule.passed, "reason": rule.reason, "source": rule.source}
            for rule in proof.explanation.beacon
        ],
    }
