"""`skerry simulate`: emulated devices behind real ports, for a real agent to talk to."""

import asyncio
import difflib
import errno
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import click

from skerry_agent.cli.context import json_option, show, table
from skerry_agent.cli.replay import replay_recordings
from skerry_core.errors import RefusedError

__all__ = ["simulate"]

PACKET_FORWARDER = "packet-forwarder"
SERVERS = {"basic-station": "127.0.0.1:3001", PACKET_FORWARDER: "127.0.0.1:1680"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The options, the same for every device that is run."""

    faults: str
    port: int
    server: str | None
    hangs_after_s: float | None
    folder: Path


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="List what can be emulated.")
@click.option("--faults", default="", help="A bad line, such as loss=0.2,delay_s=0.1,single_bytes,corrupt=0.1,stuck.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="TCP port for devices with one; 0 = any.")
@click.option(
    "--server",
    default=None,
    help="HOST:PORT of the agent that a simulated gateway speaks to; 127.0.0.1:1680 for packet-forwarder, "
    "127.0.0.1:3001 for basic-station unless set.",
)
@click.option(
    "--hangs-after",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="Seconds after which a LoRa module hangs until its hardware is reset by a low pulse of DTR; it is at a "
    "network port then.",
)
@click.option(
    "--replay",
    "recordings",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="With packet-forwarder: send the datagrams of this file or folder of conformance cases, say how many were "
    "acknowledged, and end. May be repeated.",
)
@json_option
def simulate(
    *,
    names: tuple[str, ...],
    only_list: bool,
    faults: str,
    port: int,
    server: str | None,
    hangs_after: float | None,
    recordings: tuple[Path, ...],
    as_json_: bool,
) -> None:
    """Run the emulated devices NAME... until Ctrl-C and print the ports to connect to.

    The same emulators serve the tests. Running ones are found by `skerry devices scan`, which also says what to put
    into the settings.
    """
    from skerry_firmware_bridge.at_radio.dialects import DIALECTS
    from skerry_firmware_bridge.discovery.announced import announcement_folder

    if only_list or not names:
        _list(as_json_=as_json_)
        return
    known = _kinds()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}? " if near else ""
            raise click.UsageError(f"there is no emulator {name!r}; {meant}see skerry simulate --list")
        if hangs_after is not None and known[name][0] not in DIALECTS:
            raise click.UsageError(f"--hangs-after goes with {', '.join(sorted(DIALECTS))} only, not with {name}")
    _check_places(names, port=port, server=server)
    if recordings:
        if names != (PACKET_FORWARDER,):
            raise click.UsageError("--replay goes with packet-forwarder alone")
        replay_recordings(recordings, _address(server or SERVERS[PACKET_FORWARDER]), as_json_=as_json_)
        return
    folder = announcement_folder()
    wishes = Wishes(faults=faults, port=port, server=server, hangs_after_s=hangs_after, folder=folder)
    asyncio.run(_run(names, wishes, as_json_=as_json_))


def _check_places(names: tuple[str, ...], *, port: int, server: str | None) -> None:
    """Refuse a place that none of the devices would use, and one port for two. Raises `click.UsageError`."""
    from skerry_simulate.devices.registry import EMULATORS

    at_ports = [name for name in names if name in EMULATORS and EMULATORS[name].tcp]
    if port and len(at_ports) != 1:
        having = ", ".join(name for name, emulator in sorted(EMULATORS.items()) if emulator.tcp)
        raise click.UsageError(f"--port goes with one device that has a network port ({having})")
    if server is not None:
        _address(server)
        if not SERVERS.keys() & set(names):
            raise click.UsageError(f"--server goes with {' and '.join(sorted(SERVERS))}: the others speak to nobody")


def _kinds() -> dict[str, tuple[str, str]]:
    """Return what can be emulated: by name its kind in the agent, and one line about it."""
    from skerry_simulate.devices import EMULATORS
    from skerry_simulate.lone_radio import LONE_RADIOS

    radios = {name: (radio.kind, radio.about) for name, radio in sorted(LONE_RADIOS.items())}
    return radios | {name: (emulator.kind, emulator.about) for name, emulator in sorted(EMULATORS.items())}


def _list(*, as_json_: bool) -> None:
    rows = [(name, kind, about) for name, (kind, about) in _kinds().items()]
    values = [{"name": name, "kind": kind, "about": about} for name, kind, about in rows]
    run = "Run as many as you like: skerry simulate p1-v5 quectel-rm520n - then, elsewhere: skerry devices scan"
    show(values, json_wanted=as_json_, text=lambda: f"{table(('name', 'kind', 'about'), rows)}\n\n{run}")


async def _run(names: tuple[str, ...], wishes: Wishes, *, as_json_: bool) -> None:
    stopped = _told_to_stop()
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(_emulator(name, wishes)) for name in names]
        values = running if len(running) > 1 else running[0]
        show(values, json_wanted=as_json_, text=lambda: "\n".join([*map(_text, running), "Ctrl-C stops it."]))
        await stopped.wait()


def _told_to_stop() -> asyncio.Event:
    """Return what Ctrl-C, SIGTERM and a closed window set; the emulator then takes its port away like a pulled plug."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows has Ctrl-C only, which ends the loop by itself
            loop.add_signal_handler(getattr(signal, name), stopped.set)
    return stopped


@asynccontextmanager
async def _emulator(name: str, wishes: Wishes) -> AsyncIterator[dict[str, str]]:
    """Run one device and yield what is told of it. Raises `click.UsageError`, `UserError`."""
    from random import SystemRandom

    from skerry_core.clock import SystemClock
    from skerry_simulate.devices.firmware import parse_faults
    from skerry_simulate.devices.registry import EMULATORS, read_faults, run_emulator
    from skerry_simulate.lone_radio import lone_radio

    clock = SystemClock()
    if name in EMULATORS:
        emulator = run_emulator(
            name, clock=clock, random=SystemRandom(), faults=read_faults(name, wishes.faults), announce=wishes.folder,
            port=wishes.port,
        )  # fmt: skip
        async with AsyncExitStack() as stack:
            try:
                running = await stack.enter_async_context(emulator)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                raise RefusedError(
                    "E_SIMULATE_PORT", f"Port {wishes.port} of this computer is in use.",
                    remedy="Choose another with --port, or leave it away for a free one.", params={"port": wishes.port},
                ) from None  # fmt: skip
            yield {"name": name, "kind": running.kind, "url": running.url, **dict(running.environment)}
        return
    server = _address(wishes.server or SERVERS.get(name, "127.0.0.1:0"))
    radio = lone_radio(
        name, clock=clock, seed=1, server=server, folder=wishes.folder, hangs_after_s=wishes.hangs_after_s,
        faults=parse_faults(wishes.faults),
    )  # fmt: skip
    async with radio as running_radio:
        yield {"name": name, "kind": running_radio.kind, "url": running_radio.address}


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise click.UsageError("--server takes HOST:PORT")
    return host, int(port)


def _text(values: dict[str, str]) -> str:
    """Say where the device is and how an agent uses it."""
    from skerry_firmware_bridge.at_radio.dialects import DIALECTS

    name, kind, url = values["name"], values["kind"], values["url"]
    is_serial_radio = kind in DIALECTS or kind == "gwmp-serial"
    talks = "; its neighbour talks every 20 s" if is_serial_radio or kind in {"gwmp", "station"} else ""
    if kind == "gwmp":
        return f"{name} sends to {url}{talks}. An agent hears it there without any setting:\n  skerry run"
    if kind == "station":
        address = url.removeprefix("ws://")
        return (
            f"{name} connects to {url}{talks}. Let it in with:\n"
            f"  skerry --set station.listen={address} --set hotspot.region=EU868 run"
        )
    where = f"{name} is at {url}{talks}."
    variables = " ".join(f"{key}={value}" for key, value in values.items() if key.isupper())
    if variables:
        return f"{where} Talk to it with:\n  {variables} skerry ble info {url.removeprefix('ble:')}"
    setting = "serial.radios" if is_serial_radio else "devices.attached"
    return f"{where} Give it to an agent with:\n  skerry --set {quote(f'{setting}={kind}:{url}')} run"
