"""`skerry token`: works on the database, so whoever may read the state folder may make tokens, and nobody else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.store import Database, Pairings, TokenRow, Tokens
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
@click.option("--pair", is_flag=True, help="Make a one-time code for a program on another machine instead.")
@json_option
@pass_cli
def create(cli: Cli, /, *, name: str, scopes: tuple[str, ...], pair: bool, as_json_: bool) -> None:
    """Make a token; it is shown once and stored as a hash."""
    if pair:
        _pair(cli, name, scopes, as_json_)
        return
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


def _pair(cli: Cli, name: str, scopes: tuple[str, ...], as_json_: bool) -> None:
    from skerry_agent.api.pairing import new_pairing
    from skerry_client.errors import NotReachable
    from skerry_client.pairing import PairingString

    try:
        address = cli.paths.address.read_text().strip()
        fingerprint = cli.paths.fingerprint.read_text().strip() if cli.paths.fingerprint.exists() else None
    except FileNotFoundError:
        raise NotReachable(f"nothing runs in {cli.paths.runtime}") from None
    code, row = new_pairing(name, list(scopes), now_ns=SystemClock().wall_ns())

    async def store() -> None:
        async with _database(cli) as database:
            await Pairings(database).add(row)

    asyncio.run(store())
    text = PairingString(address=_reachable(address), fingerprint=fingerprint, code=code).to_text()
    click.echo("It can be used once, within ten minutes.", err=True)
    show({"pairing": text, "expires": _time(row.expires_ns)}, json_wanted=as_json_, text=lambda: text)


def _reachable(address: str) -> str:
    """Return the address as another machine reaches it: a wildcard becomes this machine's own."""
    from skerry_agent.discovery.responder import own_addresses

    for wildcard in ("0.0.0.0", "[::]"):  # noqa: S104 - compared, not bound
        if f"//{wildcard}:" in address:
            return address.replace(wildcard, next(iter(own_addresses()), socket.gethostname()))
    return address


def _with(cli: Cli, job: Callable[[Tokens], Awaitable[T]]) -> T:
    async def main() -> T:
        async with _database(cli) as database:
            return await job(Tokens(database))

    return asyncio.run(main())


@asynccontextmanager
async def _database(cli: Cli) -> AsyncIterator[Database]:
    database = await Database.open(cli.paths.database, clock=SystemClock(), migrations=(SKERRY,))
    try:
        yield database
    finally:
        await database.close()


def _shown(row: TokenRow) -> dict[str, Any]:
    times = {"created": row.created_ns, "last_used": row.last_used_ns, "revoked": row.revoked_ns}
    shown = {name: None if at_ns is None else _time(at_ns) for name, at_ns in times.items()}
    return {"id": row.id, "name": row.name, "scopes": row.scopes, **shown}


def _time(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M}"
