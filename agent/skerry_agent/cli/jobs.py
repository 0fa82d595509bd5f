"""`skerry jobs`: long actions that the running agent does, with a progress bar while one waits for them."""

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.models import Job
from skerry_core.errors import UserError

__all__ = ["jobs"]

LOOK_EVERY_S = 0.3
KINDS = ("backup", "device_scan", "speed_test", "support_file")
_id = click.argument("job_id")


@click.group()
def jobs() -> None:
    """Long actions of the running agent: start, watch, cancel."""


@jobs.command("list")
@json_option
@pass_cli
def list_jobs(cli: Cli, /, *, as_json_: bool) -> None:
    """List the jobs since the agent's start, newest first."""
    page = cli.ask(lambda agent: agent.call(calls.jobs()))
    rows = [(one.id, one.kind, one.state, f"{one.progress:.0%}", one.message) for one in page.items]
    show(page, json_wanted=as_json_, text=lambda: table(("id", "kind", "state", "progress", "message"), rows))


@jobs.command("show")
@_id
@json_option
@pass_cli
def show_job(cli: Cli, /, *, job_id: str, as_json_: bool) -> None:
    """Show one job and what came of it."""
    job = cli.ask(lambda agent: agent.call(calls.job(job_id)))
    show(job, json_wanted=as_json_, text=lambda: _text(job))


@jobs.command()
@_id
@json_option
@pass_cli
def cancel(cli: Cli, /, *, job_id: str, as_json_: bool) -> None:
    """Stop a job."""
    job = cli.ask(lambda agent: agent.call(calls.cancel_job(job_id)))
    show(job, json_wanted=as_json_, text=lambda: _text(job))


@jobs.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--no-probe", is_flag=True, help="device_scan: only list ports; send nothing to them.")
@click.option("--url", help="speed_test: the server to measure against.")
@click.option("--budget-mb", type=click.IntRange(1, 10_000), help="speed_test: most megabytes, both directions.")
@click.option("--limit-s", type=click.IntRange(1, 600), help="speed_test: end each direction after so many seconds.")
@click.option("--no-wait", is_flag=True, help="Only start it; `skerry jobs show ID` tells how it goes.")
@json_option
@pass_cli
def start(
    cli: Cli, /, *, kind: str, no_probe: bool, url: str | None, budget_mb: int | None, limit_s: int | None,
    no_wait: bool, as_json_: bool,
) -> None:  # fmt: skip
    """Have the running agent do something long, and wait for its end.

    backup and support_file write into the agent's own folders and name the file; device_scan asks the ports that the
    agent may open; speed_test measures the agent's own connection. Ctrl-C ends the waiting, not the job.
    """
    wishes: dict[str, str | int | bool] = {"probing": False} if no_probe else {}
    given = {"url": url, "budget_mb": budget_mb, "limit_s": limit_s}
    wishes |= {name: value for name, value in given.items() if value is not None}
    job = cli.ask(lambda agent: _run(agent, kind, wishes, waiting=not no_wait))
    if job.problem is not None:
        raise UserError(job.problem.code, job.problem.detail, remedy=job.problem.remedy)
    show(job, json_wanted=as_json_, text=lambda: _text(job))


async def _run(agent: AgentClient, kind: str, wishes: dict[str, str | int | bool], *, waiting: bool) -> Job:
    from skerry_agent.cli.progress import ProgressBar
    from skerry_core.clock import SystemClock

    job = await agent.call(calls.start_job(kind, **wishes))
    if not waiting:
        return job
    clock = SystemClock()
    with ProgressBar(kind) as progress:
        while not job.has_ended:
            await clock.sleep(LOOK_EVERY_S)
            job = await agent.call(calls.job(job.id))
            progress(job.progress, job.message)
    return job


def _text(job: Job) -> str:
    rows: list[tuple[str, object]] = [("job", job.id), ("kind", job.kind), ("state", job.state)]
    rows += [("progress", f"{job.progress:.0%}"), ("message", job.message)]
    if job.problem is not None:
        rows += [("problem", f"{job.problem.detail} ({job.problem.code})"), ("remedy", job.problem.remedy)]
    for name, value in (job.result or {}).items():
        if isinstance(value, list):
            rows += [(name, _one_line(member)) for member in value] or [(name, "none")]
        else:
            rows.append((name, _one_line(value)))
    return table(("what", "value"), rows)


def _one_line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {member}" for name, member in value.items() if member not in (None, {}))
    return str(value)
