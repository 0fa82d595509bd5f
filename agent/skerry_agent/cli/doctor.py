"""`skerry doctor`: what is wrong first, with evidence, reason and fix."""

import asyncio
import os

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, UNHEALTHY
from skerry_agent.doctor.findings import STAGES, Finding, Grade, first_red

__all__ = ["doctor"]


@click.command()
@json_option
@pass_cli
def doctor(cli: Cli, /, *, as_json_: bool) -> int:
    """Check everything from the machine to the reward.

    Exit code 0 when all is well, 4 when something fails, 5 when there are only warnings.
    """
    from skerry_agent.doctor.machine import check_machine

    findings = list(check_machine(cli.paths, cli.settings, os.environ)) if cli.address is None else []
    findings += asyncio.run(_agent(cli))
    findings.sort(key=lambda finding: STAGES.index(finding.stage))
    red = first_red(findings)
    answer = {
        "healthy": red is None,
        "first_red": _row(red) if red else None,
        "checks": [_row(one) for one in findings],
    }
    show(answer, json_wanted=as_json_, text=lambda: _text(findings, red))
    if red is not None:
        return UNHEALTHY
    return ATTENTION if any(finding.grade is Grade.WARN for finding in findings) else 0


async def _agent(cli: Cli) -> list[Finding]:
    from skerry_agent.doctor.agent import ask, check_agent, not_running
    from skerry_client.errors import ClientError

    try:
        async with cli.agent() as agent:
            return list(check_agent(await ask(agent)))
    except ClientError as error:
        return [not_running(str(error))]


def _row(finding: Finding) -> dict[str, str]:
    return {
        "stage": finding.stage,
        "check": finding.check,
        "result": finding.grade.value,
        "evidence": finding.evidence,
        "reason": finding.reason,
        "fix": finding.fix,
    }


def _text(findings: list[Finding], red: Finding | None) -> str:
    rows = [(one.stage, one.grade.value.upper(), one.check, one.evidence) for one in findings]
    lines = [table(("stage", "result", "check", "evidence"), rows), ""]
    if red is None:
        lines.append("Nothing fails.")
    else:
        lines += [f"first red stage: {red.stage} ({red.check}: {red.evidence})", red.reason, f"fix: {red.fix}"]
    warnings = [one for one in findings if one.grade is Grade.WARN and one.fix]
    lines += [f"warning: {one.check}: {one.evidence} {one.fix}" for one in warnings]
    return "\n".join(line for line in lines if line is not None)
