"""`skerry rewards claim|reconcile|export`: what is owed and not paid, whether the books agree, the books as files."""

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.cli.wallet_rules import tokens_by_mint

if TYPE_CHECKING:
    from skerry_agent.operator.books import Books
    from skerry_agent.operator.claims import PendingPayout

__all__ = ["claim", "export", "reconcile"]

commit_option = click.option("--commit", is_flag=True, help="Do it. Without this nothing is signed, sent or stored.")


@click.command()
@commit_option
@json_option
@pass_cli
def claim(cli: Cli, /, *, commit: bool, as_json_: bool) -> None:
    """Show what is earned and not paid, and with --commit pay it.

    A Skerry network pays by push: its operator's payer signs, the owner gets the tokens without doing anything. Here
    the operator of this folder (a kept demo, or your own network while no agent runs) goes on with what waits: an epoch
    that is signed and not paid, or one whose payment was cut off. Repeating it is safe: a marker account on the chain
    lets each payment land once. For hotspots of Helium see `skerry rewards claim-helium`.
    """
    answer = asyncio.run(_claim(cli, commit=commit))
    show(answer, json_wanted=as_json_, text=lambda: _claim_text(answer))
    if commit and not answer["ledger_matches_chain"]:
        leave(ATTENTION)


async def _claim(cli: Cli, *, commit: bool) -> dict[str, Any]:
    from skerry_agent.operator.claims import pay_pending, pending_payout
    from skerry_agent.wallet.local_house import open_local_house
    from skerry_core.clock import SystemClock

    async with open_local_house(cli.paths, clock=SystemClock()) as house:
        found = await pending_payout(house)
        answer: dict[str, Any] = {
            "network": house.network.network,
            "test_tokens": house.network.test_tokens,
            "committed": commit,
            "pending": None if found is None else _pending(cli, found),
        }
        if commit:
            answer["refused"] = await pay_pending(house)
            answer["unknown"] = await house.treasury.payer.unknown()
            if found is not None:
                paid = await house.treasury.signatures(house.network.network, found.epoch)
                answer["signatures"] = sorted(set(paid.values()))
        books = await house.treasury.compare()
        answer["ledger_matches_chain"] = books.matches
        answer["differences"] = [str(difference) for difference in books.differences]
        return answer


def _pending(cli: Cli, found: "PendingPayout") -> dict[str, Any]:
    tokens = tokens_by_mint(cli)
    (decimals,) = [token.decimals for token in tokens.values() if token.name == found.token]
    return {
        "epoch": found.epoch,
        "token": found.token,
        "manifest_hash": found.manifest_hash.hex(),
        "owed": found.owed,
        "total": sum(found.owed.values()),
        "decimals": decimals,
        "data_credits_to_burn": found.data_credits,
        "fee_lamports": found.cost.fee_lamports,
        "rent_lamports": found.cost.rent_lamports,
        "new_token_accounts": found.cost.new_token_accounts,
        "transactions": [
            {
                "payment": one.key,
                "unsigned_message": base64.b64encode(one.message).decode(),
                "size_bytes": one.size_bytes,
                "fee_lamports": one.fee_lamports,
                "simulation": one.simulation,
                "effects": [effect.to_text(tokens) for effect in one.effects],
            }
            for one in found.transactions
        ],
    }


def _claim_text(answer: dict[str, Any]) -> str:
    from skerry_wallet.helium.amounts import format_amount as whole

    lines = [f"Network {answer['network']}" + (", TEST TOKENS, worth nothing." if answer["test_tokens"] else ".")]
    pending = answer["pending"]
    if pending is None:
        lines.append("Nothing waits to be paid.")
    else:
        lines += [
            f"Epoch {pending['epoch']} is signed: {whole(pending['total'], pending['decimals'])} {pending['token']} "
            f"for {len(pending['owed'])} owners, {pending['data_credits_to_burn']} data credits to burn.",
            f"Fee {whole(pending['fee_lamports'], 9)} SOL, rent {whole(pending['rent_lamports'], 9)} SOL "
            f"({pending['new_token_accounts']} new token accounts), paid by the operator.",
        ]
        for one in pending["transactions"]:
            lines += [
                "",
                f"Transaction {one['payment']}: {one['size_bytes']} bytes, fee {whole(one['fee_lamports'], 9)} SOL, "
                f"simulation: {one['simulation']}",
                *(f"  {number:2}. {effect}" for number, effect in enumerate(one["effects"], start=1)),
                f"  unsigned message (base64): {one['unsigned_message']}",
            ]
        lines.append("")
    if answer["committed"]:
        lines += [f"Paid by transaction {signature}" for signature in answer.get("signatures", [])]
        lines += [f"Refused by the cluster: {key}: {why}" for key, why in answer["refused"].items()]
        lines += [f"Waits for a person: {key}" for key in answer["unknown"]]
    elif pending is not None:
        lines.append("This was a dry run: nothing was signed. Pay with --commit.")
    equal = "equals the chain to the last unit" if answer["ledger_matches_chain"] else "DIFFERS from the chain:"
    return "\n".join([*lines, f"The ledger {equal}", *(f"  {one}" for one in answer["differences"])])


