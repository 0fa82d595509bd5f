"""`skerry logs`, `bundle`, `backup`, `restore`."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from skerry_agent.cli.context import Cli, as_json, json_option, pass_cli, show, table
from skerry_core.errors import NotFoundError

__all__ = ["backup", "bundle", "logs", "restore"]

UNIT = "skerry.service"


@click.command()
@click.option("--lines", default=50, show_default=True, help="How many of the newest.")
@click.option("--follow", is_flag=True, help="Go on as they come.")
@pass_cli
def logs(cli: Cli, /, *, lines: int, follow: bool) -> None:
    """Show the log: the file beside the databases if there is one, else the journal of the service."""
    if cli.paths.log.exists():
        command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(cli.paths.log)]
    elif shutil.which("journalctl"):
        command = ["journalctl", "-u", UNIT, "-n", str(lines), "--no-pager", *(["-f"] if follow else [])]
    else:
        raise NotFoundError(
            "E_NO_LOG", "There is no log file and no journal.", remedy="`skerry run` writes its log to its stderr."
        )
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606 - a fixed program with our own arguments, no shell


@click.command()
@click.argument("target", type=click.Path(path_type=Path), default=Path("skerry-support.tar.gz"))
@json_option
@pass_cli
def bundle(cli: Cli, /, *, target: Path, as_json_: bool) -> None:
    """Write a support file: versions, settings, doctor, status. Secrets are taken out; nothing is uploaded."""
    from skerry_agent.support import write_support_file

    sizes = write_support_file(target, _parts(cli))
    click.echo("Look inside before you pass it on.", err=True)
    rows = [(name, size) for name, size in sizes.items()]
    show(
        {"file": str(target), "parts": sizes},
        json_wanted=as_json_,
        text=lambda: f"{target}\n{table(('part', 'bytes'), rows)}",
    )


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@json_option
@pass_cli
def backup(cli: Cli, /, *, target: Path, as_json_: bool) -> None:
    """Write databases, keys and settings to one file, also while the agent runs. The file is as secret as the keys."""
    from skerry_agent.cli.progress import ProgressBar
    from skerry_agent.support import write_backup
    from skerry_core.clock import SystemClock

    with ProgressBar("backup") as progress:
        names = write_backup(cli.paths, target.absolute(), now_s=SystemClock().wall_s(), step=progress)
    show({"file": str(target), "parts": names}, json_wanted=as_json_, text=lambda: f"{target}: {', '.join(names)}")


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@json_option
@pass_cli
def restore(cli: Cli, /, *, source: Path, as_json_: bool) -> None:
    """Put a backup into an empty folder."""
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.support import read_backup

    cli.paths.create()
    with InstanceLock(cli.paths.lock):
        names = read_backup(cli.paths, source)
    show({"restored": names}, json_wanted=as_json_, text=lambda: f"restored {', '.join(names)} into {cli.paths.state}")


def _parts(cli: Cli) -> dict[str, Any]:
    from skerry_agent.support import machine_parts
    from skerry_client import calls
    from skerry_client.errors import ClientError

    parts = machine_parts(cli.paths, cli.settings, os.environ)

    async def ask() -> dict[str, Any]:
        async with cli.agent() as agent:
            return {
                "status.json": as_json(await agent.call(calls.status())),
                "devices.json": as_json(await agent.call(calls.devices())),
                "packets.json": as_json(await agent.call(calls.packets(limit=100))),
                "outbox.json": as_json(await agent.call(calls.outbox())),
            }

    try:
        return parts | asyncio.run(ask())
    except ClientError as error:
        return parts | {"agent.txt": str(error)}
