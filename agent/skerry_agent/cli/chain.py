"""`skerry chain`: the embedded Solana VM as a server for standard tools, as the agent's child, and what is in it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table

if TYPE_CHECKING:
    from skerry_wallet.chain.embedded import EmbeddedCluster

__all__ = ["chain"]

T = TypeVar("T")

SOL_DECIMALS = 9
_FAUCET_LAMPORTS = 10**15


@click.group()
def chain() -> None:
    """The embedded Solana cluster: a real virtual machine with test money, for trying everything first."""


@chain.command()
@click.option("--port", default=8899, show_default=True, help="HTTP port, 0 for a free one; WebSocket on the next too.")
@click.option("--network", default="", help="Name of the network, for a chain that is made now.")
@pass_cli
def serve(cli: Cli, /, *, port: int, network: str) -> None:
    """Serve JSON-RPC and WebSocket on 127.0.0.1 until Ctrl-C, for web3.js, kit, solana-py and wallets.

    --dir names a kept demo's or agent's folder, or a chain's own. The address is the one line on stdout. Transactions
    that it confirms are on disk.
    """
    from contextlib import suppress

    from skerry_core.clock import SystemClock
    from skerry_wallet.chain.__main__ import serve as serve_chain

    with suppress(KeyboardInterrupt):  # how a person ends a server
        asyncio.run(serve_chain(_chain(cli), network=network, port=port, clock=SystemClock()))


@chain.command("run")
@pass_cli
def run_child(cli: Cli, /) -> int:
    """Serve one agent on standard input and output; agents start this by themselves."""
    from skerry_wallet.chain.child import run

    return run(_chain(cli))


@chain.command()
@json_option
@pass_cli
def info(cli: Cli, /, *, as_json_: bool) -> None:
    """Say which network the chain belongs to, how high it is and how much it holds."""
    from skerry_core import strict_json
    from skerry_core.errors import NotFoundError
    from skerry_wallet.chain.embedded import EmbeddedCluster

    place = _chain(cli)
    if not (place / "genesis.json").exists():
        raise NotFoundError(
            "E_NO_CHAIN", f"There is no chain in {place}.", remedy="Make one with `skerry chain serve --dir FOLDER`."
        )

    async def ask(cluster: EmbeddedCluster) -> tuple[str, int]:
        return await cluster.genesis_hash(), await cluster.block_height()

    genesis_hash, height = _ask(place, ask)
    found: dict[str, Any] = {
        "folder": str(place),
        "network": strict_json.loads((place / "genesis.json").read_bytes())["network"],
        "genesis_hash": genesis_hash,
        "block_height": height,
        "journal_bytes": (place / "journal").stat().st_size,
        "test_tokens": True,
    }
    show(found, json_wanted=as_json_, text=lambda: table(("what", "value"), found.items()))


@chain.command()
@click.argument("receiver", metavar="ADDRESS")
@click.argument("sol", type=str)
@json_option
@pass_cli
def airdrop(cli: Cli, /, *, receiver: str, sol: str, as_json_: bool) -> None:
    """Give worthless test SOL to an address, out of the chain's built-in faucet."""
    from skerry_core.errors import UsageError
    from skerry_wallet.address import address_bytes
    from skerry_wallet.chain.embedded import EmbeddedCluster
    from skerry_wallet.helium.amounts import parse_amount
    from skerry_wallet.helium.errors import HeliumRejected

    try:
        address_bytes(receiver)
        lamports = parse_amount(sol, SOL_DECIMALS)
    except (ValueError, HeliumRejected) as error:
        raise UsageError("E_AIRDROP", f"That airdrop cannot be made: {error}.") from error
    if not 0 < lamports <= _FAUCET_LAMPORTS:
        raise UsageError("E_AIRDROP", f"{sol} SOL cannot be given.", remedy="The faucet holds a million SOL.")

    async def give(cluster: EmbeddedCluster) -> str:
        return await cluster.airdrop(receiver, lamports)

    signature = _ask(_chain(cli), give)
    answer = {"address": receiver, "lamports": lamports, "signature": signature, "test_tokens": True}
    show(answer, json_wanted=as_json_, text=lambda: f"{sol} test SOL to {receiver}: {signature}")


def _chain(cli: Cli) -> Path:
    """Return the chain's folder: --dir names an agent's or kept demo's folder, an operator's, or a chain's own."""
    from skerry_agent.wallet.clusters import chain_folder

    found = chain_folder(cli.paths.state)
    return found if found != cli.paths.state or cli.folder is not None else cli.paths.state / "chain"


def _ask(place: Path, question: Callable[["EmbeddedCluster"], Awaitable[T]]) -> T:
    """Open a chain in its process, ask one thing, close it."""
    from skerry_core.clock import SystemClock
    from skerry_wallet.chain.embedded import EmbeddedCluster

    async def main() -> T:
        async with EmbeddedCluster(place, network="", clock=SystemClock()) as cluster:
            return await question(cluster)

    return asyncio.run(main())
