"""`skerry devices scan`: what is attached to this computer, what it probably is, and why a port cannot be opened."""

import asyncio
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import json_option, show, table

if TYPE_CHECKING:
    from skerry_firmware_bridge.discovery.scan import ScannedDevice

__all__ = ["scan_ports"]


@click.command("scan")
@click.option("--no-probe", is_flag=True, help="Only list ports; send nothing to them.")
@json_option
def scan_ports(*, no_probe: bool, as_json_: bool) -> None:
    """Look at every serial port and announced device; ask harmless questions to find out what each is."""
    found = asyncio.run(_scan(probing=not no_probe))
    show([device.to_json() for device in found], json_wanted=as_json_, text=lambda: _text(found))


async def _scan(*, probing: bool) -> list["ScannedDevice"]:
    from random import SystemRandom

    from skerry_agent.runtime.attached import surroundings
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.ports import announcement_folder
    from skerry_firmware_bridge.discovery.scan import scan

    around = surroundings(SystemClock(), SystemRandom())
    if probing:
        click.echo("Asking every port; one that stays silent takes up to a minute ...", err=True)
    return await scan(around=around, announced=announcement_folder(), probing=probing)


def _text(found: list["ScannedDevice"]) -> str:
    if not found:
        return "No serial port was found. Plug the device in, or try an emulated one: skerry simulate --list"
    rows = [(device.port.path, device.guess, device.kind, _identity(device.to_json())) for device in found]
    lines = [table(("port", "probably", "kind", "identity"), rows)]
    lines += [f"{device.port.path}: {_problem(device.to_json())}" for device in found if device.problem]
    usable = [device for device in found if device.kind]
    if usable:
        settings = ", ".join(f'"{device.kind}:{device.port.path}"' for device in usable)
        lines += ["", "To use them, put this into the settings file:", "[devices]", f"attached = [{settings}]"]
    return "\n".join(lines)


def _identity(device: dict[str, Any]) -> str:
    return ", ".join(str(value) for value in list(device["identity"].values())[:4] if value is not None)


def _problem(device: dict[str, Any]) -> str:
    return " ".join(str(device["problem"][part]) for part in ("detail", "remedy") if device["problem"].get(part))
