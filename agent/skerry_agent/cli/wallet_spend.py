"""`skerry wallet send|review|unfinished|rules|limit|allow`: what leaves a wallet, and the owner's rules about it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_agent.store import Intent, Intents
    from skerry_agent.wallet.review import Review
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster
    from skerry_wallet.spending.rules import SpendingRules
    from skerry_wallet.tokens import Token

__all__ = ["allow", "limit", "review", "review_text", "rules", "send", "settle_review", "show_review", "unfinished"]

cluster_option = click.option(
    "--cluster", "url", metavar="URL", help="JSON-RPC server; without it this folder's chain."
)
commit_option = click.option("--commit", is_flag=True, help="Sign and send. Without this nothing is signed.")
danger_option = click.option("--accept-critical", is_flag=True, help="Sign in spite of critical warnings.")


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("to")
@click.argument("amount")
@click.argument("token")
@click.option("--note", default="", help="A memo that everybody can read on the chain.")
@cluster_option
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def send(
    cli: Cli,
    /,
    *,
    source: str,
    to: str,
    amount: str,
    token: str,
    note: str,
    url: str | None,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """Send AMOUNT (whole tokens, or "max") of TOKEN from the wallet FROM to the address TO.

    Shows what the transaction does, read from its own bytes, its fee, a simulation and warnings; checks your limits and
    destinations. --commit then signs exactly that and waits until it is final.
    """

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        return await _transfer(cli, cluster, owner, to=to, amount=amount, name=token, note=note)

    answer = asyncio.run(
        settle_review(
            cli, source, build, url=url, commit=commit, accept_critical=accept_critical,
            password=lambda: ask_secret("Password", file=password_file, descriptor=password_fd),
        )
    )  # fmt: skip
    show_review(answer, as_json_=as_json_)


@click.command()
@click.argument("source", metavar="WALLET")
@click.argument("transaction", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@cluster_option
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def review(
    cli: Cli,
    /,
    *,
    source: str,
    transaction: Path,
    url: str | None,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """Read an unsigned message (base64 in a file) that another program or a remote agent made for WALLET.

    It gets a fresh blockhash. It is signed only if this program can read every instruction in it.
    """
    from skerry_core.errors import UsageError
    from skerry_wallet.errors import MalformedTransaction
    from skerry_wallet.payout.payment import template_of

    try:
        template = template_of(base64.b64decode(transaction.read_bytes().strip(), validate=True))
    except (ValueError, MalformedTransaction, IndexError) as error:
        raise UsageError("E_TX_FILE", f"{transaction} holds no legacy transaction message: {error}.") from error

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        del cluster, owner
        return template

    answer = asyncio.run(
        settle_review(
            cli, source, build, url=url, commit=commit, accept_critical=accept_critical,
            password=lambda: ask_secret("Password", file=password_file, descriptor=password_fd),
        )
    )  # fmt: skip
    show_review(answer, as_json_=as_json_)


@click.command()
@cluster_option
@json_option
@pass_cli
def unfinished(cli: Cli, /, *, url: str | None, as_json_: bool) -> None:
    """Go on with payments that were signed and cut off: the same bytes are sent again, nothing new is signed."""

    async def main() -> list[dict[str, Any]]:
        from skerry_agent.wallet.clusters import open_cluster
        from skerry_agent.wallet.spend import open_intents, resume
        from skerry_core.clock import SystemClock

        clock = SystemClock()
        async with _intents(cli) as intents, open_cluster(cli.paths, url=url, clock=clock) as cluster:
            found = await open_intents(intents)
            return [_intent(await resume(one, intents=intents, cluster=cluster, clock=clock)) for one in found]

    items = asyncio.run(main())
    headers = ("signature", "state", "reason")
    rows = [tuple(one[header] for header in headers) for one in items]
    show({"items": items}, json_wanted=as_json_, text=lambda: table(headers, rows))


@click.command()
@json_option
@pass_cli
def rules(cli: Cli, /, *, as_json_: bool) -> None:
    """Show the spending limits and the list of destinations."""
    found = _rules(cli)
    answer = {
        "only_allowed": found.only_allowed,
        "allowed": dict(found.allowed),
        "limits": {
            asset: {"per_payment": one.per_payment, "per_day": one.per_day} for asset, one in found.limits.items()
        },
    }
    rows = [("destination", address, name) for address, name in found.allowed.items()]
    rows += [
        ("limit", asset, f"{one.per_payment} a payment, {one.per_day} a day") for asset, one in found.limits.items()
    ]
    scope = "Only listed destinations are paid." if found.only_allowed else "Any destination may be paid."
    show(answer, json_wanted=as_json_, text=lambda: f"{scope}\n{table(('rule', 'of', 'value'), rows)}")


@click.command()
@click.argument("token")
@click.option("--per-payment", help="Most in one payment, in whole tokens; none to remove.")
@click.option("--per-day", help="Most in any 24 hours, in whole tokens; none to remove.")
@json_option
@pass_cli
def limit(cli: Cli, /, *, token: str, per_payment: str | None, per_day: str | None, as_json_: bool) -> None:
    """Limit what may be spent of TOKEN."""
    from skerry_wallet.spending.effects import SOL
    from skerry_wallet.spending.rules import Limit

    found = _token(cli, token)
    asset, decimals = (SOL, 9) if found is None else (found.mint, found.decimals)
    old = _rules(cli).limits.get(asset, Limit())
    made = Limit(
        per_payment=_limit(per_payment, old.per_payment, decimals), per_day=_limit(per_day, old.per_day, decimals)
    )
    cli.paths.create()
    _rules(cli).limit(asset, made).write(_rules_file(cli))
    answer = {"asset": asset, "per_payment": made.per_payment, "per_day": made.per_day}
    show(
        answer,
        json_wanted=as_json_,
        text=lambda: f"{token}: {made.per_payment} a payment, {made.per_day} a day",
    )


@click.command()
@click.argument("destination", metavar="[ADDRESS]", required=False)
@click.option("--name", default="", help="Your name for it.")
@click.option("--only/--anybody", default=None, help="Pay listed destinations only, or anybody.")
@json_option
@pass_cli
def allow(cli: Cli, /, *, destination: str | None, name: str, only: bool | None, as_json_: bool) -> None:
    """Put a destination on your list, and say whether others may be paid."""
    from dataclasses import replace

    from skerry_core.errors import UsageError

    found = _rules(cli)
    try:
        found = found if destination is None else found.allow(destination, name)
    except ValueError as error:
        raise UsageError("E_WALLET_ADDRESS", "That is no wallet address.", remedy="Copy the Solana address.") from error
    if only is not None:
        found = replace(found, only_allowed=only)
    cli.paths.create()
    found.write(_rules_file(cli))
    answer = {"allowed": dict(found.allowed), "only_allowed": found.only_allowed}
    show(answer, json_wanted=as_json_, text=lambda: f"{len(found.allowed)} destinations are listed")


async def settle_review(
    cli: Cli, source: str, build: Any, *, url: str | None, commit: bool, accept_critical: bool, password: Any
) -> dict[str, Any]:
    """Build, review and with `commit` sign and send a transaction of one wallet; return the answer to print.

    `build(cluster, owner)` returns the message template. Raises `UserError` before anything is signed.
    """
    from skerry_agent.wallet.clusters import open_cluster
    from skerry_agent.wallet.owners import named_wallet, owner_wallets
    from skerry_agent.wallet.review import review_message
    from skerry_agent.wallet.spend import known_destinations, spend, spent_today
    from skerry_core.clock import SystemClock
    from skerry_wallet.spending.rules import check_spending

    clock, mine = SystemClock(), _rules(cli)
    owner = named_wallet(cli.paths, source).public_key
    address = owner.solana_address or ""
    async with _intents(cli) as intents, open_cluster(cli.paths, url=url, clock=clock) as cluster:
        template = await build(cluster, owner)
        known = frozenset(mine.allowed) | await known_destinations(intents, address)
        found = await review_message(template, wallet=owner.binary[1:], cluster=cluster, known=known)
        spent = await spent_today(intents, address, clock=clock)
        check_spending(mine, paid=found.paid, destinations=found.destinations, spent_today=spent)
        answer = _review(found) | {"wallet": address, "committed": False}
        if not commit:
            return answer
        _refuse_critical(found, accept_critical=accept_critical)
        signer = await asyncio.to_thread(owner_wallets(cli.paths).open, source, password())
        intent = await spend(found, signer, rules=mine, intents=intents, cluster=cluster, clock=clock)
        return answer | {"committed": True} | _intent(intent)


def show_review(answer: dict[str, Any], *, as_json_: bool) -> None:
    """Print a review or a finished payment; anything but final leaves with the code for attention."""
    show(answer, json_wanted=as_json_, text=lambda: review_text(answer))
    if answer["committed"] and answer["state"] != "final":
        leave(ATTENTION)


def review_text(answer: dict[str, Any]) -> str:
    """Return a review, or a finished payment, for a person."""
    paid = ", ".join(f"{amount} of {asset}" for asset, amount in answer["paid"].items())
    lines = [
        f"From {answer['wallet']}",
        *(f"  {number}. {effect}" for number, effect in enumerate(answer["effects"], start=1)),
        f"Leaves the wallet: {paid or 'nothing'}",
        f"Fee {answer['fee_lamports']} lamports, rent {answer['rent_lamports']} lamports",
        f"Simulation: {answer['simulation']}",
        *(
            f"{one['severity'].upper()}: {one['code'].replace('_', ' ')} ({one['subject']})"
            for one in answer["warnings"]
        ),
    ]
    if answer["committed"]:
        lines.append(
            f"{answer['state']}: {answer['signature']}" + (f" ({answer['reason']})" if answer["reason"] else "")
        )
    else:
        lines.append("This was a dry run: nothing was signed. Send with --commit.")
    return "\n".join(lines)


def _review(found: "Review") -> dict[str, Any]:
    return {
        "effects": [effect.to_text() for effect in found.effects],
        "paid": {asset: str(amount) for asset, amount in found.paid.items()},
        "destinations": sorted(found.destinations),
        "fee_lamports": found.fee_lamports,
        "rent_lamports": found.rent_lamports,
        "simulation": found.simulation,
        "warnings": [
            {"severity": one.severity.value, "code": one.code, "subject": one.subject} for one in found.warnings
        ],
        "unsigned_message": base64.b64encode(found.message).decode(),
    }


def _intent(intent: "Intent") -> dict[str, Any]:
    return {"signature": intent.signature, "state": intent.state.value, "reason": intent.reason}


def _refuse_critical(found: "Review", *, accept_critical: bool) -> None:
    from skerry_core.errors import RefusedError

    if found.critical and not accept_critical:
        first = found.critical[0]
        raise RefusedError(
            "E_REVIEW_CRITICAL",
            f"Not signed: {first.code.replace('_', ' ')} ({first.subject}).",
            remedy="Read the dry run. If you are sure, repeat it with --accept-critical.",
            params={"warnings": [one.code for one in found.critical]},
        )


async def _transfer(
    cli: Cli, cluster: "Cluster", owner: "PublicKey", *, to: str, amount: str, name: str, note: str
) -> bytes:
    from skerry_core.errors import UsageError
    from skerry_wallet.address import address_bytes
    from skerry_wallet.errors import InsufficientFunds
    from skerry_wallet.helium.amounts import parse_amount
    from skerry_wallet.helium.errors import HeliumRejected
    from skerry_wallet.spending.transfer import Transfer
    from skerry_wallet.tokens import token_balances

    token, key = _token(cli, name), owner.binary[1:]
    try:
        receiver = address_bytes(to)
        units = None if amount == "max" else parse_amount(amount, 9 if token is None else token.decimals)
    except (ValueError, HeliumRejected) as error:
        raise UsageError("E_SEND", f"That cannot be sent: {error}.") from error
    opening = False
    if token is not None:
        held, target = await token_balances(cluster, token.mint, [key, receiver])
        units, opening = held.amount if units is None else units, not target.exists
        if not 0 < units <= held.amount:
            raise InsufficientFunds(
                account=owner.solana_address or "", asset=token.name, needed=max(units, 1), held=held.amount
            )
    elif units is None:
        (account,) = await cluster.accounts([owner.solana_address or ""])
        units = max(0, (account.lamports if account else 0) - 5_000)  # everything but the fee of one signature
    if units <= 0:
        raise UsageError("E_SEND", f"{amount} {name} is nothing to send.")
    made = Transfer(owner=key, to=receiver, token=token, amount=units, note=note)
    return made.message(open_account=opening)


def _token(cli: Cli, name: str) -> "Token | None":
    from skerry_agent.wallet.balances import HELIUM_TOKENS, tokens_of
    from skerry_agent.wallet.clusters import operator_folder
    from skerry_core.errors import NotFoundError
    from skerry_wallet.spending.effects import SOL

    if name.upper() == SOL:
        return None
    known = tokens_of(operator_folder(cli.paths)) | HELIUM_TOKENS
    for token in known.values():
        if name.lower() == token.name.lower() or name == token.mint:
            return token
    raise NotFoundError("E_TOKEN_UNKNOWN", f"No token {name} is known here.", remedy=f"Known: SOL, {', '.join(known)}.")


def _limit(text: str | None, old: int | None, decimals: int) -> int | None:
    from skerry_core.errors import UsageError
    from skerry_wallet.helium.amounts import parse_amount
    from skerry_wallet.helium.errors import HeliumRejected

    if text is None:
        return old
    if text == "none":
        return None
    try:
        value = parse_amount(text, decimals)
    except HeliumRejected as error:
        raise UsageError("E_SPENDING_LIMIT", f"{text} is no amount: {error}.") from error
    if value < 0:
        raise UsageError("E_SPENDING_LIMIT", "A limit is not negative.")
    return value


def _rules(cli: Cli) -> "SpendingRules":
    from skerry_wallet.spending.rules import SpendingRules

    return SpendingRules.read(_rules_file(cli))


def _rules_file(cli: Cli) -> Path:
    return cli.paths.keys / "spending.json"


@asynccontextmanager
async def _intents(cli: Cli) -> AsyncIterator["Intents"]:
    from skerry_agent.store import Database
    from skerry_agent.store.money import Intents
    from skerry_agent.store.schema import SKERRY
    from skerry_core.clock import SystemClock

    cli.paths.create()
    database = await Database.open(cli.paths.database, clock=SystemClock(), migrations=(SKERRY,))
    try:
        yield Intents(database)
    finally:
        await database.close()
