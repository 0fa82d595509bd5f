"""Where `skerry wallet balance` gets its numbers: the running agent, this folder's chain, or a named cluster."""

import asyncio
from collections.abc import Sequence
from typing import Any

from skerry_agent.cli.context import Cli

__all__ = ["find_balances", "lamports_of"]


def find_balances(cli: Cli, owners: Sequence[str], *, url: str | None, all_owners: bool) -> dict[str, Any]:
    """Return the answer of `wallet balance --json`; amounts are base units as text. Raises `UserError`."""
    from skerry_client.errors import NotReachable

    if url is None and not owners and not all_owners:
        try:
            return cli.ask(_from_agent)
        except NotReachable:
            pass
    return asyncio.run(_from_cluster(cli, owners, url=url, all_owners=all_owners))


def lamports_of(cli: Cli, addresses: list[str], url: str) -> dict[str, int]:
    """Return what each address holds."""
    from skerry_agent.wallet.clusters import open_cluster
    from skerry_core.clock import SystemClock

    async def main() -> dict[str, int]:
        async with open_cluster(cli.paths, url=url, clock=SystemClock()) as cluster:
            found = await cluster.accounts(addresses)
        return {address: account.lamports if account else 0 for address, account in zip(addresses, found, strict=True)}

    return asyncio.run(main())


async def _from_agent(agent: Any) -> dict[str, Any]:
    from skerry_client import calls
    from skerry_wallet.helium.amounts import format_amount

    page = await agent.call(calls.balances())
    items = [
        {
            "owner": one.owner,
            "token": one.token,
            "base_units": None if one.amount is None else str(one.amount),
            "amount": None if one.amount is None else format_amount(one.amount, one.decimals),
            "note": one.reason or "",
        }
        for one in page.items
    ]
    return {"source": "agent", "items": items, "test_tokens": page.test_tokens}


async def _from_cluster(cli: Cli, owners: Sequence[str], *, url: str | None, all_owners: bool) -> dict[str, Any]:
    from skerry_agent.wallet.balances import holdings, tokens_of
    from skerry_agent.wallet.clusters import open_cluster, operator_folder
    from skerry_core.clock import SystemClock
    from skerry_wallet.helium.amounts import format_amount

    folder = operator_folder(cli.paths)
    chosen = list(owners) or (await _paid_owners(cli) if all_owners else _own(cli))
    async with open_cluster(cli.paths, url=url, clock=SystemClock()) as cluster:
        found = await holdings(cluster, chosen, list(tokens_of(folder).values()))
        source = url or "embedded chain"
    items = [
        {
            "owner": one.owner,
            "token": one.token,
            "base_units": str(one.amount),
            "amount": format_amount(one.amount, one.decimals),
            "note": "needed for fees: below 0.02 SOL" if one.low else "frozen" if one.frozen else "",
        }
        for one in found
    ]
    test_tokens = folder.exists and folder.read().test_tokens
    return {"source": source, "items": items, "test_tokens": test_tokens}


def _own(cli: Cli) -> list[str]:
    from skerry_agent.settings.table import OWNER
    from skerry_agent.wallet.owners import owner_wallets
    from skerry_core.errors import NotFoundError

    addresses = [
        cli.settings[OWNER],
        *(one.public_key.solana_address or "" for one in owner_wallets(cli.paths).entries()),
    ]
    found = [address for address in dict.fromkeys(addresses) if address]
    if not found:
        raise NotFoundError(
            "E_NO_WALLET",
            "There is no wallet here, and the hotspot has no owner.",
            remedy="Name an address, or add one with `skerry wallet watch NAME ADDRESS`.",
        )
    return found


async def _paid_owners(cli: Cli) -> list[str]:
    from skerry_agent.wallet.balances import tokens_of
    from skerry_agent.wallet.local_house import require_operator
    from skerry_agent.wallet.payments import open_ledger
    from skerry_core.clock import SystemClock
    from skerry_wallet.ledger.book import owner_account

    folder = require_operator(cli.paths)
    prefix = owner_account("")
    found: set[str] = set()
    async with open_ledger(cli.paths, clock=SystemClock()) as ledger:
        for token in tokens_of(folder).values():
            found |= {name.removeprefix(prefix) for name in await ledger.balances(token.mint, prefix=prefix)}
    return sorted(found)