@click.command()
@json_option
@pass_cli
def reconcile(cli: Cli, /, *, as_json_: bool) -> None:
    """Compare for every owner what the oracle stated, the ledger booked and the chain holds; name what differs."""

    async def main() -> "Books":
        from skerry_agent.operator.books import compare_books
        from skerry_agent.wallet.local_house import open_local_house
        from skerry_core.clock import SystemClock

        async with open_local_house(cli.paths, clock=SystemClock()) as house:
            return await compare_books(house)

    books = asyncio.run(main())
    headers = ("owner", "stated", "pending", "booked", "held", "finding")
    rows = [(one.owner, one.stated, one.pending, one.booked, one.held, one.finding()) for one in books.owners]
    differences = [str(difference) for difference in books.differences]
    answer = {
        "token": books.token,
        "agree": books.agree,
        "owners": [dict(zip(headers, row, strict=True)) for row in rows],
        "differences": differences,
    }
    verdict = "Oracle, ledger and chain agree to the last unit." if books.agree else "They DIFFER."
    show(
        answer,
        json_wanted=as_json_,
        text=lambda: "\n".join(
            [f"{books.token}, base units", table(headers, [(*row[:5], row[5] or "equal") for row in rows]), verdict]
            + [f"  {one}" for one in differences]
        ),
    )
    if not books.agree:
        leave(ATTENTION)


@click.command()
@click.option("--format", "form", type=click.Choice(["csv", "json", "beancount"]), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here; without it to stdout.")
@click.option("--owner", help="Only entries of this wallet, as its statement.")
@pass_cli
def export(cli: Cli, /, *, form: str, output: Path | None, owner: str | None) -> None:
    """Write the ledger: every posting with its cause, the price at the time and whose price that is.

    Amounts are exact: base units as integers (CSV, JSON), whole tokens with all decimals (beancount). It may run beside
    the agent.
    """
    from skerry_core.files import write_atomic

    content = asyncio.run(_exported(cli, form, owner))
    if output is None:
        click.echo(content, nl=False)
    else:
        write_atomic(output, content.encode())
        click.echo(f"{output} written", err=True)


async def _exported(cli: Cli, form: str, owner: str | None) -> str:
    from skerry_agent.wallet.balances import HELIUM_TOKENS, SOL_DECIMALS, tokens_of
    from skerry_agent.wallet.clusters import operator_folder
    from skerry_agent.wallet.payments import open_ledger
    from skerry_core.clock import SystemClock
    from skerry_wallet.ledger import export as exports
    from skerry_wallet.ledger.book import owner_account
    from skerry_wallet.spending.effects import SOL
    from skerry_wallet.tokens import Token

    known = [*HELIUM_TOKENS.values(), *tokens_of(operator_folder(cli.paths)).values()]
    tokens = {token.mint: token for token in (*known, Token(name=SOL, mint=SOL, decimals=SOL_DECIMALS))}
    async with open_ledger(cli.paths, clock=SystemClock()) as ledger:
        entries = await ledger.all_entries()
    if owner is not None:
        account = owner_account(owner)
        entries = [entry for entry in entries if any(posting.account == account for posting in entry.postings)]
    write = {"csv": exports.to_csv, "json": exports.to_json, "beancount": exports.to_beancount}[form]
    return write(entries, tokens)
