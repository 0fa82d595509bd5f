"""`skerry doctor`: what is wrong first, with evidence, reason and fix; with --fix it makes the safe repairs."""

import asyncio
import os

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, UNHEALTHY
from skerry_agent.doctor.findings import STAGES, Finding, Grade, first_red
from skerry_core.errors import UsageError

__all__ = ["doctor"]

Row = dict[str, str]


@click.command()
@click.option("--fix", "fixing", is_flag=True, help="Make the repairs that are safe; say what is left for you.")
@click.option("--dry-run", is_flag=True, help="With --fix: only show what would change.")
@json_option
@pass_cli
def doctor(cli: Cli, /, *, fixing: bool, dry_run: bool, as_json_: bool) -> int:
    """Check everything from the machine to the reward.

    --fix makes missing folders and takes rights on keys from other users; it never reads, makes or moves a key. What
    needs the owner or root is printed as the exact command.

    Exit code 0 when all is well, 4 when something fails, 5 when there are only warnings.
    """
    if dry_run and not fixing:
        raise UsageError("E_DRY_RUN", "--dry-run belongs to --fix.", remedy="Run: skerry doctor --fix --dry-run")
    findings = _check(cli)
    repairs = [_repair(one, dry_run=dry_run) for one in findings if fixing and one.repair is not None]
    if repairs and not dry_run:
        findings = _check(cli)
    red = first_red(findings)
    answer: dict[str, object] = {
        "healthy": red is None,
        "first_red": _row(red) if red else None,
        "checks": [_row(one) for one in findings],
    }
    left = [one for one in findings if one.repair is None and one.fix and one.grade is not Grade.PASS]
    if fixing:
        answer |= {"repairs": repairs, "left": [{"check": one.check, "fix": one.fix} for one in left]}
    lines = _fix_lines(repairs, left, dry_run=dry_run) if fixing else []
    show(answer, json_wanted=as_json_, text=lambda: "\n".join([_text(findings, red, hints=not fixing), *lines]))
    if red is not None:
        return UNHEALTHY
    return ATTENTION if any(finding.grade is Grade.WARN for finding in findings) else 0


def _check(cli: Cli) -> list[Finding]:
    from skerry_agent.doctor.machine import check_machine

    findings = list(check_machine(cli.paths, cli.settings, os.environ)) if cli.address is None else []
    findings += asyncio.run(_agent(cli))
    return sorted(findings, key=lambda finding: STAGES.index(finding.stage))


async def _agent(cli: Cli) -> list[Finding]:
    from skerry_agent.doctor.agent import ask, check_agent, not_running
    from skerry_client.errors import ClientError

    try:
        async with cli.agent() as agent:
            return list(check_agent(await ask(agent)))
    except ClientError as error:
        return [not_running(str(error))]


def _repair(finding: Finding, *, dry_run: bool) -> Row:
    assert finding.repair is not None
    row = {"check": finding.check, "what": finding.repair.what, "result": "planned" if dry_run else "done"}
    if not dry_run:
        try:
            finding.repair.apply()
        except OSError as error:
            row["result"] = f"failed: {error.strerror or error}"
    return row


def _row(finding: Finding) -> Row:
    return {
        "stage": finding.stage,
        "check": finding.check,
        "result": finding.grade.value,
        "evidence": finding.evidence,
        "reason": finding.reason,
        "fix": finding.fix,
    }


def _text(findings: list[Finding], red: Finding | None, *, hints: bool) -> str:
    rows = [(one.stage, one.grade.value.upper(), one.check, one.evidence) for one in findings]
    lines = [table(("stage", "result", "check", "evidence"), rows), ""]
    if red is None:
        lines.append("Nothing fails.")
    else:
        lines += [f"first red stage: {red.stage} ({red.check}: {red.evidence})", red.reason, f"fix: {red.fix}"]
    warnings = [one for one in findings if one.grade is Grade.WARN and one.fix]
    lines += [_warning(one) for one in warnings if hints]
    if hints and any(one.repair for one in findings):
        lines.append("`skerry doctor --fix` can mend some of this; add --dry-run to see what it would do.")
    return "\n".join(line for line in lines if line is not None)


def _warning(finding: Finding) -> str:
    repeats = finding.reason.rstrip(".").lower() in finding.evidence.lower()
    reason = "" if repeats else finding.reason
    words = [f"warning: {finding.check}: {finding.evidence.rstrip('.')}.", reason, f"fix: {finding.fix}"]
    return " ".join(word for word in words if word)


def _fix_lines(repairs: list[Row], left: list[Finding], *, dry_run: bool) -> list[str]:
    title = "would change:" if dry_run else "changed:"
    lines = ["", title, *(f"  {one['what']}" + ("" if dry_run else f": {one['result']}") for one in repairs)]
    if not repairs:
        lines.append("  nothing: no finding has a repair that is safe without you")
    return lines + (["left for you:", *(f"  {one.check}: {one.fix}" for one in left)] if left else [])
