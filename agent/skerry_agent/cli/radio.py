"""`skerry devices` and `skerry packets`."""

import asyncio
from contextlib import aclosing

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.device_text import device_list, device_sheet, find_device
from skerry_agent.cli.scan import scan_ports
from skerry_agent.cli.speedtest import speedtest
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.models import Device, Packet
from skerry_client.readings import has_region
from skerry_core.errors import UsageError

__all__ = ["devices", "packets"]

UNFOLDED = 10_000  # characters: a frame that comes is one line, for `grep` and friends


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def devices(ctx: click.Context, /, *, as_json_: bool) -> None:
    """List the agent's devices: state now, what each says, and why one is not up.

    `skerry devices show DEVICE` tells everything of one; `skerry devices scan` finds what is attached.
    """
    if ctx.invoked_subcommand is not None:
        return
    page = ctx.obj.ask(lambda agent: agent.call(calls.devices()))
    show(page, json_wanted=as_json_, text=lambda: device_list(page))


@devices.command("show")
@click.argument("device")
@json_option
@pass_cli
def show_device(cli: Cli, /, *, device: str, as_json_: bool) -> None:
    """Show everything of one device: state, readings with their units. DEVICE is its id or its name."""
    page = cli.ask(lambda agent: agent.call(calls.devices()))
    one = find_device(page.items, device)
    show(one, json_wanted=as_json_, text=lambda: device_sheet(page, one))


@devices.command("set")
@click.argument("device")
@click.option("--name", help="A name for people.")
@click.option("--region", help="Confirm the region it stands in: nothing is transmitted before.")
@json_option
@pass_cli
def set_device(cli: Cli, /, *, device: str, name: str | None, region: str | None, as_json_: bool) -> None:
    """Name a device or confirm its region. DEVICE is its id or its name."""
    if name is None and region is None:
        raise UsageError("E_NO_CHANGE", "Nothing is to be changed.", remedy="Give --name, --region or both.")

    async def change(agent: AgentClient) -> Device:
        found = find_device((await agent.call(calls.devices())).items, device)
        return await agent.call(calls.change_device(found.id, name=name, region=region))

    changed = cli.ask(change)
    placed = f", region {changed.region or 'not confirmed'}" if has_region(changed.kind) else ""
    show(changed, json_wanted=as_json_, text=lambda: f"{changed.id}: {changed.name}{placed}")


devices.add_command(scan_ports)
devices.add_command(speedtest)


@click.command()
@click.option("--limit", default=20, show_default=True, help="How many of the newest.")
@click.option("--device", help="Only this device's.")
@click.option("--follow", is_flag=True, help="Go on as they come.")
@json_option
@pass_cli
def packets(cli: Cli, /, *, limit: int, device: str | None, follow: bool, as_json_: bool) -> None:
    """Show received frames and how far each one came. --device takes an id or a name."""
    if device is not None:
        device = find_device(cli.ask(lambda agent: agent.call(calls.devices())).items, device).id
    if follow:
        asyncio.run(_follow(cli, limit, device, as_json_))
        return
    page = cli.ask(lambda agent: agent.call(calls.packets(limit=limit, device=device)))
    show(page, json_wanted=as_json_, text=lambda: _text(page.items))


async def _follow(cli: Cli, limit: int, device: str | None, as_json_: bool) -> None:
    from skerry_core.clock import SystemClock

    async with cli.agent() as agent:
        page = await agent.call(calls.packets(limit=limit, device=device))
        seen = {one.id for one in page.items}
        for one in reversed(page.items):
            show(one, json_wanted=as_json_, text=lambda one=one: _line(one))  # type: ignore[misc]  # bound now, not later
        clock = SystemClock()
        async with aclosing(agent.events(clock=clock, after=page.last_event_id, topics=["packets"])) as events:
            async for _ in events:
                fresh = await agent.call(calls.packets(limit=100, device=device))
                for one in reversed(fresh.items):
                    if one.id not in seen:
                        show(one, json_wanted=as_json_, text=lambda one=one: _line(one))  # type: ignore[misc]  # as above
                seen = {one.id for one in fresh.items} | (seen if len(fresh.items) < 100 else set())


def _text(items: tuple[Packet, ...]) -> str:
    return table(_HEADERS, [_row(one) for one in items])


_HEADERS = ("time", "id", "device", "kind", "frequency", "datarate", "rssi", "snr", "stage", "reason")


def _row(one: Packet) -> tuple[object, ...]:
    return (
        f"{one.at:%H:%M:%S}", one.id, one.device_id, one.kind, f"{one.frequency_hz / 1e6:.3f}", one.datarate,
        one.rssi_dbm, one.snr_ddb / 10, one.stage, one.reason,
    )  # fmt: skip


def _line(one: Packet) -> str:
    return table(("",) * len(_HEADERS), [_row(one)], width=UNFOLDED).splitlines()[-1]
