"""`skerry rewards claim-helium`: a wallet's Helium hotspots, what they have pending, and their claims."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.claims import commit_option
from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.exits import ATTENTION, leave
from skerry_agent.cli.wallet_spend import danger_option, review_text, settle_review
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_agent.wallet.helium_claims import HeliumClaims, PendingHotspot
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster
    from skerry_wallet.helium.oracle_api import Oracle

__all__ = ["claim_helium"]


@click.command("claim-helium")
@click.argument("wallet")
@click.option("--cluster", "url", metavar="URL", required=True, help="JSON-RPC server with the DAS extension.")
@click.option(
    "--hotspot", "keys", multiple=True, help="Helium address; may be repeated. Without it all with something."
)
@click.option("--most", default=50, show_default=True, type=click.IntRange(1, 1000), help="Claims in one go.")
@commit_option
@danger_option
@password_options
@json_option
@pass_cli
def claim_helium(
    cli: Cli,
    /,
    *,
    wallet: str,
    url: str,
    keys: tuple[str, ...],
    most: int,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    """List WALLET's hotspots on Helium with their pending rewards; review the claims, with --commit send them.

    Claims are sent one after the other; each one's state is told. What is claimed is no longer pending, so after a
    failure repeat the same command.
    """
    secret = ask_secret("Password", file=password_file, descriptor=password_fd) if commit else ""
    answer = asyncio.run(
        _claim(cli, wallet, url, keys=keys, most=most, commit=commit, accept_critical=accept_critical, secret=secret)
    )
    show(answer, json_wanted=as_json_, text=lambda: _text(answer))
    if commit and any(one.get("state") != "final" for one in answer["claims"]):
        leave(ATTENTION)


async def _claim(
    cli: Cli,
    wallet: str,
    url: str,
    *,
    keys: tuple[str, ...],
    most: int,
    commit: bool,
    accept_critical: bool,
    secret: str,
) -> dict[str, Any]:
    from skerry_agent.wallet.clusters import open_cluster
    from skerry_agent.wallet.helium_assets import HeliumAssets
    from skerry_agent.wallet.helium_claims import HeliumClaims
    from skerry_agent.wallet.json_post import JsonPoster
    from skerry_agent.wallet.owners import named_wallet
    from skerry_core.clock import SystemClock
    from skerry_core.errors import UserError
    from skerry_wallet.helium.errors import HeliumRejected

    owner = named_wallet(cli.paths, wallet).public_key.solana_address or ""
    async with JsonPoster() as poster, open_cluster(cli.paths, url=url, clock=SystemClock()) as cluster:
        claims = HeliumClaims(assets=HeliumAssets(cluster=cluster, poster=poster, das_url=url))
        try:
            oracles = await claims.oracles()
            found = await claims.pending(await claims.assets.hotspots(owner), oracles)
        except HeliumRejected as error:
            raise UserError("E_SERVICE", f"An answer cannot be used: {error}.", remedy="Try another server.") from error
        wanted = [one for one in found if one.pending and (not keys or one.entity_key in keys)][:most]
        results = [
            await _one(cli, wallet, claims, one, oracles=oracles, commit=commit, accept=accept_critical, secret=secret)
            for one in wanted
        ]
    return {
        "wallet": owner,
        "token": "HNT",
        "hotspots": [_hotspot(one) for one in found],
        "pending_bones": sum(one.pending for one in found),
        "claims": results,
        "committed": commit,
    }


async def _one(
    cli: Cli,
    wallet: str,
    claims: "HeliumClaims",
    one: "PendingHotspot",
    *,
    oracles: "list[Oracle]",
    commit: bool,
    accept: bool,
    secret: str,
) -> dict[str, Any]:
    """Review, and send, one hotspot's claim; its failure is told and does not stop the others."""
    from skerry_core.errors import UserError
    from skerry_wallet.helium.errors import HeliumRejected

    async def build(cluster: "Cluster", owner: "PublicKey") -> bytes:
        del cluster
        return await claims.claim_message(one, oracles, owner=owner.solana_address or "")

    about: dict[str, Any] = {"hotspot": one.entity_key, "name": one.asset.name, "pending_bones": one.pending}
    try:
        return about | await settle_review(
            cli,
            wallet,
            build,
            url=claims.assets.das_url,
            commit=commit,
            accept_critical=accept,
            password=lambda: secret,
        )
    except (UserError, HeliumRejected) as error:
        code = error.code if isinstance(error, UserError) else "E_SERVICE"
        return about | {"committed": False, "state": "failed", "code": code, "reason": str(error)}


def _hotspot(one: "PendingHotspot") -> dict[str, Any]:
    return {
        "hotspot": one.entity_key,
        "name": one.asset.name,
        "asset": one.asset.asset,
        "lifetime_bones": list(one.lifetime),
        "paid_bones": one.paid,
        "pending_bones": one.pending,
        "destination": one.destination,
    }


def _text(answer: dict[str, Any]) -> str:
    headers = ("name", "hotspot", "paid_bones", "pending_bones", "destination")
    rows = [tuple(one[header] for header in headers) for one in answer["hotspots"]]
    lines = [table(headers, rows), f"Pending: {answer['pending_bones']} bones"]
    for one in answer["claims"]:
        lines += ["", f"Claim of {one['name']} ({one['pending_bones']} bones)"]
        lines.append(f"failed: {one['reason']}" if one.get("state") == "failed" else review_text(one))
    return "\n".join(lines)
