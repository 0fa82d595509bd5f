"""`skerry simulate`: emulated devices behind real ports, for a real agent to talk to."""

import asyncio
import signal
from contextlib import suppress

import click

from skerry_agent.cli.context import json_option, show, table

__all__ = ["simulate"]


@click.command()
@click.argument("name", required=False)
@click.option("--list", "only_list", is_flag=True, help="List what can be emulated.")
@click.option("--faults", default="", help="A bad line, such as loss=0.2,delay_s=0.1,single_bytes,corrupt=0.1,stuck.")
@click.option("--port", default=0, help="TCP port for devices that have one; 0 takes any.")
@click.option(
    "--server",
    default=None,
    help="HOST:PORT of the agent that a simulated gateway speaks to; 127.0.0.1:1680 for packet-forwarder, "
    "127.0.0.1:3001 for basic-station unless set.",
)
@click.option(
    "--hangs-after",
    type=float,
    default=None,
    help="Seconds after which a LoRa module hangs until its hardware is reset by a low pulse of DTR; it is at a "
    "network port then.",
)
@json_option
def simulate(
    *,
    name: str | None,
    only_list: bool,
    faults: str,
    port: int,
    server: str | None,
    hangs_after: float | None,
    as_json_: bool,
) -> None:
    """Run the emulated device NAME until Ctrl-C and print the port to connect to.

    The same emulators serve the tests. A running one is found by `skerry devices scan`; put what it prints into the
    setting devices.attached.
    """
    from skerry_simulate.devices import EMULATORS
    from skerry_simulate.lone_radio import LONE_RADIOS

    if only_list or name is None:
        rows = [(key, radio.kind, radio.about) for key, radio in sorted(LONE_RADIOS.items())]
        rows += [(key, emulator.kind, emulator.about) for key, emulator in sorted(EMULATORS.items())]
        values = [{"name": key, "kind": kind, "about": about} for key, kind, about in rows]
        show(values, json_wanted=as_json_, text=lambda: table(("name", "kind", "about"), rows))
        return
    if name in LONE_RADIOS:
        asyncio.run(_run_radio(name, server=server, hangs_after_s=hangs_after, as_json_=as_json_))
        return
    if name not in EMULATORS:
        raise click.UsageError(f"there is no emulator {name!r}; see skerry simulate --list")
    asyncio.run(_run(name, faults=faults, port=port, as_json_=as_json_))


async def _run_radio(name: str, *, server: str | None, hangs_after_s: float | None, as_json_: bool) -> None:
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.announced import announcement_folder
    from skerry_simulate.lone_radio import BASIC_STATION, lone_radio

    host, _, port = (server or f"127.0.0.1:{3001 if name == BASIC_STATION else 1680}").rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError("--server takes HOST:PORT")
    stopped = _told_to_stop()
    running = lone_radio(
        name,
        clock=SystemClock(),
        seed=1,
        server=(host, int(port)),
        folder=announcement_folder(),
        hangs_after_s=hangs_after_s,
    )
    async with running as radio:
        values = {"name": name, "kind": radio.kind, "url": radio.address}
        show(values, json_wanted=as_json_, text=lambda: _radio_text(values))
        await stopped.wait()


def _radio_text(values: dict[str, str]) -> str:
    if values["name"] == "packet-forwarder":
        return f"A packet forwarder sends to {values['url']}; its neighbour talks every 20 s. Ctrl-C stops it."
    if values["name"] == "basic-station":
        address = values["url"].removeprefix("ws://")
        return (
            f"A Basic Station connects to {values['url']}; its neighbour talks every 20 s (Ctrl-C stops it). Let it in "
            f"with:\n  skerry --set station.listen={address} --set hotspot.region=EU868 run"
        )
    return (
        f"{values['name']} is at {values['url']}; its neighbour talks every 20 s (Ctrl-C stops it). Use it with:\n"
        f"  skerry --set serial.radios={values['kind']}:{values['url']} run"
    )


async def _run(name: str, *, faults: str, port: int, as_json_: bool) -> None:
    from random import SystemRandom

    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.discovery.announced import announcement_folder
    from skerry_simulate.devices.registry import read_faults, run_emulator

    stopped = _told_to_stop()
    emulator = run_emulator(
        name,
        clock=SystemClock(),
        random=SystemRandom(),
        faults=read_faults(name, faults),
        announce=announcement_folder(),
        port=port,
    )
    async with emulator as running:
        values = {"name": running.name, "kind": running.kind, "url": running.url, **dict(running.environment)}
        show(values, json_wanted=as_json_, text=lambda: _text(values))
        await stopped.wait()


def _told_to_stop() -> asyncio.Event:
    """Return what Ctrl-C, SIGTERM and a closed window set; the emulator then takes its port away like a pulled plug."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows has Ctrl-C only, which ends the loop by itself
            loop.add_signal_handler(getattr(signal, name), stopped.set)
    return stopped


def _text(values: dict[str, str]) -> str:
    lines = [f"{values['name']} is running at {values['url']} (Ctrl-C stops it)."]
    variables = " ".join(f"{key}={value}" for key, value in values.items() if key.isupper())
    if variables:
        lines += ["Talk to it with:", f"  {variables} skerry ble info {values['url'].removeprefix('ble:')}"]
    else:
        lines += ["Give it to an agent with:", f"  skerry --set devices.attached={values['kind']}:{values['url']} run"]
    return "\n".join(lines)
