"""`skerry alerts`: what stands, a test message, and maintenance."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from skerry_agent.alerts.book import BOOK, AlertBook, Notice
from skerry_agent.alerts.loop import PAUSED_UNTIL_NS
from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION
from skerry_agent.store import Database, Facts
from skerry_agent.store.schema import SKERRY
from skerry_core.clock import NS_PER_S, SystemClock

__all__ = ["alerts"]

T = TypeVar("T")


@click.group()
def alerts() -> None:
    """Alerts: what stands, a test message, and maintenance."""


@alerts.command("list")
@json_option
@pass_cli
def list_alerts(cli: Cli, /, *, as_json_: bool) -> int:
    """List the alerts that stand; exit code 5 when there are any."""

    async def read(facts: Facts) -> tuple[AlertBook, int]:
        return AlertBook.from_json(await facts.get(BOOK)), int(await facts.get(PAUSED_UNTIL_NS) or 0)

    book, paused_until_ns = _with_facts(cli, read)
    standing = book.standing()
    paused_s = max(0, (paused_until_ns - SystemClock().wall_ns()) // NS_PER_S)
    rows = list(standing.items())
    note = f"paused for {paused_s // 60 + 1} more minutes\n" if paused_s else ""
    show(
        {"standing": standing, "paused_s": paused_s},
        json_wanted=as_json_,
        text=lambda: note + table(("alert", "text"), rows),
    )
    return ATTENTION if standing else 0


@alerts.command()
@json_option
@pass_cli
def test(cli: Cli, /, *, as_json_: bool) -> None:
    """Send a test message to every channel that is set."""
    from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
    from skerry_core.errors import UserError

    channels = Channels.from_settings(cli.settings)
    notice = Notice(key="test", raised=True, text="This is a test.")
    test = Sender(name="test", address="test")
    taken: set[str] = set()
    try:
        asyncio.run(channels.send(notice, hotspot=test, at_ns=SystemClock().wall_ns(), taken=taken))
    except NotDelivered as error:
        raise UserError(
            "E_NOT_DELIVERED", f"The test was not delivered everywhere: {error}.", remedy=f"Delivered: {_names(taken)}."
        ) from None
    if not taken:
        raise UserError(
            "E_NO_CHANNEL",
            "No channel is set, and no desktop is here to show the test.",
            remedy="Set alerts.webhook, alerts.ntfy, alerts.mail_server or mqtt.broker.",
        )
    show(
        {"delivered": True, "channels": sorted(taken)},
        json_wanted=as_json_,
        text=lambda: f"delivered: {_names(taken)}",
    )


@alerts.command()
@click.argument("minutes", type=click.IntRange(1, 60 * 24 * 30))
@json_option
@pass_cli
def pause(cli: Cli, /, *, minutes: int, as_json_: bool) -> None:
    """Send nothing for some minutes, for maintenance; what still stands then is told afterwards."""
    until_ns = SystemClock().wall_ns() + minutes * 60 * NS_PER_S
    _with_facts(cli, lambda facts: facts.set(PAUSED_UNTIL_NS, str(until_ns)))
    show({"paused_s": minutes * 60}, json_wanted=as_json_, text=lambda: f"paused for {minutes} minutes")


@alerts.command()
@json_option
@pass_cli
def resume(cli: Cli, /, *, as_json_: bool) -> None:
    """End maintenance now."""
    _with_facts(cli, lambda facts: facts.set(PAUSED_UNTIL_NS, "0"))
    show({"paused_s": 0}, json_wanted=as_json_, text=lambda: "alerts are sent again")


def _names(channels: set[str]) -> str:
    return ", ".join(sorted(channels)) or "nowhere"


def _with_facts(cli: Cli, job: Callable[[Facts], Awaitable[T]]) -> T:
    async def main() -> T:
        cli.paths.create()
        database = await Database.open(cli.paths.database, clock=SystemClock(), migrations=(SKERRY,))
        try:
            return await job(Facts(database))
        finally:
            await database.close()

    return asyncio.run(main())
