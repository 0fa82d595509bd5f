"""`skerry simulate`: emulated devices behind real ports, for a real agent to talk to."""

import asyncio
import os

import click

from skerry_agent.cli.context import json_option, show, table

__all__ = ["simulate"]


@click.command()
@click.argument("name", required=False)
@click.option("--list", "only_list", is_flag=True, help="List what can be emulated.")
@click.option("--faults", default="", help="A bad line, such as loss=0.2,delay_s=0.1,single_bytes,corrupt=0.1,stuck.")
@click.option("--port", default=0, help="TCP port for devices that have one; 0 takes any.")
@json_option
def simulate(*, name: str | None, only_list: bool, faults: str, port: int, as_json_: bool) -> None:
    """Run the emulated device NAME until Ctrl-C and print the port to connect to.

    The same emulators serve the tests. A running one is found by `skerry devices scan`; put what it prints into the
    setting devices.attached.
    """
    from skerry_simulate.devices import EMULATORS

    if only_list or name is None:
        rows = [(key, emulator.kind, emulator.about) for key, emulator in sorted(EMULATORS.items())]
        values = [{"name": key, "kind": kind, "about": about} for key, kind, about in rows]
        show(values, json_wanted=as_json_, text=lambda: table(("name", "kind", "about"), rows))
        return
    if name not in EMULATORS:
        raise click.UsageError(f"there is no emulator {name!r}; see skerry simulate --list")
    asyncio.run(_run(name, faults=faults, port=port, as_json_=as_json_))


async def _run(name: str, *, faults: str, port: int, as_json_: bool) -> None:
    from random import SystemRandom

    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.ports import announcement_folder
    from skerry_simulate.devices import run_emulator
    from skerry_simulate.devices.firmware import parse_faults

    folder = announcement_folder()
    os.makedirs(folder, mode=0o700, exist_ok=True)
    emulator = run_emulator(
        name, clock=SystemClock(), random=SystemRandom(), faults=parse_faults(faults), announce=folder, port=port
    )
    async with emulator as running:
        values = {"name": running.name, "kind": running.kind, "url": running.url, **dict(running.environment)}
        show(values, json_wanted=as_json_, text=lambda: _text(values))
        await asyncio.Event().wait()


def _text(values: dict[str, str]) -> str:
    lines = [f"{values['name']} is running at {values['url']} (Ctrl-C stops it). Give it to an agent with:"]
    lines.append(f"  skerry --set devices.attached={values['kind']}:{values['url']} run")
    lines += [f"  {key}={value}" for key, value in values.items() if key.isupper()]
    return "\n".join(lines)
