"""`skerry key`: shows the gateway key's public side, or makes the key before the first start."""

import os

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
    """Show the gateway's address and name, and the EUI by which further LoRaWAN networks know it."""
    from skerry_agent.runtime.forwarder import gateway_eui
    from skerry_keys.public_key import PublicKey
    from skerry_wallet.keyfile.gateway import recorded_identity

    address = recorded_identity(cli.paths.keys)
    if address is None:
        raise NotFoundError("E_NO_KEY", f"There is no gateway in {cli.paths.keys}.", remedy="Run: skerry key generate")
    public = PublicKey.from_address(address)
    answer = {
        "address": address,
        "name": public.animal_name,
        "type": public.key_type,
        "gateway_eui": gateway_eui(public.binary).hex(),
        "folder": str(cli.paths.keys),
    }
    show(answer, json_wanted=as_json_, text=lambda: "\n".join(
        (address, public.animal_name, f"gateway EUI {answer['gateway_eui']}", answer["folder"])))  # fmt: skip


@key.command()
@click.pass_context
def generate(ctx: click.Context, /) -> None:
    """Make the gateway key; refused when this folder has or had one."""
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.settings.table import GATEWAY_KEY
    from skerry_wallet.keyfile.gateway import open_or_create_gateway_key, recorded_identity

    cli: Cli = ctx.obj
    cli.paths.create()
    recorded = recorded_identity(cli.paths.keys)
    if recorded is not None:
        raise RefusedError(
            "E_KEY_RECORDED",
            f"This folder belongs to gateway {recorded}; no other key is made.",
            remedy="Put its key file back from a backup, or use another --dir for another hotspot.",
            params={"address": recorded},
        )
    with InstanceLock(cli.paths.lock):
        open_or_create_gateway_key(cli.paths.keys, random_bytes=os.urandom, key_uri=cli.settings[GATEWAY_KEY] or None)
    click.echo("Back this folder up: without the key the hotspot is lost.", err=True)
    ctx.invoke(show_key, as_json_=False)
