"""`skerry run`: everything around the agent - lock, log, signals, systemd - and then the composition root."""

import asyncio
import gc
import os
import signal
from typing import IO, cast

import click

from skerry_agent.cli.context import Cli, pass_cli
from skerry_agent.systemd import Systemd

__all__ = ["run"]


@click.command()
@pass_cli
def run(cli: Cli, /) -> int:
    """Run the agent until SIGTERM or Ctrl-C; SIGHUP reads the settings again.

    With --dir everything it writes is under that folder. Prints where its API and token file are.
    """
    gc.disable()  # nothing of the start becomes garbage; looking for it takes a twentieth of the start
    try:
        return _run(cli)
    finally:
        gc.enable()


def _run(cli: Cli) -> int:
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.logs import LogFile, configure
    from skerry_agent.settings.table import LOG_FORMAT, LOG_LEVEL

    settings = cli.settings
    cli.paths.create()
    for stream in (None, *([] if "JOURNAL_STREAM" in os.environ else [cast(IO[str], LogFile(cli.paths.log))])):
        configure(level=settings[LOG_LEVEL], form=settings[LOG_FORMAT], environ=os.environ, stream=stream)
    with InstanceLock(cli.paths.lock), asyncio.Runner() as runner:
        runner.run(_serve(cli))
    return 0


async def _serve(cli: Cli) -> None:
    from skerry_core.clock import SystemClock
    from skerry_core.postpone import postpone

    postpone("dateutil.parser")  # sqlite-utils takes it along for the recipes of its command line
    from skerry_agent.service import run_agent

    clock = SystemClock()
    systemd = Systemd(environ=os.environ, clock=clock)
    loop = asyncio.get_running_loop()
    hangup = asyncio.Event()

    def started(address: str, notes: list[str]) -> None:
        for line in (f"API         {address}/api/v1", f"token file  {cli.paths.token}", *notes):
            click.echo(line)
        systemd.ready(f"API at {address}")
        gc.freeze()  # modules live as long as the process: later collections pass them by and are short
        gc.enable()

    async with asyncio.TaskGroup() as group:
        watchdog = group.create_task(systemd.watch(), name="systemd watchdog")
        agent = group.create_task(
            run_agent(read_settings=cli.read_settings, hangup=hangup, paths=cli.paths, clock=clock, started=started),
            name="agent",
        )
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, agent.cancel)
        agent.add_done_callback(lambda _: _ended(systemd, watchdog))


def _ended(systemd: Systemd, watchdog: asyncio.Task[None]) -> None:
    systemd.stopping()
    watchdog.cancel()
