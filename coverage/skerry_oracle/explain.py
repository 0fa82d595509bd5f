"""A verdict explained rule by rule, recomputed from the stored inputs; the API and `witness explain` show it."""

from typing import Any

from skerry_core.errors import NotFoundError
from skerry_coverage.iot.explain import explain_poc
from skerry_coverage.iot.rules import RuleResult
from skerry_keys.public_key import PublicKey
from skerry_oracle.judge import Judge
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_oracle.store.verdicts import VerdictRow, VerdictTable

__all__ = ["explain_report", "verdict_json"]

_OWN_REASONS = {
    "late": "The report reached the oracle after its epoch was closed; late reports are never paid.",
    "stale": "No beacon with this payload was reported in time.",
    "duplicate": "The same content was reported before.",
}


async def explain_report(verdicts: VerdictTable, judge: Judge, report_id: bytes) -> dict[str, Any]:
    """Return a report's verdict and every rule's line in plain JSON values. Raises `NotFoundError`."""
    row = await verdicts.get(WITNESS, report_id) or await verdicts.get(BEACON, report_id)
    if row is None:
        raise NotFoundError("E_NO_VERDICT", f"There is no verdict on a report {report_id.hex()}.")
    result = verdict_json(row)
    result["rules"] = await _lines(judge, row)
    if not result["rules"] and row.reason in _OWN_REASONS:
        result["note"] = _OWN_REASONS[row.reason]
    return result


def verdict_json(row: VerdictRow) -> dict[str, Any]:
    """Return a verdict in plain JSON values."""
    key = PublicKey(row.gateway)
    return {
        "kind": row.kind,
        "report_id": row.report_id.hex(),
        "poc_id": row.poc_id.hex() if row.poc_id else None,
        "gateway": key.address,
        "gateway_name": key.animal_name,
        "received_ms": row.received_ms,
        "epoch": row.epoch,
        "valid": row.valid,
        "reason": row.reason,
        "side": row.side,
        "selected": row.selected,
        "rule_set": row.rule_set,
    }


async def _lines(judge: Judge, row: VerdictRow) -> list[dict[str, Any]]:
    poc = await judge.inputs_of(row.poc_id) if row.poc_id else None
    if poc is None:
        return []
    explanation = explain_poc(poc)
    if row.kind == BEACON:
        return [_line(line) for line in explanation.beacon]
    for witness in explanation.witnesses:
        if witness.report_id == row.report_id:
            return [_line(line) for line in witness.rules]
    return []


def _line(line: RuleResult) -> dict[str, Any]:
    measure = line.measure
    return {
        "rule": line.rule,
        "passed": line.passed,
        "reason": line.reason,
        "decided": line.decided,
        "source": line.source,
        "value": measure.value if measure else None,
        "limit": measure.limit if measure else None,
        "margin": measure.margin if measure else None,
        "unit": measure.unit if measure else None,
        "fault": measure.fault.value if measure else None,
        "would_pass": measure.needed if measure else None,
    }
