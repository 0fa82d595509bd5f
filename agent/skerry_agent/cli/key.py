"""`skerry key`: shows the gateway key's public side, or makes the key before the first start."""

import asyncio

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show
from skerry_core.errors import NotFoundError, RefusedError

__all__ = ["key"]


@click.group()
def key() -> None:
    """The gateway key; its secret half is never shown."""


@key.command("show")
@json_option
@pass_cli
def show_key(cli: Cli, /, *, as_json_: bool) -> None:
    """Show the gateway's address and name."""
    from skerry_agent.identity import key_path, read_key
    from skerry_keys.public_key import PublicKey

    path = key_path(cli.settings, cli.paths)
    if not path.exists():
        raise NotFoundError("E_NO_KEY", f"There is no gateway key at {path}.", remedy="Make one: skerry key generate")
    public = PublicKey(read_key(path).public_key)
    answer = {"address": public.address, "name": public.animal_name, "type": public.key_type, "path": str(path)}
    show(answer, json_wanted=as_json_, text=lambda: f"{public.address}\n{public.animal_name}\n{path}")


@key.command()
@click.pass_context
def generate(ctx: click.Context, /) -> None:
    """Make the gateway key; refused when this folder has or had one."""
    from skerry_agent.identity import key_path, open_identity
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.store import Database, Facts
    from skerry_agent.store.schema import SKERRY
    from skerry_core.clock import SystemClock

    cli: Cli = ctx.obj
    path = key_path(cli.settings, cli.paths)
    if path.exists():
        raise RefusedError("E_KEY_EXISTS", f"There is a gateway key at {path} already; it is never replaced.")

    async def main() -> None:
        database = await Database.open(cli.paths.database, clock=SystemClock(), migrations=(SKERRY,))
        try:
            await open_identity(settings=cli.settings, paths=cli.paths, facts=Facts(database))
        finally:
            await database.close()

    cli.paths.create()
    with InstanceLock(cli.paths.lock):
        asyncio.run(main())
    click.echo("Back this file up: without it the hotspot is lost.", err=True)
    ctx.invoke(show_key, as_json_=False)
