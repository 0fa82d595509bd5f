"""`skerry map`: pictures of who hears whom, from this agent's own evidence."""

import asyncio
from pathlib import Path

import click

from skerry_agent.cli.context import Cli, pass_cli

__all__ = ["map_"]


@click.group("map")
def map_() -> None:
    """Pictures of who hears whom."""


@map_.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("map.png"))
@click.option(
    "--newest", type=click.IntRange(1, 10_000), default=200, show_default=True, help="How many judged beacons count."
)
@pass_cli
def render(cli: Cli, /, *, file: Path, newest: int) -> None:
    """Draw who heard our beacons, and which of it counted, as a PNG picture into FILE (default: map.png).

    It is read from the signed statements of the operator that lie in this folder; the agent may be running.
    """
    from skerry_core.files import PUBLIC_MODE, write_atomic

    picture = asyncio.run(_draw(cli.paths.database, newest))
    write_atomic(file, picture, mode=PUBLIC_MODE)
    click.echo(f"{file}: {len(picture)} bytes.")


async def _draw(database: Path, newest: int) -> bytes:
    from skerry_agent.cli.evidence_logs import EvidenceLogs
    from skerry_agent.evidence.picture import evidence_map
    from skerry_coverage.picture.render import render_png

    async with EvidenceLogs(database) as logs:
        return render_png(await evidence_map(logs, newest=newest))
