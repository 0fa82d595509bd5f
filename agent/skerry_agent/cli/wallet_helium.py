"""`skerry wallet helium onboard|assert|recipient`: changes of a hotspot on Helium, reviewed before they are signed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli
from skerry_agent.cli.wallet_rules import wallet_address
from skerry_agent.cli.wallet_spend import danger_option, settle_review, show_review
from skerry_agent.wallet.passwords import ask_secret, password_options

if TYPE_CHECKING:
    from skerry_agent.wallet.helium_changes import HeliumChanges, Proposal
    from skerry_keys import PublicKey
    from skerry_wallet.cluster import Cluster

__all__ = ["helium"]

_CLUSTER = click.option(
    "--cluster", "url", metavar="URL", required=True, help="JSON-RPC server with the DAS extension."
)
_COMMIT = click.option("--commit", is_flag=True, help="Sign and send. Without this nothing is signed.")
_LOCATION = click.option("--location", metavar="CELL", help="H3 cell of resolution 12 in hex, such as 8c1928...ff.")
_ELEVATION = click.option("--elevation", "elevation_m", type=click.IntRange(-500, 9000), help="Metres above ground.")
_GAIN = click.option("--gain", "gain_ddbi", type=click.IntRange(-300, 300), help="Antenna gain in tenths of dBi.")


@click.group()
def helium() -> None:
    """Change a hotspot of yours on Helium. Fees are paid in data credits of the wallet, and said before you sign.

    Helium's programs cannot be had for the embedded chain: these transactions are checked byte for byte against
    recorded ones, and a simulation of the server says how they would end.
    """


@helium.command()
@click.argument("wallet")
@click.argument("hotspot")
@_LOCATION
@_ELEVATION
@_GAIN
@_CLUSTER
@_COMMIT
@danger_option
@password_options
@json_option
@pass_cli
def onboard(
    cli: Cli, /, *, wallet: str, hotspot: str, location: str | None, elevation_m: int | None, gain_ddbi: int | None,
    **options: Any,
) -> None:  # fmt: skip
    """Onboard WALLET's data-only HOTSPOT (Helium address) to the IoT network.

    The hotspot's NFT must be in the wallet: its maker's app, or `skerry ble`, has it issued first.
    """
    cell = _cell(location)

    async def propose(changes: "HeliumChanges", owner: str) -> "Proposal":
        return await changes.onboard(owner, hotspot, location=cell, elevation_m=elevation_m, gain_ddbi=gain_ddbi)

    _settle(cli, wallet, propose, **options)


@helium.command("assert")
@click.argument("wallet")
@click.argument("hotspot")
@_LOCATION
@_ELEVATION
@_GAIN
@click.option("--network", type=click.Choice(["iot", "mobile"]), default="iot", show_default=True)
@_CLUSTER
@_COMMIT
@danger_option
@password_options
@json_option
@pass_cli
def assert_location(
    cli: Cli, /, *, wallet: str, hotspot: str, location: str | None, elevation_m: int | None, gain_ddbi: int | None,
    network: Any, **options: Any,
) -> None:  # fmt: skip
    """Assert where WALLET's HOTSPOT stands; what you leave out stays as it is.

    The network charges for a location only when it changes; elevation and gain (IoT only) are free.
    """
    from skerry_core.errors import UsageError

    cell = _cell(location)
    if cell is None and elevation_m is None and gain_ddbi is None:
        raise UsageError("E_ASSERT_NOTHING", "Nothing would change.", remedy="Give --location, --elevation or --gain.")
    if network == "mobile" and (elevation_m is not None or gain_ddbi is not None):
        raise UsageError("E_ASSERT_MOBILE", "A Mobile hotspot has neither --elevation nor --gain here.")

    async def propose(changes: "HeliumChanges", owner: str) -> "Proposal":
        return await changes.assert_location(
            owner, hotspot, sub_dao=network, location=cell, elevation_m=elevation_m, gain_ddbi=gain_ddbi
        )

    _settle(cli, wallet, propose, **options)


@helium.command()
@click.argument("wallet")
@click.argument("hotspot")
@click.argument("destination", required=False)
@click.option("--owner", "back", is_flag=True, help="Bring the rewards back to the hotspot's owner.")
@_CLUSTER
@_COMMIT
@danger_option
@password_options
@json_option
@pass_cli
def recipient(cli: Cli, /, *, wallet: str, hotspot: str, destination: str | None, back: bool, **options: Any) -> None:
    """Send all later rewards of WALLET's HOTSPOT to DESTINATION (a wallet's name or address), or back with --owner.

    What is pending now goes there too, unless it is claimed before. To share with a host instead, see
    `skerry rewards splits`.
    """
    from skerry_core.errors import UsageError

    if (destination is None) != back:
        raise UsageError("E_RECIPIENT", "Name a DESTINATION, or --owner to bring the rewards back, one of the two.")
    address = None if destination is None else wallet_address(cli, destination)

    async def propose(changes: "HeliumChanges", owner: str) -> "Proposal":
        return await changes.recipient(owner, hotspot, destination=address)

    _settle(cli, wallet, propose, **options)


def _settle(
    cli: Cli,
    wallet: str,
    propose: "Callable[[HeliumChanges, str], Awaitable[Proposal]]",
    *,
    url: str,
    commit: bool,
    accept_critical: bool,
    password_file: Path | None,
    password_fd: int | None,
    as_json_: bool,
) -> None:
    async def build(cluster: "Cluster", owner: "PublicKey") -> "Proposal":
        from skerry_agent.wallet.helium_assets import HeliumAssets
        from skerry_agent.wallet.helium_changes import HeliumChanges
        from skerry_agent.wallet.json_post import JsonPoster
        from skerry_core.errors import UserError
        from skerry_wallet.helium.errors import HeliumRejected

        async with JsonPoster() as poster:
            changes = HeliumChanges(assets=HeliumAssets(cluster=cluster, poster=poster, das_url=url))
            try:
                return await propose(changes, owner.solana_address or "")
            except HeliumRejected as error:
                detail = f"That cannot be built: {error}."
                raise UserError(
                    "E_SERVICE", detail, remedy="Check the hotspot's address, or try another server."
                ) from error

    answer = asyncio.run(
        settle_review(
            cli, wallet, build, url=url, commit=commit, accept_critical=accept_critical,
            password=lambda: ask_secret("Password", file=password_file, descriptor=password_fd),
        )
    )  # fmt: skip
    show_review(answer, as_json_=as_json_)


def _cell(text: str | None) -> int | None:
    from skerry_agent.wallet.cells import location_cell

    return None if text is None else location_cell(text)
