"""`skerry devices scan`: what is attached to this computer, what it probably is, and why a port cannot be opened."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show
from skerry_agent.cli.exits import ERROR
from skerry_agent.cli.progress import ProgressBar
from skerry_agent.cli.scan_text import add_to_settings, scan_text
from skerry_core.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skerry_client.http import AgentClient
    from skerry_firmware_bridge.discovery.scan import KnownDevice

__all__ = ["scan_ports"]

ON_REQUEST = ("iec62056", "sunspec")
LOOK_EVERY_S = 0.5
WAIT_S = 300  # for the agent's scan, which may itself wait for another


@click.command("scan")
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@click.option("--no-probe", is_flag=True, help="Only list ports; send nothing to them.")
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(ON_REQUEST),
    help="Ask the PORTs for this kind too: optical head, Modbus bus. Not done unasked, for others may share a bus.",
)
@click.option("--add", is_flag=True, help="Put what is found into the settings file, beside what stands there.")
@json_option
@pass_cli
def scan_ports(
    cli: Cli, *, ports: tuple[str, ...], no_probe: bool, also: tuple[str, ...], add: bool, as_json_: bool
) -> int:
    """Find out what is attached: serial ports, Bluetooth hotspots, gateways on the network, running emulators.

    Every port is asked harmless questions, all at the same time; one that stays silent takes up to 25 seconds. PORTs
    limit the look to these paths or URLs; one that is not there gives exit code 1. What the running agent uses is
    listed and left alone. A second scan waits for the first to end.
    """
    if also and not ports:
        raise click.UsageError("--also needs the PORTs to ask; writing to an unknown bus is not harmless.")
    if "" in ports:
        raise click.UsageError("a PORT is empty; leave all away to look at every port.")
    if add and no_probe:
        raise click.UsageError("--add needs to ask the ports; leave --no-probe away.")
    if add and cli.address is not None:
        raise click.UsageError("--add changes the settings of the agent in this computer's folder, not at --address.")
    found = asyncio.run(_scan(cli, ports=ports, also=also, probing=not no_probe))
    show(found, json_wanted=as_json_, text=lambda: scan_text(found, cli, adding=add))
    if add:
        file = add_to_settings(found, cli)
        told = (
            "Nothing new is to be added."
            if file is None
            else f"Added to {file}; it counts from the agent's next start."
        )
        click.echo(told, err=True)
    missing = any(device["problem"] is not None and device["problem"]["code"] == "E_PORT_MISSING" for device in found)
    return ERROR if ports and missing else 0


async def _scan(cli: Cli, *, ports: tuple[str, ...], also: tuple[str, ...], probing: bool) -> list[dict[str, Any]]:
    from random import SystemRandom

    from skerry_agent.runtime.attached import surroundings
    from skerry_agent.runtime.look_around import listen_for
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.announced import announcement_folder, scan_lock
    from skerry_firmware_bridge.discovery.gateways import ListenFor
    from skerry_firmware_bridge.discovery.scan import Scope, scan

    with ProgressBar("devices scan", shown=probing) as progress:
        known = await _of_running_agent(cli, progress if probing else None)
        scope = Scope(
            probing=probing,
            only=ports,
            also=frozenset(also),
            known=known or (),
            listen=listen_for(cli.settings) if known is None else ListenFor(),  # a running agent listens itself
        )
        around = surroundings(SystemClock(), SystemRandom())
        folder = announcement_folder()
        found = await scan(scope, around=around, announced=folder, lock=scan_lock(folder), on_progress=progress)
    return [device.to_json() for device in found]


async def _of_running_agent(
    cli: Cli, progress: "Callable[[float, str], None] | None"
) -> "tuple[KnownDevice, ...] | None":
    """Return the devices of the agent that runs in this folder, None where none runs; its own scan ends first.

    Raises `ApiProblem` when one runs and does not tell: its ports would look like somebody else's.
    """
    from skerry_agent.runtime.look_around import known_devices
    from skerry_client import calls
    from skerry_client.errors import NotReachable

    try:
        async with cli.agent() as client:
            if progress is not None:
                await _let_end(client, progress)
            page = await client.call(calls.devices())
    except NotReachable:
        return None
    return known_devices((device.id, device.values) for device in page.items)


async def _let_end(client: "AgentClient", progress: "Callable[[float, str], None]") -> None:
    """Wait for the agent's own scan, which holds no lock of this user where it runs as another.

    Raises `RefusedError` E_SCAN_RUNNING.
    """
    from skerry_client import calls
    from skerry_core.clock import NS_PER_S, SystemClock

    clock = SystemClock()
    until_ns = clock.monotonic_ns() + WAIT_S * NS_PER_S
    while True:
        scans = [job for job in (await client.call(calls.jobs())).items if job.kind == "device_scan"]
        going = next((job.id for job in scans if not job.has_ended), None)
        if going is None:
            return
        if clock.monotonic_ns() >= until_ns:
            raise RefusedError(
                "E_SCAN_RUNNING", "The agent's own scan is running and does not end.",
                remedy=f"Stop it: skerry jobs cancel {going} - or list the ports meanwhile with --no-probe.",
            )  # fmt: skip
        progress(0.0, "waiting for the agent's own scan to end")
        await clock.sleep(LOOK_EVERY_S)
