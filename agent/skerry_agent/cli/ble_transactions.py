"""`skerry ble add-gateway|assert-location|sign`: the hotspot signs, what it signed is read, then its owner signs.

Dry runs unless --commit. The owner's key signs the transaction that was read, after its effects were shown and
confirmed. Nothing is sent to any network.
"""

import asyncio
import base64
import binascii
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.ble_session import hotspot_argument, scan_option, with_hotspot
from skerry_agent.cli.context import Cli, json_option, pass_cli, show, table
from skerry_agent.cli.wallet_rules import spending_rules
from skerry_agent.wallet.passwords import ask_secret, password_options
from skerry_core.errors import UsageError

if TYPE_CHECKING:
    from skerry_agent.wallet.gateway_txns import AskedTxn
    from skerry_firmware_bridge.ble.hotspot import Hotspot
    from skerry_wallet.keyfile.owner import OwnerWallet
    from skerry_wire.gateway_txn import GatewayTxn

__all__ = ["add_gateway", "assert_location", "sign"]

_commit = click.option(
    "--commit", is_flag=True, help="Ask the hotspot, and sign. Without this only the request is shown."
)
_yes = click.option("--yes", is_flag=True, help="Sign without the question after the effects were shown.")
_owner = click.option("--owner", required=True, help="A wallet's name here, or the owner's Helium address.")
_amount = click.option(
    "--amount", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Staking fee in DC, at most."
)
_fee = click.option(
    "--fee", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Transaction fee in DC, at most."
)


@click.command("add-gateway")
@hotspot_argument
@_owner
@click.option("--payer", required=True, help="A wallet's name or Helium address: usually the maker pays.")
@_amount
@_fee
@_commit
@_yes
@password_options
@scan_option
@json_option
@pass_cli
def add_gateway(
    cli: Cli, /, *, hotspot_address: str, owner: str, payer: str, amount: int, fee: int, commit: bool, scan_s: float,
    **options: Any,
) -> None:  # fmt: skip
    """Have the hotspot sign that a wallet owns it; the wallet signs too when its key is here.

    What the hotspot hands over is read first: its effects are shown, and it is refused when it is not exactly what was
    asked for, or breaks your limits.
    """
    from skerry_agent.wallet.gateway_txns import AskedTxn

    asked = AskedTxn(
        kind="add_gateway", owner=_address(cli, owner), payer=_address(cli, payer), amount_dc=amount, fee_dc=fee
    )
    if not commit:
        _show_request(asked, as_json_=options["as_json_"])
        return

    async def ask(hotspot: "Hotspot") -> tuple[bytes, str | None]:
        gateway = (await hotspot.identity())["public_key"]
        return await hotspot.add_gateway(owner=asked.owner, amount=amount, fee=fee, payer=asked.payer), gateway

    raw, gateway = with_hotspot(hotspot_address, ask, scan_s=scan_s)
    _settle(cli, raw, asked, gateway, **options)


@click.command("assert-location")
@hotspot_argument
@click.option("--lat", type=click.FloatRange(-90, 90), required=True, help="Latitude in degrees.")
@click.option("--lon", type=click.FloatRange(-180, 180), required=True, help="Longitude in degrees.")
@_owner
@click.option("--payer", default="", help="A wallet's name or Helium address; empty: the owner.")
@click.option("--nonce", type=click.IntRange(1, 2**63), required=True, help="Number of this assertion, from 1.")
@_amount
@_fee
@_commit
@_yes
@password_options
@scan_option
@json_option
@pass_cli
def assert_location(
    cli: Cli, /, *, hotspot_address: str, lat: float, lon: float, owner: str, payer: str, nonce: int, amount: int,
    fee: int, commit: bool, scan_s: float, **options: Any,
) -> None:  # fmt: skip
    """Have the hotspot sign where it stands, as `add-gateway` does. Current firmware refuses this."""
    from skerry_agent.wallet.gateway_txns import AskedTxn

    asked = AskedTxn(
        kind="assert_location", owner=_address(cli, owner), payer=_address(cli, payer) if payer else "",
        amount_dc=amount, fee_dc=fee, place=(lat, lon), nonce=nonce,
    )  # fmt: skip
    if not commit:
        _show_request(asked, as_json_=options["as_json_"])
        return
    request: dict[str, str | int | float] = {
        "lat": lat, "lon": lon, "owner": asked.owner, "nonce": nonce, "fee": fee, "amount": amount,
        "payer": asked.payer,
    }  # fmt: skip

    async def ask(hotspot: "Hotspot") -> tuple[bytes, str | None]:
        gateway = (await hotspot.identity())["public_key"]
        return await hotspot.assert_location(request), gateway

    raw, gateway = with_hotspot(hotspot_address, ask, scan_s=scan_s)
    _settle(cli, raw, asked, gateway, **options)


@click.command()
@click.argument("wallet")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--commit", is_flag=True, help="Sign. Without this only the effects are shown.")
@_yes
@password_options
@json_option
@pass_cli
def sign(cli: Cli, /, *, wallet: str, file: Path, commit: bool, **options: Any) -> None:
    """Read the transaction in FILE (base64, from a computer near the hotspot) and sign it with WALLET."""
    from skerry_agent.wallet.gateway_txns import read_txn
    from skerry_agent.wallet.owners import named_wallet

    try:
        raw = base64.b64decode(file.read_bytes().strip(), validate=True)
    except binascii.Error as error:
        raise UsageError("E_TX_FILE", f"{file} holds no base64 text: {error}.") from error
    txn, mine = read_txn(raw), named_wallet(cli.paths, wallet)
    _require_owner(txn, mine)
    _finish(cli, txn, mine if commit else None, **options)


