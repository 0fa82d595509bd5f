"""`skerry dc`: data credits of this folder's own network, and of Helium by transactions that are reviewed first."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.claims import commit_option
from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.cli.wallet_spend import cluster_option, danger_option, settle_review, show_review
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster

__all__ = ["dc"]

_WALLET = click.option("--wallet", "source", metavar="NAME", help="A wallet here: act on Helium, not on this network.")
_AMOUNT = click.IntRange(1, (1 << 64) - 1)


@click.group()
def dc() -> None:
    """Data credits: what pays for carried data. 1 DC costs $0.00001 and carries 24 bytes."""


@dc.command()
@click.argument("wallet", required=False)
@cluster_option
@json_option
@pass_cli
def balance(cli: Cli, /, *, wallet: str | None, url: str | None, as_json_: bool) -> None:
    """Show the data credits of a wallet (name or address), or without one of this network's data payer."""
    from skerry_agent.wallet.credits import credit_balance

    amount, owner = asyncio.run(credit_balance(cli.paths, wallet, url=url))
    answer = {"owner": owner, "dc": amount, "usd": _dollars(amount)}
    show(answer, json_wanted=as_json_, text=lambda: f"{owner} has {amount} DC (${_dollars(amount)})")


@dc.command()
@click.option("--hnt-bones", type=_AMOUNT, help="How many DC this much HNT buys.")
@click.option("--dc", "dc_amount", type=_AMOUNT, help="How much HNT this many DC cost.")
@click.option("--ema-price", type=_AMOUNT, help="Compute with this price instead of asking a cluster.")
@click.option("--ema-conf", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--exponent", type=click.IntRange(-30, 0), default=-8, show_default=True)
@cluster_option
@json_option
@pass_cli
def price(
    cli: Cli,
    /,
    *,
    hnt_bones: int | None,
    dc_amount: int | None,
    ema_price: int | None,
    ema_conf: int,
    exponent: int,
    url: str | None,
    as_json_: bool,
) -> None:
    """Convert between HNT and DC exactly as the program does: at ema - 2 x confidence, rounded down."""
    from skerry_agent.wallet.credits import read_price
    from skerry_core.clock import SystemClock
    from skerry_core.errors import UsageError
    from skerry_wallet.helium.constants import HNT_USD_FEED_HEX
    from skerry_wallet.helium.data_credits import PriceUpdate, display_price, mint_data_credits
    from skerry_wallet.helium.errors import HeliumRejected

    now_s = SystemClock().wall_s()
    if ema_price is None:
        found = asyncio.run(read_price(cli.paths, url=url))
    else:
        found = PriceUpdate(
            ema_price=ema_price, ema_conf=ema_conf, exponent=exponent, publish_time_s=now_s, verification="full",
            receiver="current", feed_hex=HNT_USD_FEED_HEX,
        )  # fmt: skip
    if hnt_bones is None and dc_amount is None:
        dc_amount = 100_000  # a dollar's worth
    try:
        made = mint_data_credits(found, hnt_amount=hnt_bones, dc_amount=dc_amount, now_s=now_s)
        shown = display_price(found, now_s=now_s)
    except HeliumRejected as error:
        raise UsageError("E_DC_PRICE", f"That price cannot be used: {error}.") from error
    answer = {
        "display_price_usd": shown,
        "price_used": made.price_used,
        "exponent": found.exponent,
        "hnt_bones": made.hnt_amount,
        "dc": made.dc_amount,
    }
    show(answer, json_wanted=as_json_, text=lambda: table(("what", "value"), answer.items()))


@dc.command()
@click.argument("amount", type=_AMOUNT)
@click.option("--cause", help="Names this minting; a cause is minted once. Needed for this network's own DC.")
@click.option("--recipient", help="Helium: who gets the DC; without it the wallet itself.")
@_WALLET
@cluster_option
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def mint(cli: Cli, /, *, amount: int, cause: str | None, recipient: str | None, **options: Any) -> None:
    """Make AMOUNT data credits: this network's for its data payer, or Helium's by burning a wallet's HNT."""
    if options["source"] is None:
        _own_network(cli, "mint", amount, cause, **options)
        return

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        from skerry_agent.wallet.messages import helium_call

        del cluster
        address = owner.solana_address or ""
        inputs = {"owner": address, "recipient": recipient or address, "hnt_amount": None, "dc_amount": amount}
        return helium_call("data_credits.mint_data_credits_v0", inputs, address, units=300_000)

    _helium(cli, build, **options)


@dc.command()
@click.argument("amount", type=_AMOUNT)
@click.option("--cause", help="Names this usage; a cause is burned once. Needed for this network's own DC.")
@_WALLET
@cluster_option
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def burn(cli: Cli, /, *, amount: int, cause: str | None, **options: Any) -> None:
    """Burn AMOUNT data credits: this network's data payer's for a usage, or a wallet's on Helium."""
    if options["source"] is None:
        _own_network(cli, "burn", amount, cause, **options)
        return

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        from skerry_agent.wallet.messages import helium_call

        del cluster
        address = owner.solana_address or ""
        inputs = {"owner": address, "amount": amount}
        return helium_call("data_credits.burn_without_tracking_v0", inputs, address, units=150_000)

    _helium(cli, build, **options)


@dc.command()
@click.argument("amount", type=_AMOUNT)
@click.argument("router_key")
@click.option("--sub-dao", type=click.Choice(["iot", "mobile"]), default="iot", show_default=True)
@click.option("--wallet", "source", metavar="NAME", required=True, help="Whose DC are delegated.")
@cluster_option
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def delegate(cli: Cli, /, *, amount: int, router_key: str, sub_dao: str, **options: Any) -> None:
    """Delegate a wallet's DC on Helium to a router (OUI payer). They cannot come back.

    A Skerry network has no delegation: its data payer is the one account that usage is burned from.
    """

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        from skerry_agent.wallet.messages import helium_call

        del cluster
        address = owner.solana_address or ""
        inputs = {
            "owner": address, "payer": address, "sub_dao": sub_dao, "router_key": router_key, "amount": amount,
        }  # fmt: skip
        return helium_call("data_credits.delegate_data_credits_v0", inputs, address, units=150_000)

    _helium(cli, build, **options)


@dc.command()
@json_option
@pass_cli
def runway(cli: Cli, /, *, as_json_: bool) -> None:
    """Say how many days this network's data credits last; alerts at 14, 7 and 1 days.

    The exit code is 5 when an alert is reached.
    """
    from skerry_agent.wallet.credits import credit_usage
    from skerry_wallet.economy.dc_runway import ALERT_DAYS, dc_runway

    amount, by_day = asyncio.run(credit_usage(cli.paths))
    found = dc_runway(amount, by_day)
    answer = {
        "dc": amount,
        "burned_per_day": f"{found.burned_per_day_milli_dc / 1000:.3f}",
        "days_counted": len(by_day),
        "days_left": found.days_left,
        "alert_days": found.alert_days,
        "alerts_at": list(ALERT_DAYS),
    }
    left = "for ever at the present burn (nothing is burned)" if found.days_left is None else f"{found.days_left} days"
    show(
        answer,
        json_wanted=as_json_,
        text=lambda: (
            f"{amount} DC, {answer['burned_per_day']} burned a day: enough {left}"
            + (f"; ALERT: {found.alert_days} days or less" if found.alert_days else "")
        ),
    )
    if found.alert_days is not None:
        leave(ATTENTION)


def _dollars(amount: int) -> str:
    from skerry_wallet.helium.amounts import format_amount

    return format_amount(amount, 5)


def _helium(
    cli: Cli,
    build: Any,
    *,
    source: str,
    url: str | None,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    answer = asyncio.run(
        settle_review(
            cli, source, build, url=url, commit=commit, accept_critical=accept_critical,
            password=lambda: ask_secret("Password", file=password_file, descriptor=password_fd),
        )
    )  # fmt: skip
    show_review(answer, as_json_=as_json_)


def _own_network(
    cli: Cli, verb: str, amount: int, cause: str | None, *, commit: bool, as_json_: bool, **_: Any
) -> None:
    from skerry_agent.wallet.credits import move_credits
    from skerry_core.errors import UsageError

    if cause is None:
        raise UsageError("E_DC_CAUSE", "Say with --cause what this is for; every cause is booked once.")
    answer = asyncio.run(move_credits(cli.paths, verb, amount, cause, commit=commit))
    repeated = commit and answer["dc_before"] == answer["dc_after"]
    done = "this cause was booked before: nothing moved" if repeated else "done"
    done = done if commit else "dry run: nothing was signed; do it with --commit"
    show(
        answer,
        json_wanted=as_json_,
        text=lambda: f"{verb} {amount} DC for {cause!r}: {answer['dc_before']} -> {answer['dc_after']} DC ({done})",
    )
