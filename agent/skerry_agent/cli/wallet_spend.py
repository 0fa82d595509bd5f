"""`skerry wallet send|unfinished`, and the review that every verb shares: what leaves a wallet, from its own bytes."""

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.cli.wallet_rules import known_token, spending_rules, tokens_by_mint, wallet_address
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_agent.wallet.review import Review
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster
    from skerry_wallet.payout.payment import Payment

__all__ = [
    "cluster_option",
    "commit_option",
    "danger_option",
    "refuse_critical",
    "review_answer",
    "review_text",
    "send",
    "settle_review",
    "show_review",
    "unfinished",
]

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
    """Send AMOUNT (whole tokens, or "max") of TOKEN from the wallet FROM to TO, an address or a wallet here.

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
@cluster_option
@json_option
@pass_cli
def unfinished(cli: Cli, /, *, url: str | None, as_json_: bool) -> None:
    """Go on with payments that were signed and cut off: the same bytes are sent again, nothing new is signed."""

    async def main() -> list[dict[str, Any]]:
        from skerry_agent.settings.table import CLUSTER_SECOND
        from skerry_agent.wallet.clusters import open_clusters
        from skerry_agent.wallet.payments import open_payment_store
        from skerry_agent.wallet.spend import open_payments, resume
        from skerry_core.clock import SystemClock

        clock = SystemClock()
        async with (
            open_payment_store(cli.paths, clock=clock) as store,
            open_clusters(cli.paths, url=url, second_url=cli.settings[CLUSTER_SECOND], clock=clock) as (
                cluster,
                second,
            ),
        ):
            found = await open_payments(store)
            return [
                _payment(await resume(one, store=store, cluster=cluster, clock=clock, second=second)) for one in found
            ]

    items = asyncio.run(main())
    headers = ("signature", "state", "reason")
    rows = [tuple(one[header] for header in headers) for one in items]
    show({"items": items}, json_wanted=as_json_, text=lambda: table(headers, rows))


async def settle_review(
    cli: Cli, source: str, build: Any, *, url: str | None, commit: bool, accept_critical: bool, password: Any
) -> dict[str, Any]:
    """Build, review and with `commit` sign and send a transaction of one wallet; return the answer to print.

    `build(cluster, owner)` returns the message template, or a `Proposal` with what its bytes do not say. Raises
    `UserError` before anything is signed.
    """
    from skerry_agent.operator.treasury import AgentDatabase
    from skerry_agent.settings.table import CLUSTER_SECOND
    from skerry_agent.wallet.clusters import open_clusters
    from skerry_agent.wallet.helium_changes import Proposal
    from skerry_agent.wallet.owners import named_wallet, owner_wallets
    from skerry_agent.wallet.payments import book_sol, open_money
    from skerry_agent.wallet.review import review_message
    from skerry_agent.wallet.spend import known_destinations, spend, spent_today
    from skerry_core.clock import SystemClock
    from skerry_wallet.payout.sqlite_store import SqlitePaymentStore
    from skerry_wallet.spending.rules import check_spending

    clock, mine = SystemClock(), spending_rules(cli)
    owner = named_wallet(cli.paths, source).public_key
    address = owner.solana_address or ""
    async with (
        open_money(cli.paths, clock=clock) as database,
        open_clusters(cli.paths, url=url, second_url=cli.settings[CLUSTER_SECOND], clock=clock) as (cluster, second),
    ):
        store = SqlitePaymentStore(AgentDatabase(database))
        built = await build(cluster, owner)
        proposal = built if isinstance(built, Proposal) else Proposal(message=built)
        known = frozenset(mine.allowed) | await known_destinations(store, address)
        found = await review_message(
            proposal.message, wallet=owner.binary[1:], cluster=cluster, known=known, pays=proposal.pays,
            extra_rent=proposal.rent_lamports,
        )  # fmt: skip
        spent = await spent_today(store, address, clock=clock)
        check_spending(mine, paid=found.paid, destinations=found.destinations, spent_today=spent)
        answer = review_answer(cli, found) | {"wallet": address, "facts": dict(proposal.facts), "committed": False}
        if not commit:
            return answer
        refuse_critical(found, accept_critical=accept_critical)
        signer = await asyncio.to_thread(owner_wallets(cli.paths).open, source, password())
        payment = await spend(found, signer, rules=mine, store=store, cluster=cluster, clock=clock, second=second)
        waits = await book_sol(database, cluster, address, clock=clock)
        return answer | {"committed": True, "fees_not_booked": waits} | _payment(payment)


def show_review(answer: dict[str, Any], *, as_json_: bool) -> None:
    """Print a review or a finished payment; anything but final leaves with the code for attention."""
    show(answer, json_wanted=as_json_, text=lambda: review_text(answer))
    if answer["committed"] and answer["state"] != "final":
        leave(ATTENTION)


def review_text(answer: dict[str, Any]) -> str:
    """Return a review, or a finished payment, for a person."""
    from skerry_wallet.helium.amounts import format_amount

    lines = [
        f"From {answer['wallet']}",
        *(f"  {number}. {effect}" for number, effect in enumerate(answer["effects"], start=1)),
        *(f"  {name.replace('_', ' ')}: {value}" for name, value in answer.get("facts", {}).items()),
        f"Leaves the wallet: {', '.join(answer['paid_text']) or 'nothing'}",
        f"Fee {format_amount(answer['fee_lamports'], 9)} SOL, rent {format_amount(answer['rent_lamports'], 9)} SOL",
        f"Simulation: {answer['simulation']}",
        *(
            f"{one['severity'].upper()}: {one['code'].replace('_', ' ')} ({one['subject']})"
            for one in answer["warnings"]
        ),
    ]
    if answer.get("committed"):
        lines.append(
            f"{answer['state']}: {answer['signature']}" + (f" ({answer['reason']})" if answer["reason"] else "")
        )
    elif "committed" in answer:
        lines.append("This was a dry run: nothing was signed. Send with --commit.")
    return "\n".join(lines)


def review_answer(cli: Cli, found: "Review") -> dict[str, Any]:
    """Return a review as JSON values."""
    from skerry_wallet.asset_text import amount_text

    tokens = tokens_by_mint(cli)
    return {
        "effects": [effect.to_text(tokens) for effect in found.effects],
        "paid_text": [amount_text(asset, amount, tokens) for asset, amount in found.paid.items()],
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


def _payment(payment: "Payment") -> dict[str, Any]:
    signature = payment.signature or payment.key.rsplit("/", 1)[-1]
    return {"signature": signature, "state": payment.state.value, "reason": payment.note or None}


def refuse_critical(found: "Review", *, accept_critical: bool) -> None:
    """Raise `RefusedError` E_REVIEW_CRITICAL for a review that must not be signed without a second yes."""
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
    from skerry_agent.wallet.transfers import transfer_message
    from skerry_core.errors import UsageError
    from skerry_wallet.address import address_bytes
    from skerry_wallet.helium.amounts import parse_amount
    from skerry_wallet.helium.errors import HeliumRejected

    token = known_token(cli, name)
    try:
        receiver = address_bytes(wallet_address(cli, to))
        units = None if amount == "max" else parse_amount(amount, 9 if token is None else token.decimals)
    except (ValueError, HeliumRejected) as error:
        raise UsageError("E_SEND", f"That cannot be sent: {error}.") from error
    return await transfer_message(cluster, owner=owner.binary[1:], to=receiver, token=token, units=units, note=note)
