"""`skerry wallet review`: what others built - a file, or an agent elsewhere - read here, and signed here."""

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli
from skerry_agent.cli.wallet_spend import cluster_option, commit_option, danger_option, settle_review, show_review
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_client.models import UnsignedTransaction
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster

__all__ = ["review"]

_NUMBERS = ("elevation_m", "gain_ddbi")


@click.command()
@click.argument("source", metavar="WALLET")
@click.argument(
    "transaction", metavar="[FILE]", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--ask", "wishes", multiple=True, metavar="NAME=VALUE",
    help="Have the agent (--address, token in SKERRY_TOKEN) build it: kind=transfer, to=..., token=..., amount=... "
    "in base units, and so on; may be repeated.",
)  # fmt: skip
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
    transaction: Path | None,
    wishes: tuple[str, ...],
    url: str | None,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """Read an unsigned transaction that another program or a remote agent made for WALLET; --commit signs it here.

    It comes from FILE (base64 of a message or of a transaction) or from an agent that --ask asks. It gets a fresh
    blockhash. Everything shown is read from its bytes on this computer, and it is signed only if every instruction
    can be read. What the agent says of it is compared, never believed.
    """
    from skerry_core.errors import UsageError

    if (transaction is None) == (not wishes):
        raise UsageError("E_TX_FILE", "Name a FILE, or say with --ask what an agent is to build, one of the two.")

    given = None if transaction is None else _template(transaction.read_bytes(), str(transaction))

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        if given is not None:
            return given
        made = await _asked(cli, owner.solana_address or "", wishes)
        if made.cluster != await cluster.genesis_hash():
            from skerry_wallet.errors import WrongCluster

            raise WrongCluster(expected=await cluster.genesis_hash(), got=made.cluster)
        template = _template(made.transaction.encode(), "the agent's answer")
        _compare(made, template)
        return template

    answer = asyncio.run(
        settle_review(
            cli, source, build, url=url, commit=commit, accept_critical=accept_critical,
            password=lambda: ask_secret("Password", file=password_file, descriptor=password_fd),
        )
    )  # fmt: skip
    show_review(answer, as_json_=as_json_)


async def _asked(cli: Cli, wallet: str, wishes: tuple[str, ...]) -> "UnsignedTransaction":
    from skerry_client.calls import make_transaction
    from skerry_core.errors import UsageError

    wish: dict[str, str | int | None] = {"wallet": wallet}
    for one in wishes:
        name, separator, value = one.partition("=")
        if not separator or not name:
            raise UsageError("E_ASK", f"--ask takes NAME=VALUE, not {one!r}.")
        is_number = name in _NUMBERS and value.removeprefix("-").isdecimal()
        wish[name] = int(value) if is_number else value
    async with cli.agent() as agent:
        return await agent.call(make_transaction(wish))


def _template(raw: bytes, where: str) -> bytes:
    """Return the message without its blockhash. Raises `UsageError` E_TX_FILE."""
    from skerry_core.errors import UsageError
    from skerry_wallet.errors import MalformedTransaction
    from skerry_wallet.payout.payment import template_of
    from skerry_wallet.transaction import parse_message, parse_transaction

    try:
        content = base64.b64decode(raw.strip(), validate=True)
        try:
            parse_message(content)
        except MalformedTransaction:
            content = parse_transaction(content).message_bytes
        return template_of(content)
    except (ValueError, IndexError) as error:  # MalformedTransaction is a ValueError
        raise UsageError(
            "E_TX_FILE", f"{where} holds no transaction or message: {error}.", remedy="Base64 of one of them is read."
        ) from error


def _compare(made: "UnsignedTransaction", template: bytes) -> None:
    """Say on stderr where the agent's own words differ from the bytes that it sent."""
    from skerry_wallet.errors import MalformedTransaction
    from skerry_wallet.spending.effects import UnreadableTransaction, decode_effects
    from skerry_wallet.transaction import parse_message

    try:
        ours = [effect.to_text() for effect in decode_effects(parse_message(template))]
    except (MalformedTransaction, UnreadableTransaction):
        return  # lookup tables are read by the review, which refuses what cannot be read
    if ours != list(made.instructions):
        click.echo(
            "warning: the agent describes this transaction otherwise than its bytes say; trust neither.", err=True
        )
