"""`skerry rewards splits`: what hosts of your hotspots get, agreed, booked, stated and paid."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.splits_pay import pay
from skerry_agent.cli.wallet_rules import wallet_address

if TYPE_CHECKING:
    from skerry_agent.wallet.splits import SplitDesk
    from skerry_wallet.splits.history import Change

__all__ = ["open_desk", "splits"]

_EPOCH = click.IntRange(min=0)


@click.group()
def splits() -> None:
    """Share rewards with the people who host your hotspots.

    A split divides what a hotspot earns in an epoch by basis points that add up to 10000, rounded by largest remainder:
    every share is rounded down, the units left over go to the shares that lost most. Nothing is paid without `pay`.
    """


@splits.command("list")
@click.option("--hotspot", help="Only this hotspot's.")
@click.option("--history", is_flag=True, help="Every change ever made, undone ones too.")
@json_option
@pass_cli
def list_splits(cli: Cli, /, *, hotspot: str | None, history: bool, as_json_: bool) -> None:
    """List the agreements that stand, oldest first; of two that cover an epoch the later one counts."""

    async def main() -> list[dict[str, Any]]:
        from skerry_wallet.splits.history import standing

        async with open_desk(cli) as desk:
            changes = await desk.splits.changes()
        if hotspot is not None:
            changes = [change for change in changes if change.agreement.hotspot == hotspot]
        stands = {one.number for change in changes for one in standing(changes, change.agreement.hotspot)}
        return [_shown(change) | {"stands": change.number in stands} for change in changes
                if history or change.number in stands]  # fmt: skip

    items = asyncio.run(main())
    headers = ("number", "kind", "hotspot", "from_epoch", "to_epoch", "shares", "stands")
    rows = [(*(one[header] for header in headers[:5]), _shares_text(one), one["stands"]) for one in items]
    show({"items": items}, json_wanted=as_json_, text=lambda: table(headers, rows))


@splits.command("set")
@click.argument("hotspot")
@click.option(
    "--share", "shares", multiple=True, required=True, metavar="WALLET=POINTS",
    help="A wallet (name or address) and its basis points; repeat it, your own share included.",
)  # fmt: skip
@click.option("--name", "names", multiple=True, metavar="WALLET=NAME", help="Your word for a wallet; may be repeated.")
@click.option("--from-epoch", type=_EPOCH, help="First epoch; without it the one after the newest reward.")
@click.option("--to-epoch", type=_EPOCH, help="Last epoch; without it until further notice.")
@json_option
@pass_cli
def set_split(
    cli: Cli, /, *, hotspot: str, shares: tuple[str, ...], names: tuple[str, ...], from_epoch: int | None,
    to_epoch: int | None, as_json_: bool,
) -> None:  # fmt: skip
    """Agree how HOTSPOT's rewards are divided: `--share main=7500 --share 8xA...=2500`."""
    from skerry_wallet.splits.agreement import Agreement, Share

    called = {wallet_address(cli, wallet): name for wallet, name in (_pair(one, "--name") for one in names)}
    parts = []
    for wallet, points in (_pair(one, "--share") for one in shares):
        address = wallet_address(cli, wallet)
        parts.append(Share(address=address, basis_points=_points(points), name=called.get(address, "")))

    async def main() -> "Change":
        async with open_desk(cli) as desk:
            start = await _start(desk, hotspot, from_epoch)
            agreement = Agreement(hotspot=hotspot, shares=tuple(parts), start_epoch=start, end_epoch=to_epoch)
            return await desk.splits.set(agreement, at_s=desk.clock.wall_s())

    _tell(asyncio.run(main()), as_json_=as_json_)


@splits.command()
@click.argument("hotspot")
@click.option("--from-epoch", type=_EPOCH, help="First epoch without a split; else the one after the newest reward.")
@json_option
@pass_cli
def remove(cli: Cli, /, *, hotspot: str, from_epoch: int | None, as_json_: bool) -> None:
    """End HOTSPOT's split; what earlier epochs owe stays owed, and the agreement stays in the history."""

    async def main() -> "Change":
        async with open_desk(cli) as desk:
            start = await _start(desk, hotspot, from_epoch)
            return await desk.splits.remove(hotspot, start_epoch=start, at_s=desk.clock.wall_s())

    _tell(asyncio.run(main()), as_json_=as_json_)


@splits.command()
@click.argument("hotspot")
@json_option
@pass_cli
def undo(cli: Cli, /, *, hotspot: str, as_json_: bool) -> None:
    """Take back the newest change of HOTSPOT that stands, as long as nothing is booked by it."""

    async def main() -> "Change":
        async with open_desk(cli) as desk:
            return await desk.splits.undo(hotspot, at_s=desk.clock.wall_s())

    _tell(asyncio.run(main()), as_json_=as_json_)


