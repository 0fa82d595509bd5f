"""Explanations for the owner: a report's verdict rule by rule, a reward back to the frames that earned it."""

from typing import Any

from skerry_agent.api.view import Explanation, Finding, Step
from skerry_agent.store import RewardRow, WitnessRow
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.store.epochs import ShareRow
from skerry_oracle.store.reports import BEACON, WITNESS
from skerry_oracle.store.verdicts import VerdictRow

__all__ = ["explanation_of_report", "explanation_of_reward"]

STEPS_SHOWN = 50  # reports behind one reward; the count says how many more there are


async def explanation_of_report(oracle: EmbeddedOracle, row: WitnessRow, *, as_of_ns: int) -> Explanation | None:
    """Repeat the judgement of a witness report; None when there is no verdict yet."""
    verdict = await _verdict_of(oracle, row)
    if verdict is None:
        return None
    told = await oracle.explain(verdict.report_id)
    findings = tuple(_finding(line) for line in told["rules"])
    return Explanation(
        id=row.id,
        verdict="valid" if verdict.valid else "invalid",
        reason=verdict.reason,
        rule_set=verdict.rule_set,
        summary=_summary(verdict, told),
        findings=findings,
        as_of_ns=as_of_ns,
    )


async def explanation_of_reward(oracle: EmbeddedOracle, row: RewardRow, *, as_of_ns: int) -> Explanation | None:
    """Walk a reward back: transaction, manifest, shares, reports; None when the oracle has no such epoch."""
    manifest = await oracle.manifest(row.epoch)
    if manifest is None:
        return None
    gateway = PublicKey.from_address(row.hotspot).binary
    shares = [share for share in await oracle.epochs.shares(row.epoch, gateway=gateway) if share.kind == row.kind]
    steps = [Step(kind="manifest", id=manifest.hash.hex(), text=f"Reward manifest of epoch {row.epoch}.")]
    if row.transaction:
        paid = f"Paid to {row.owner} on the chain."
        steps.insert(0, Step(kind="transaction", id=row.transaction, text=paid))
    for share in shares[:STEPS_SHOWN]:
        steps.extend(await _steps_of(oracle, share))
    hidden = max(0, len(shares) - STEPS_SHOWN)
    return Explanation(
        id=row.id,
        verdict=row.state.value,
        reason=None,
        rule_set=oracle.network.rule_set,
        summary=f"{row.amount} base units of {row.token} for {len(shares)} {row.kind} shares in epoch {row.epoch}"
        + (f"; {hidden} more reports are not listed." if hidden else "."),
        steps=tuple(steps),
        as_of_ns=as_of_ns,
    )


async def _verdict_of(oracle: EmbeddedOracle, row: WitnessRow) -> VerdictRow | None:
    """Find the verdict by the report's exact bytes: the oracle's id depends on when it arrived there."""
    for report in await oracle.reports.of_payload(WITNESS, row.data):
        if report.body == row.report and not report.is_copy:
            return await oracle.verdicts.get(WITNESS, report.report_id)
    return None


async def _steps_of(oracle: EmbeddedOracle, share: ShareRow) -> list[Step]:
    report = await oracle.reports.get(share.kind, share.report_id)
    text = f"{share.kind} share {share.share} = scale {share.hex_scale} x unit {share.reward_unit}"
    steps = [Step(kind="share", id=share.report_id.hex(), text=text)]
    if report is not None:
        what = "a beacon that it sent" if share.kind == BEACON else "a beacon that it heard"
        frame = f"Radio frame: {what}, payload {report.data.hex()[:16]}..., signed report received by the oracle."
        steps.append(Step(kind="frame", id=report.data.hex(), text=frame))
    return steps


def _finding(line: dict[str, Any]) -> Finding:
    unit = f" {line['unit']}" if line["unit"] else ""
    return Finding(
        rule=line["rule"],
        passed=line["passed"],
        value=_text(line["value"], unit),
        limit=_text(line["limit"], unit),
        margin=_text(line["margin"], unit),
        fault=line["fault"] if line["passed"] is False else None,
        would_pass=line["would_pass"] if line["passed"] is False else None,
    )


def _text(value: object, unit: str) -> str | None:
    if value is None:
        return None
    return (f"{value:.1f}" if isinstance(value, float) else str(value)) + unit


def _summary(verdict: VerdictRow, told: dict[str, Any]) -> str:
    if verdict.valid:
        chosen = "and was selected for rewards" if verdict.selected else "but 14 others came first, so it earns nothing"
        return f"Valid, {chosen}."
    note = told.get("note")
    failed = next((line for line in told["rules"] if line["decided"]), None)
    if failed is None:
        return f"Invalid: {verdict.reason}. {note or ''}".strip()
    fault = {"nobody": "Nobody's fault.", "operator": "The operator's side.", "witness": "This hotspot's side."}.get(
        failed["fault"], "The beaconing hotspot's side."
    )
    return f"Invalid: {verdict.reason}. {fault}"
