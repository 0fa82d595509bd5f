"""`skerry status`: the agent on one screen, or again whenever something changes."""

import asyncio
import sys
from contextlib import aclosing

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, span, table
from skerry_agent.cli.exits import ATTENTION, UNHEALTHY
from skerry_client import calls
from skerry_client.models import Network, Status

__all__ = ["status"]

REFRESH_S = 2.0  # at most so often with --watch


@click.command()
@click.option("--watch", is_flag=True, help="Show it again whenever something changes.")
@json_option
@pass_cli
def status(cli: Cli, /, *, watch: bool, as_json_: bool) -> int:
    """Show radio, links, identity, what is missing, and the exact next command.

    Exit code 0 when all is well, 4 when something is down, 5 when something needs attention, 3 when no agent runs.
    """
    if watch:
        asyncio.run(_watch(cli, as_json_))
        return 0
    found = cli.ask(lambda agent: agent.call(calls.status()))
    show(found, json_wanted=as_json_, text=lambda: _text(found))
    return UNHEALTHY if found.state == "down" else ATTENTION if found.state == "unknown" else 0


async def _watch(cli: Cli, as_json_: bool) -> None:
    from skerry_core.clock import SystemClock

    clock = SystemClock()
    async with cli.agent() as agent:
        found = await agent.call(calls.status())
        _redraw(found, as_json_)
        async with aclosing(agent.events(clock=clock, after=found.last_event_id)) as events:
            async for _ in events:
                await clock.sleep(REFRESH_S)
                _redraw(await agent.call(calls.status()), as_json_)


def _redraw(found: Status, as_json_: bool) -> None:
    if sys.stdout.isatty() and not as_json_:
        click.clear()
    show(found, json_wanted=as_json_, text=lambda: _text(found))


def _text(found: Status) -> str:
    counts = found.devices
    lines = [
        f"{_mark(found.state)} {found.summary}",
        f"agent      version {found.version}, running for {span(found.uptime_s)}, as of {found.as_of:%H:%M:%S} UTC",
        f"operator   {_operator(found)}",
        f"devices    {counts.up} up, {counts.down} down, {counts.unknown} unknown{_ask_why(found)}",
        f"clock      {_clock(found)}",
    ]
    if found.test_tokens:
        lines.append("tokens     test tokens only: worthless")
    if found.telemetry_rebuilt:
        lines.append("warning    the packet database was damaged and begun anew at this start")
    if found.hotspots:
        rows = [(hot.name, hot.state, hot.region, hot.location, hot.reason) for hot in found.hotspots]
        lines += ["", table(("hotspot", "state", "region", "location", "reason"), rows)]
    if found.networks:
        networks = [(one.name, one.state, one.uplinks, _age(one), one.reason) for one in found.networks]
        lines += ["", table(("network", "state", "uplinks", "last packet", "reason"), networks)]
    if found.path:
        stages = [(stage.stage, stage.state, stage.passed, stage.stopped, stage.reason) for stage in found.path]
        lines += ["", table(("stage", "state", "passed", "stopped", "reason"), stages)]
    if found.next_step:
        lines += ["", f"next: {found.next_step}"]
    return "\n".join(lines)


def _ask_why(found: Status) -> str:
    """Point to the list where each device says what happened to it and what to do."""
    return "; why: skerry devices" if found.devices.down or found.devices.unknown else ""


def _operator(found: Status) -> str:
    told = found.operator.pays or "nothing will be paid" in found.operator.reason
    return found.operator.reason + ("" if told else " Nothing will be paid.")


def _age(network: Network) -> str:
    return "none yet" if network.last_packet_age_s is None else f"{span(network.last_packet_age_s)} ago"


def _mark(state: str) -> str:
    return {"up": "[ok]", "down": "[DOWN]", "unknown": "[?]"}[state]


def _clock(found: Status) -> str:
    if found.clock.synchronised is None:
        return "not known whether it is synchronised"
    return "synchronised" if found.clock.synchronised else "not synchronised since boot: nothing is signed yet"
