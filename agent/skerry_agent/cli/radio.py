"""`skerry devices` and `skerry packets`."""

import asyncio
from contextlib import aclosing

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, span, table
from skerry_agent.cli.scan import scan_ports
from skerry_agent.cli.speedtest import speedtest
from skerry_client import calls
from skerry_client.models import Device, Packet, Page

__all__ = ["devices", "packets"]


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def devices(ctx: click.Context, /, *, as_json_: bool) -> None:
    """List devices with their state now."""
    if ctx.invoked_subcommand is not None:
        return
    page = ctx.obj.ask(lambda agent: agent.call(calls.devices()))
    rows = [(one.id, one.name, one.kind, one.state, _age(page, one), one.region, one.reason) for one in page.items]
    header = ("id", "name", "kind", "state", "last heard", "region", "reason")
    show(page, json_wanted=as_json_, text=lambda: table(header, rows))


def _age(page: Page[Device], device: Device) -> str:
    """Say how old is what is known of a device; of one that never answered nothing is."""
    if device.state != "up" and not device.values:
        return "never"
    return f"{span(max(0, round((page.as_of - device.as_of).total_seconds())))} ago"


@devices.command("set")
@click.argument("device_id")
@click.option("--name", help="A name for people.")
@click.option("--region", help="Confirm the region it stands in: nothing is transmitted before.")
@json_option
@pass_cli
def set_device(cli: Cli, /, *, device_id: str, name: str | None, region: str | None, as_json_: bool) -> None:
    """Name a device or confirm its region."""
    changed: Device = cli.ask(lambda agent: agent.call(calls.change_device(device_id, name=name, region=region)))
    show(
        changed,
        json_wanted=as_json_,
        text=lambda: f"{changed.id}: {changed.name}, region {changed.region or 'not set'}",
    )


devices.add_command(scan_ports)
devices.add_command(speedtest)


@click.command()
@click.option("--limit", default=20, show_default=True, help="How many of the newest.")
@click.option("--device", help="Only this device's.")
@click.option("--follow", is_flag=True, help="Go on as they come.")
@json_option
@pass_cli
def packets(cli: Cli, /, *, limit: int, device: str | None, follow: bool, as_json_: bool) -> None:
    """Show received frames and how far each one came."""
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
    return table(("",) * len(_HEADERS), [_row(one)]).splitlines()[-1]
