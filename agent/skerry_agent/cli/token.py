"""`skerry token`: works on the database, so whoever may read the state folder may make tokens, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.store import Database, TokenRow, Tokens
from skerry_agent.store.schema import SKERRY
from skerry_core.clock import NS_PER_S, SystemClock
from skerry_core.errors import NotFoundError

__all__ = ["token"]

T = TypeVar("T")


@click.group()
def token() -> None:
    """API tokens: make, list and revoke them."""


@token.command()
@click.option("--name", default="unnamed", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", multiple=True, default=["read"], show_default=True, help="read, control or wallet.")
@json_option
@pass_cli
def create(cli: Cli, /, *, name: str, scopes: tuple[str, ...], as_json_: bool) -> None:
    """Make a token; it is shown once and stored as a hash."""
    from skerry_agent.api.tokens import new_token

    made = new_token(name, scopes, now_ns=SystemClock().wall_ns())
    cli.paths.create()
    _with(cli, lambda tokens: tokens.add(made.row))
    click.echo("Keep it: it is not shown again.", err=True)
    answer = {"id": made.row.id, "name": name, "scopes": made.row.scopes, "token": made.secret}
    show(answer, json_wanted=as_json_, text=lambda: made.secret)


@token.command("list")
@json_option
@pass_cli
def list_tokens(cli: Cli, /, *, as_json_: bool) -> None:
    """List tokens with their last use; the secrets are not stored."""
    found = [_shown(row) for row in _with(cli, lambda tokens: tokens.all())]
    headers = ("id", "name", "scopes", "created", "last_used", "revoked")
    rows = [(row["id"], row["name"], ", ".join(row["scopes"]), *(row[name] for name in headers[3:])) for row in found]
    show({"items": found}, json_wanted=as_json_, text=lambda: table(headers, rows))


@token.command()
@click.argument("token_id")
@json_option
@pass_cli
def revoke(cli: Cli, /, *, token_id: str, as_json_: bool) -> None:
    """End a token at once."""
    now_ns = SystemClock().wall_ns()
    if not _with(cli, lambda tokens: tokens.revoke(token_id, at_ns=now_ns)):
        raise NotFoundError("E_NO_TOKEN", f"There is no live token {token_id}.", remedy="See `skerry token list`.")
    show({"id": token_id, "revoked": True}, json_wanted=as_json_, text=lambda: f"{token_id} is revoked")


def _with(cli: Cli, job: Callable[[Tokens], Awaitable[T]]) -> T:
    async def main() -> T:
        async with _tokens(cli) as tokens:
            return await job(tokens)

    return asyncio.run(main())


@asynccontextmanager
async def _tokens(cli: Cli) -> AsyncIterator[Tokens]:
    database = await Database.open(cli.paths.database, clock=SystemClock(), migrations=(SKERRY,))
    try:
        yield Tokens(database)
    finally:
        await database.close()


def _shown(row: TokenRow) -> dict[str, Any]:
    times = {"created": row.created_ns, "last_used": row.last_used_ns, "revoked": row.revoked_ns}
    shown = {name: None if at is None else f"{datetime.fromtimestamp(at // NS_PER_S, UTC):%Y-%m-%d %H:%M}"
             for name, at in times.items()}  # fmt: skip
    return {"id": row.id, "name": row.name, "scopes": row.scopes, **shown}
