"""`skerry wallet rules|limit|allow`: the owner's limits and destinations."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table

if TYPE_CHECKING:
    from skerry_wallet.spending.rules import Limit, SpendingRules
    from skerry_wallet.tokens import Token

__all__ = ["allow", "known_token", "limit", "rules", "spending_rules", "tokens_by_mint", "wallet_address"]


@click.command()
@json_option
@pass_cli
def rules(cli: Cli, /, *, as_json_: bool) -> None:
    """Show the spending limits and the list of destinations."""
    found = spending_rules(cli)
    answer = {
        "only_allowed": found.only_allowed,
        "allowed": dict(found.allowed),
        "limits": {
            asset: {"per_payment": one.per_payment, "per_day": one.per_day} for asset, one in found.limits.items()
        },
    }
    rows = [("destination", address, name) for address, name in found.allowed.items()]
    rows += [("limit", asset, _limit_text(cli, asset, one)) for asset, one in found.limits.items()]
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

    found = known_token(cli, token)
    asset, decimals = (SOL, 9) if found is None else (found.mint, found.decimals)
    old = spending_rules(cli).limits.get(asset, Limit())
    made = Limit(
        per_payment=_limit(per_payment, old.per_payment, decimals), per_day=_limit(per_day, old.per_day, decimals)
    )
    cli.paths.create()
    spending_rules(cli).limit(asset, made).write(_rules_file(cli))
    answer = {"asset": asset, "per_payment": made.per_payment, "per_day": made.per_day}
    show(
        answer,
        json_wanted=as_json_,
        text=lambda: f"Limit of {token}: {_limit_text(cli, asset, made)}",
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

    found = spending_rules(cli)
    try:
        found = found if destination is None else found.allow(destination, name)
    except ValueError as error:
        raise UsageError("E_WALLET_ADDRESS", "That is no wallet address.", remedy="Copy the Solana address.") from error
    if only is not None:
        found = replace(found, only_allowed=only)
    cli.paths.create()
    found.write(_rules_file(cli))
    answer = {"allowed": dict(found.allowed), "only_allowed": found.only_allowed}
    scope = "only these are paid" if found.only_allowed else "others may be paid too"
    names = ", ".join(found.allowed.values()) or "none"
    show(answer, json_wanted=as_json_, text=lambda: f"Listed destinations: {names}; {scope}.")


def tokens_by_mint(cli: Cli) -> "dict[str, Token]":
    """Return Helium's tokens and those of this folder's network, by mint."""
    from skerry_agent.wallet.balances import HELIUM_TOKENS, tokens_of
    from skerry_agent.wallet.clusters import operator_folder

    known = HELIUM_TOKENS | tokens_of(operator_folder(cli.paths))
    return {token.mint: token for token in known.values()}


def _limit_text(cli: Cli, asset: str, limit: "Limit") -> str:
    from skerry_wallet.asset_text import amount_text

    tokens = tokens_by_mint(cli)

    def text(value: int | None) -> str:
        return "no limit" if value is None else amount_text(asset, value, tokens)

    return f"{text(limit.per_payment)} a payment, {text(limit.per_day)} a day"


def known_token(cli: Cli, name: str) -> "Token | None":
    """Return a token of this folder's network, or of Helium, by name or mint; None for SOL. Raises `NotFoundError`."""
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


def wallet_address(cli: Cli, name: str) -> str:
    """Return the Solana address of a wallet's name, or of an address as it is."""
    from skerry_agent.wallet.owners import find_wallet, named_wallet
    from skerry_wallet.address import address_bytes

    found = find_wallet(cli.paths, name)
    if found is None:
        try:
            address_bytes(name)
        except ValueError:
            found = named_wallet(cli.paths, name)
        else:
            return name
    return found.public_key.solana_address or ""


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


def spending_rules(cli: Cli) -> "SpendingRules":
    """Return the owner's rules. Raises `UserError` when they cannot be read."""
    from skerry_wallet.spending.rules import SpendingRules

    return SpendingRules.read(_rules_file(cli))


def _rules_file(cli: Cli) -> Path:
    return cli.paths.keys / "spending.json"
