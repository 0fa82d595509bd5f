"""`skerry devices scan`: what is attached to this computer, what it probably is, and why a port cannot be opened."""

import asyncio
from typing import TYPE_CHECKING

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ERROR
from skerry_agent.cli.progress import ProgressBar

if TYPE_CHECKING:
    from skerry_firmware_bridge.discovery.scan import KnownDevice, ScannedDevice

__all__ = ["scan_ports"]

ON_REQUEST = ("iec62056", "sunspec")
# the first three known are shown
NAMES = ("name", "model", "firmware", "serial", "eui", "dev_eui", "imei", "serial_number", "public_key", "says")


@click.command("scan")
@click.argument("ports", nargs=-1, metavar="[PORT]...")
@click.option("--no-probe", is_flag=True, help="Only list ports; send nothing to them.")
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(ON_REQUEST),
    help="Ask the PORTs for this kind too: optical head, Modbus bus. Not done unasked, for others may share a bus.",
)
@json_option
@pass_cli
def scan_ports(cli: Cli, *, ports: tuple[str, ...], no_probe: bool, also: tuple[str, ...], as_json_: bool) -> int:
    """Find out what is attached: serial ports, Bluetooth hotspots, gateways on the network, running emulators.

    Every port is asked harmless questions, all at the same time; one that stays silent takes up to 25 seconds. PORTs
    limit the look to these paths or URLs; one that is not there gives exit code 1. What the running agent uses is
    listed and left alone.
    """
    if also and not ports:
        raise click.UsageError("--also needs the PORTs to ask; writing to an unknown bus is not harmless.")
    found = asyncio.run(_scan(cli, ports=ports, also=also, probing=not no_probe))
    show([device.to_json() for device in found], json_wanted=as_json_, text=lambda: _text(found))
    missing = any(device.problem is not None and device.problem["code"] == "E_PORT_MISSING" for device in found)
    return ERROR if ports and missing else 0


async def _scan(cli: Cli, *, ports: tuple[str, ...], also: tuple[str, ...], probing: bool) -> list["ScannedDevice"]:
    from random import SystemRandom

    from skerry_agent.runtime.attached import surroundings
    from skerry_agent.runtime.look_around import listen_for
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.announced import announcement_folder
    from skerry_firmware_bridge.discovery.gateways import ListenFor
    from skerry_firmware_bridge.discovery.scan import Scope, scan

    known = await _of_running_agent(cli)
    scope = Scope(
        probing=probing,
        only=ports,
        also=frozenset(also),
        known=known or (),
        listen=listen_for(cli.settings) if known is None else ListenFor(),  # a running agent listens itself
    )
    around = surroundings(SystemClock(), SystemRandom())
    if not probing:
        return await scan(scope, around=around, announced=announcement_folder())
    with ProgressBar("devices scan") as progress:
        return await scan(scope, around=around, announced=announcement_folder(), on_progress=progress)


async def _of_running_agent(cli: Cli) -> "tuple[KnownDevice, ...] | None":
    """Return the devices of the agent that runs in this folder, None where none runs."""
    from skerry_agent.runtime.look_around import known_devices
    from skerry_client import calls
    from skerry_client.errors import ClientError

    try:
        async with cli.agent() as client:
            page = await client.call(calls.devices())
    except ClientError:
        return None
    return known_devices((device.id, device.values) for device in page.items)


def _text(found: list["ScannedDevice"]) -> str:
    if not found:
        return "Nothing was found. Plug the device in, or try an emulated one: skerry simulate --list"
    rows = [(device.port.path, device.guess, device.kind, _identity(device)) for device in found]
    lines = [table(("port", "probably", "kind", "identity"), rows)]
    lines += [
        f"{device.port.path}: {device.problem['detail']} {device.problem['remedy']}"
        for device in found if device.problem
    ]  # fmt: skip
    new = [device for device in found if device.device_id is None]
    settings: dict[str, list[str]] = {}
    for name, value in (device.setting for device in new if device.setting is not None):
        settings.setdefault(name, []).append(f'"{value}"')
    if settings:
        lines += ["", "To use them, put this into the settings file:"]
        for name, values in settings.items():
            section, _, key = name.partition(".")
            lines += [f"[{section}]", f"{key} = {values[0] if key == 'listen' else '[' + ', '.join(values) + ']'}"]
    if any(device.kind == "gwmp" for device in new):
        lines += ["", "Packet forwarders need no setting: the agent hears them as soon as it runs."]
    if any(device.kind == "helium-ble" for device in new):
        lines += ["", "Hotspots over Bluetooth are set up with: skerry ble --help"]
    return "\n".join(lines)


def _identity(device: "ScannedDevice") -> str:
    told = [str(device.identity[name]) for name in NAMES if device.identity.get(name) is not None]
    used = [f"used by the running agent as {device.device_id}"] if device.device_id is not None else []
    return ", ".join(told[:3] + used)