def _settle(cli: Cli, raw: bytes, asked: "AskedTxn", gateway: str | None, **options: Any) -> None:
    """Compare what the hotspot handed over with what was asked, then sign where the owner's key is here."""
    from dataclasses import replace

    from skerry_agent.wallet.gateway_txns import check_asked, read_txn
    from skerry_agent.wallet.owners import owner_wallets

    txn = read_txn(raw)
    check_asked(txn, replace(asked, gateway=gateway))
    mine = [one for one in owner_wallets(cli.paths).entries() if one.public_key.binary == txn.owner]
    _finish(cli, txn, mine[0] if mine else None, **options)


def _finish(
    cli: Cli, txn: "GatewayTxn", signing: "OwnerWallet | None", *, yes: bool, password_file: Path | None,
    password_fd: int | None, as_json_: bool,
) -> None:  # fmt: skip
    """Show the effects, enforce the limits, and sign when it is wanted and confirmed."""
    from skerry_agent.wallet.gateway_txns import txn_effects
    from skerry_agent.wallet.owners import owner_wallets
    from skerry_wire.gateway_txn import owner_signed, read_gateway_txn

    effects = txn_effects(txn)
    click.echo("\n".join(f"  {number}. {effect}" for number, effect in enumerate(effects, start=1)), err=True)
    if signing is not None:
        asyncio.run(_enforce_limits(cli, txn, signing))
    if signing is not None and not signing.watch_only:
        _confirm(yes=yes)
        password = ask_secret(f"Password of the wallet {signing.name}", file=password_file, descriptor=password_fd)
        txn = read_gateway_txn(owner_signed(txn, owner_wallets(cli.paths).open(signing.name, password)))
    answer = _answer(txn, effects)
    show(answer, json_wanted=as_json_, text=lambda: _text(answer))


async def _enforce_limits(cli: Cli, txn: "GatewayTxn", wallet: "OwnerWallet") -> None:
    from skerry_agent.wallet.gateway_txns import check_limits
    from skerry_agent.wallet.payments import open_payment_store
    from skerry_agent.wallet.spend import spent_today
    from skerry_core.clock import SystemClock

    clock = SystemClock()
    async with open_payment_store(cli.paths, clock=clock) as store:
        spent = await spent_today(store, wallet.public_key.solana_address or "", clock=clock)
    check_limits(txn, spending_rules(cli), spent_today=spent)


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "E_CONFIRM", "Nobody is at a terminal to confirm the effects.", remedy="Read them first, then add --yes."
        )
    click.confirm("Sign this?", abort=True, err=True)


def _require_owner(txn: "GatewayTxn", wallet: "OwnerWallet") -> None:
    from skerry_agent.wallet.gateway_txns import address_text
    from skerry_core.errors import RefusedError

    if txn.owner != wallet.public_key.binary or not txn.gateway_signature_valid:
        why = "its hotspot's signature is wrong" if txn.owner == wallet.public_key.binary else "it is not yours"
        raise RefusedError(
            "E_BLE_TRANSACTION", f"This transaction of the owner {address_text(txn.owner)} is not signed: {why}."
        )


def _answer(txn: "GatewayTxn", effects: list[str]) -> dict[str, Any]:
    from skerry_agent.wallet.gateway_txns import address_text

    return {
        "kind": txn.kind,
        "effects": effects,
        "gateway": address_text(txn.gateway),
        "owner": address_text(txn.owner),
        "payer": address_text(txn.payer),
        "staking_fee_dc": txn.staking_fee_dc,
        "fee_dc": txn.fee_dc,
        "location": txn.location,
        "nonce": txn.nonce,
        "owner_signed": txn.owner_signature_valid,
        "payer_signed": txn.payer_signature_valid,
        "transaction": base64.b64encode(txn.raw).decode(),
    }


def _text(answer: dict[str, Any]) -> str:
    rows = [(name, value) for name, value in answer.items() if name != "effects" and value is not None]
    lines = [table(("what", "value"), rows), ""]
    if not answer["owner_signed"]:
        lines.append("Not signed by the owner. Where the owner's key is: skerry ble sign WALLET FILE")
    return "\n".join([*lines, "Nothing was sent to any network."])


def _show_request(asked: "AskedTxn", *, as_json_: bool) -> None:
    request: dict[str, Any] = {
        "owner": asked.owner,
        "payer": asked.payer,
        "amount": asked.amount_dc,
        "fee": asked.fee_dc,
    }
    if asked.place is not None:
        request |= {"lat": asked.place[0], "lon": asked.place[1], "nonce": asked.nonce}
    lines = [table(("field", "value"), request.items()), "", "Nothing was asked of the hotspot. Add --commit for that."]
    answer = {"kind": asked.kind, "request": request, "committed": False}
    show(answer, json_wanted=as_json_, text=lambda: "\n".join(lines))


def _address(cli: Cli, text: str) -> str:
    """Return the Helium address of a wallet's name, or of an address as it is. Raises `UsageError` E_ADDRESS."""
    from skerry_agent.wallet.owners import find_wallet
    from skerry_keys.errors import KeyRejected
    from skerry_keys.public_key import PublicKey

    found = find_wallet(cli.paths, text)
    if found is not None:
        return found.public_key.address
    try:
        PublicKey.from_address(text)
    except KeyRejected as error:
        raise UsageError("E_ADDRESS", f"{text!r} is no wallet here and no Helium address: {error}.") from None
    return text
