"""`skerry jobs`: long actions that the running agent does, with a progress bar while one waits for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.models import Job
from skerry_core.errors import UserError

__all__ = ["jobs"]

LOOK_EVERY_S = 0.3
NONE_YET = "No job since the agent's start. What it can do: skerry jobs start --help"
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
    header = ("id", "kind", "state", "progress", "message")
    show(page, json_wanted=as_json_, text=lambda: table(header, rows) if rows else NONE_YET)


@jobs.command("show")
@_id
@json_option
@pass_cli
def show_job(cli: Cli, /, *, job_id: str, as_json_: bool) -> None:
    """Show one job and what came of it."""
    job = cli.ask(lambda agent: agent.call(calls.job(job_id)))
    show(job, json_wanted=as_json_, text=lambda: _sheet(cli, job))


@jobs.command()
@_id
@json_option
@pass_cli
def cancel(cli: Cli, /, *, job_id: str, as_json_: bool) -> None:
    """Stop a job."""
    job = cli.ask(lambda agent: agent.call(calls.cancel_job(job_id)))
    show(job, json_wanted=as_json_, text=lambda: _sheet(cli, job))


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
    if kind == "speed_test" and url is None:
        raise click.UsageError("speed_test needs --url, the http address of the server to measure against.")
    wishes: dict[str, str | int | bool] = {"probing": False} if no_probe else {}
    given = {"url": url, "budget_mb": budget_mb, "limit_s": limit_s}
    wishes |= {name: value for name, value in given.items() if value is not None}
    job = cli.ask(lambda agent: _run(agent, kind, wishes, waiting=not no_wait))
    if job.problem is not None:
        raise UserError(job.problem.code, job.problem.detail, remedy=job.problem.remedy)
    if job.state == "cancelled":
        raise UserError("E_JOB_CANCELLED", f"Somebody cancelled the {kind} meanwhile.", remedy="Start it again.")
    if no_wait:
        click.echo(f"How it goes: skerry jobs show {job.id}", err=True)
    show(job, json_wanted=as_json_, text=lambda: _sheet(cli, job) if job.result is None else _result(cli, job))


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


def _sheet(cli: Cli, job: Job) -> str:
    """Return what is known of a job and, where it is done, its result as the verb of its own shows it."""
    rows: list[tuple[str, object]] = [("job", job.id), ("kind", job.kind), ("state", job.state)]
    rows += [("started", _moment(job.created)), ("ended", None if job.ended is None else _moment(job.ended))]
    if not job.has_ended:
        rows += [("progress", f"{job.progress:.0%}"), ("message", job.message)]
    if job.problem is not None:
        rows += [("problem", f"{job.problem.detail} ({job.problem.code})"), ("remedy", job.problem.remedy)]
    sheet = table(("what", "value"), rows)
    return sheet if job.result is None else f"{sheet}\n\n{_result(cli, job)}"


def _result(cli: Cli, job: Job) -> str:
    from skerry_agent.cli.scan_text import scan_text
    from skerry_agent.cli.speedtest import speed_text

    result = job.result or {}
    match job.kind:
        case "device_scan":
            return scan_text(result["devices"], cli)
        case "speed_test":
            return speed_text(result)
        case _:
            return _file_text(result)


def _file_text(result: Mapping[str, Any]) -> str:
    """Return the file that a backup or support file became, on the agent's computer, with its parts."""
    parts = result.get("parts", ())
    names = [f"{name} ({size} bytes)" for name, size in parts.items()] if isinstance(parts, Mapping) else parts
    return f"{result['file']}: {', '.join(map(str, names))}" if names else str(result["file"])


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
