"""`skerry rewards splits pay`: what hosts are owed as a list of transactions, and with --commit paid, each once."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.cli.wallet_rules import spending_rules
from skerry_agent.cli.wallet_spend import cluster_option, danger_option, refuse_critical, review_answer, review_text
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_agent.wallet.splits import DueHost, SplitDesk
    from skerry_keys.signer import Signer
    from skerry_wallet.cluster import Cluster

__all__ = ["pay"]


@click.command()
@click.argument("wallet")
@cluster_option
@click.option("--commit", is_flag=True, help="Book, sign and pay. Without this nothing is signed or written.")
@danger_option
@password_options
@json_option
@pass_cli
def pay(
    cli: Cli, /, *, wallet: str, url: str | None, commit: bool, accept_critical: bool, password_file: Path | None,
    password_fd: int | None, as_json_: bool,
) -> None:  # fmt: skip
    """Pay from WALLET what it owes its hosts: one transaction for each host and token.

    Repeating it is safe: every payment has a number and a marker account on the chain, which exists once. What was
    begun and cut off is finished before anything new is signed. Your spending limits and destinations apply.
    """
    secret = ask_secret("Password", file=password_file, descriptor=password_fd) if commit else ""
    answer = asyncio.run(_pay(cli, wallet, url, commit=commit, accept=accept_critical, secret=secret))
    show(answer, json_wanted=as_json_, text=lambda: _text(answer))
    if commit and any(one["state"] != "final" for one in answer["items"]):
        leave(ATTENTION)


async def _pay(cli: Cli, wallet: str, url: str | None, *, commit: bool, accept: bool, secret: str) -> dict[str, Any]:
    from skerry_agent.cli.splits import open_desk
    from skerry_agent.settings.table import CLUSTER_SECOND
    from skerry_agent.wallet.clusters import open_clusters
    from skerry_agent.wallet.owners import named_wallet, owner_wallets
    from skerry_agent.wallet.spend import known_destinations

    owner = named_wallet(cli.paths, wallet).public_key.solana_address or ""
    rules = spending_rules(cli)
    async with (
        open_desk(cli) as desk,
        open_clusters(
            cli.paths, url=url, second_url=cli.settings[CLUSTER_SECOND], clock=desk.clock
        ) as (cluster, second),
    ):  # fmt: skip
        signer = await asyncio.to_thread(owner_wallets(cli.paths).open, wallet, secret) if commit else None
        adopted = [payment.key for payment in await desk.adopt(owner, cluster)]
        if commit:
            await desk.book()
        known = frozenset(rules.allowed) | await known_destinations(desk.payments, owner)
        due = await desk.due(owner, cluster, known=known)
        items = [_shown(cli, one) for one in due]
        if signer is not None and due:
            for one in due:
                if one.review is not None:
                    refuse_critical(one.review, accept_critical=accept)
            items = [
                await _one(cli, desk, one, signer, owner=owner, rules=rules, cluster=cluster, second=second)
                for one in due
            ]
            await desk.book()
            await desk.book_sol(owner, cluster)
        return {"wallet": owner, "committed": commit, "found_on_chain": adopted, "items": items}


async def _one(
    cli: Cli,
    desk: "SplitDesk", one: "DueHost", signer: "Signer", *, owner: str, rules: Any, cluster: "Cluster",
    second: "Cluster | None",
) -> dict[str, Any]:  # fmt: skip
    """Pay one; its failure is told and does not stop the others."""
    from skerry_core.errors import UserError

    try:
        payment = await desk.pay(one, signer, owner=owner, rules=rules, cluster=cluster, second=second)
    except UserError as error:
        return _shown(cli, one) | {"state": "failed", "code": error.code, "reason": error.detail}
    told = {"state": payment.state.value, "signature": payment.signature, "reason": payment.note or None}
    return _shown(cli, one) | told


def _shown(cli: Cli, one: "DueHost") -> dict[str, Any]:
    from skerry_wallet.helium.amounts import format_amount

    review = {} if one.review is None else review_answer(cli, one.review)
    return {
        "payment": one.payment.key,
        "host": one.host,
        "token": one.token.name,
        "amount": str(one.amount),
        "amount_text": f"{format_amount(one.amount, one.token.decimals)} {one.token.name}",
        "state": "new" if one.state is None else one.state.value,
        "signature": None,
        "reason": one.payment.note or None,
        "review": review,
    }


def _text(answer: dict[str, Any]) -> str:
    lines = [f"Found on the chain and taken into the books: {key}" for key in answer["found_on_chain"]]
    for one in answer["items"]:
        lines.append(f"{one['amount_text']} to host {one['host']} ({one['payment']})")
        if one["review"] and not answer["committed"]:
            lines += [f"  {line}" for line in review_text(one["review"] | {"wallet": answer["wallet"]}).splitlines()]
        elif one["state"] != "new":
            reason = f" ({one['reason']})" if one["reason"] else ""
            lines.append(f"  {one['state']}: {one['signature'] or 'no transaction'}{reason}")
    if not answer["items"]:
        lines.append("Nothing is owed to any host.")
    elif not answer["committed"]:
        lines.append("This was a dry run: nothing was signed. Pay with --commit.")
    return "\n".join(lines)