@splits.command()
@click.option("--commit", is_flag=True, help="Write it into the ledger. Without this it is only shown.")
@json_option
@pass_cli
def book(cli: Cli, /, *, commit: bool, as_json_: bool) -> None:
    """Divide the rewards that were paid and not divided yet, and write what hosts are owed into the ledger.

    What is booked can no longer be changed by another agreement. `pay` books by itself.
    """

    async def main() -> tuple[list[Any], int]:
        async with open_desk(cli) as desk:
            found = await desk.unbooked()
            return found, await desk.book() if commit else 0

    found, booked = asyncio.run(main())
    rows = [
        (entry.id, posting.account, posting.amount)
        for entry in found
        for posting in entry.postings
        if posting.account.startswith("host:")
    ]
    answer = {
        "committed": commit,
        "booked": booked,
        "items": [{"entry": entry, "account": account, "amount": amount} for entry, account, amount in rows],
    }
    written = "1 entry is" if booked == 1 else f"{booked} entries are"
    end = f"{written} in the ledger now." if commit else "This was a dry run: nothing was written. Write with --commit."
    show(answer, json_wanted=as_json_, text=lambda: f"{table(('entry', 'account', 'amount'), rows)}\n{end}")


@splits.command()
@click.argument("host")
@click.option("--month", required=True, metavar="YYYY-MM", help="The month, UTC.")
@click.option("--format", "form", type=click.Choice(["text", "csv", "json", "html"]), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here; without it to stdout.")
@pass_cli
def statement(cli: Cli, /, *, host: str, month: str, form: str, output: Path | None) -> None:
    """Write HOST's statement of a month from the ledger: owed before, every share, every payment, owed at the end.

    HOST is a wallet's name or address. The HTML prints on paper as it is.
    """
    from skerry_core.files import write_atomic
    from skerry_wallet.splits.paper import FORMATS
    from skerry_wallet.splits.statement import month_bounds, statements

    month_bounds(month)
    address = wallet_address(cli, host)

    async def main() -> tuple[str, int]:
        async with open_desk(cli) as desk:
            made = statements(await desk.ledger.all_entries(), address, month)
            names = {token.mint: token for token in desk.tokens.values()}
            return FORMATS[form](made, names), len(await desk.unbooked())

    content, waiting = asyncio.run(main())
    if waiting:
        click.echo(f"{waiting} rewards are not booked yet: `skerry rewards splits book --commit` first.", err=True)
    if output is None:
        click.echo(content, nl=False)
    else:
        write_atomic(output, content.encode())
        click.echo(f"{output} written", err=True)


splits.add_command(pay)


@asynccontextmanager
async def open_desk(cli: Cli) -> AsyncIterator["SplitDesk"]:
    """Open everything that splits need; it may run beside the agent."""
    from skerry_agent.operator.treasury import AgentDatabase
    from skerry_agent.store import Rewards
    from skerry_agent.wallet.balances import HELIUM_TOKENS, tokens_of
    from skerry_agent.wallet.clusters import operator_folder
    from skerry_agent.wallet.payments import open_money
    from skerry_agent.wallet.splits import SplitDesk
    from skerry_core.clock import SystemClock
    from skerry_wallet.ledger.book import Ledger
    from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
    from skerry_wallet.splits.store import SplitStore

    clock = SystemClock()
    async with open_money(cli.paths, clock=clock) as database:
        shared = AgentDatabase(database)
        yield SplitDesk(
            splits=SplitStore(shared),
            rewards=Rewards(database),
            ledger=Ledger(shared),
            payments=SqlitePaymentStore(shared),
            tokens=HELIUM_TOKENS | tokens_of(operator_folder(cli.paths)),
            clock=clock,
        )


async def _start(desk: "SplitDesk", hotspot: str, wanted: int | None) -> int:
    from skerry_core.errors import UsageError

    start = await desk.next_epoch(hotspot) if wanted is None else wanted
    if start is None:
        raise UsageError(
            "E_SPLIT_EPOCHS",
            f"{hotspot} has no rewards here, so it is not known which epoch comes next.",
            remedy="Check the hotspot's address (`skerry rewards list`), or say --from-epoch.",
        )
    return start


def _tell(change: "Change", *, as_json_: bool) -> None:
    found = _shown(change)
    until = "until further notice" if found["to_epoch"] is None else f"to epoch {found['to_epoch']}"
    what = {
        "set": f"from epoch {found['from_epoch']} {until}: {_shares_text(found)}",
        "remove": f"no split from epoch {found['from_epoch']} on",
        "undo": f"change {change.undoes} taken back",
    }[change.kind]
    show(found, json_wanted=as_json_, text=lambda: f"Change {change.number}, {found['hotspot']}: {what}")


def _shown(change: "Change") -> dict[str, Any]:
    agreement = change.agreement
    return {
        "number": change.number,
        "at_s": change.at_s,
        "kind": change.kind,
        "hotspot": agreement.hotspot,
        "from_epoch": agreement.start_epoch,
        "to_epoch": agreement.end_epoch,
        "shares": [
            {"address": share.address, "name": share.name, "basis_points": share.basis_points}
            for share in agreement.shares
        ],
        "undoes": change.undoes,
    }


def _shares_text(found: dict[str, Any]) -> str:
    return ", ".join(f"{one['name'] or one['address']} {one['basis_points']}" for one in found["shares"]) or "none"


def _pair(text: str, option: str) -> tuple[str, str]:
    from skerry_core.errors import UsageError

    wallet, separator, value = text.partition("=")
    if not separator or not value:
        raise UsageError("E_SPLIT_SHARES", f"{option} {text!r} cannot be read.", remedy="Write it as WALLET=VALUE.")
    return wallet.strip(), value.strip()


def _points(text: str) -> int:
    from skerry_core.errors import UsageError

    if not text.isdecimal() or len(text) > 5:
        raise UsageError("E_SPLIT_SHARES", f"{text!r} are no basis points.", remedy="2500 is a quarter.")
    return int(text)
