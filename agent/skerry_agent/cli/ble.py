"""`skerry ble`: set up an existing Helium hotspot over Bluetooth, from a desktop or a Pi with an adapter."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from skerry_agent.cli.context import json_option, show, table
from skerry_agent.wallet.passwords import ask_secret, password_options
from skerry_core.errors import RefusedError, UsageError, UserError

if TYPE_CHECKING:
    from skerry_firmware_bridge.ble.hotspot import Hotspot

__all__ = ["ble"]

T = TypeVar("T")
Request = dict[str, str | int | float]
_hotspot = click.argument("hotspot_address", metavar="ADDRESS")  # --address is the agent's
_scan_s = click.option(
    "--scan-s", type=click.FloatRange(0.1, 120), default=8.0, show_default=True, help="How long to listen, in seconds."
)
_commit = click.option("--commit", is_flag=True, help="Ask the hotspot; without this only the request is shown.")


@click.group()
def ble() -> None:
    """A Helium hotspot over Bluetooth.

    Press the hotspot's Bluetooth button first: it advertises for five minutes.
    """


@ble.command()
@_scan_s
@json_option
def scan(*, scan_s: float, as_json_: bool) -> None:
    """List hotspots that advertise."""
    from skerry_firmware_bridge.ble.scanning import find_hotspots

    with _told():
        found = asyncio.run(find_hotspots(scan_s=scan_s))
    rows = [(one.address, one.name, None if one.rssi_dbm is None else f"{one.rssi_dbm} dBm") for one in found]
    nothing = "No hotspot advertises. Press its Bluetooth button and stay within a few metres."
    show(found, json_wanted=as_json_, text=lambda: table(("address", "name", "signal"), rows) if rows else nothing)


@ble.command()
@_hotspot
@_scan_s
@json_option
def info(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """Show a hotspot's keys, serial number, versions and connection."""

    async def ask(hotspot: "Hotspot") -> dict[str, str | bool | None]:
        wifi, cable = await hotspot.wifi_ssid(), await hotspot.ethernet_online()
        return {**await hotspot.identity(), "wifi": wifi, "ethernet_online": cable}

    _show_pairs(_with_hotspot(hotspot_address, ask, scan_s=scan_s), as_json_=as_json_)


@ble.command()
@_hotspot
@_scan_s
@json_option
def diagnostics(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """Show what a hotspot says about itself."""
    _show_pairs(_with_hotspot(hotspot_address, lambda hotspot: hotspot.diagnostics(), scan_s=scan_s), as_json_=as_json_)


@ble.group()
def wifi() -> None:
    """The hotspot's Wi-Fi."""


@wifi.command("list")
@_hotspot
@_scan_s
@json_option
def list_wifi(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """List networks that the hotspot sees or knows."""

    async def ask(hotspot: "Hotspot") -> tuple[list[str], list[str], str | None]:
        return await hotspot.visible_wifi(), await hotspot.configured_wifi(), await hotspot.wifi_ssid()

    visible, configured, used = _with_hotspot(hotspot_address, ask, scan_s=scan_s)
    names = list(dict.fromkeys([*visible, *configured]))
    rows = [(name, _yes(name in visible), _yes(name in configured), _yes(name == used)) for name in names]
    answer = {"visible": visible, "configured": configured, "connected": used}
    show(answer, json_wanted=as_json_, text=lambda: table(("network", "seen", "password known", "in use"), rows))


@wifi.command("connect")
@_hotspot
@click.argument("network")
@password_options
@_scan_s
@json_option
def connect_wifi(
    *,
    hotspot_address: str,
    network: str,
    password_file: Path | None,
    password_fd: int | None,
    scan_s: float,
    as_json_: bool,
) -> None:
    """Put the hotspot into a Wi-Fi network; asks for the password and keeps it nowhere."""
    password = ask_secret(f"Password of {network}", file=password_file, descriptor=password_fd)
    _with_hotspot(hotspot_address, lambda hotspot: hotspot.connect_wifi(network, password), scan_s=scan_s)
    answer = {"address": hotspot_address, "connected": network}
    show(answer, json_wanted=as_json_, text=lambda: f"{hotspot_address} is connected to {network}")


@wifi.command("forget")
@_hotspot
@click.argument("network")
@_scan_s
@json_option
def forget_wifi(*, hotspot_address: str, network: str, scan_s: float, as_json_: bool) -> None:
    """Make the hotspot forget a network."""
    _with_hotspot(hotspot_address, lambda hotspot: hotspot.remove_wifi(network), scan_s=scan_s)
    answer = {"address": hotspot_address, "forgotten": network}
    show(answer, json_wanted=as_json_, text=lambda: f"{hotspot_address} has forgotten {network}")


@ble.command("add-gateway")
@_hotspot
@click.option("--owner", required=True, help="Helium address of the owner's wallet.")
@click.option("--payer", required=True, help="Helium address of whoever pays the fee, usually the maker.")
@click.option("--amount", type=click.IntRange(min=0), default=0, show_default=True, help="Staking fee in DC.")
@click.option("--fee", type=click.IntRange(min=0), default=0, show_default=True, help="Transaction fee in DC.")
@_commit
@_scan_s
@json_option
def add_gateway(
    *, hotspot_address: str, owner: str, payer: str, amount: int, fee: int, commit: bool, scan_s: float, as_json_: bool
) -> None:
    """Have the hotspot sign that a wallet owns it, and print the transaction. Nothing is sent to any network."""
    request: Request = {"owner": _helium(owner), "payer": _helium(payer), "amount": amount, "fee": fee}
    if not commit:
        _show_request("add_gateway", request, as_json_=as_json_)
        return

    async def ask(hotspot: "Hotspot") -> tuple[bytes, str | None]:
        made = await hotspot.add_gateway(owner=owner, amount=amount, fee=fee, payer=payer)
        return made, (await hotspot.identity())["public_key"]

    raw, gateway = _with_hotspot(hotspot_address, ask, scan_s=scan_s)
    _show_pairs(_checked_add_gateway(raw, owner=owner, payer=payer, gateway=gateway), as_json_=as_json_)


@ble.command("assert-location")
@_hotspot
@click.option("--lat", type=click.FloatRange(-90, 90), required=True, help="Latitude in degrees.")
@click.option("--lon", type=click.FloatRange(-180, 180), required=True, help="Longitude in degrees.")
@click.option("--owner", required=True, help="Helium address of the owner's wallet.")
@click.option("--payer", default="", help="Helium address of whoever pays; empty: the owner.")
@click.option("--nonce", type=click.IntRange(min=1), required=True, help="Number of this assertion, from 1.")
@click.option("--amount", type=click.IntRange(min=0), default=0, show_default=True, help="Staking fee in DC.")
@click.option("--fee", type=click.IntRange(min=0), default=0, show_default=True, help="Transaction fee in DC.")
@_commit
@_scan_s
@json_option
def assert_location(
    *, hotspot_address: str, lat: float, lon: float, owner: str, payer: str, nonce: int, amount: int, fee: int,
    commit: bool, scan_s: float, as_json_: bool,
) -> None:  # fmt: skip
    """Have the hotspot sign its location, and print the transaction. Current firmware refuses this."""
    request: Request = {
        "lat": lat, "lon": lon, "owner": _helium(owner), "nonce": nonce, "fee": fee, "amount": amount,
        "payer": _helium(payer) if payer else "",
    }  # fmt: skip
    if not commit:
        _show_request("assert_location", request, as_json_=as_json_)
        return
    raw = _with_hotspot(hotspot_address, lambda hotspot: hotspot.assert_location(request), scan_s=scan_s)
    _show_pairs({"transaction": base64.b64encode(raw).decode(), "checked": False}, as_json_=as_json_)


def _with_hotspot(address: str, ask: Callable[["Hotspot"], Awaitable[T]], *, scan_s: float) -> T:
    from skerry_core.clock import SystemClock
    from skerry_firmware_bridge.ble.hotspot import connect_hotspot

    async def main() -> T:
        async with connect_hotspot(address, clock=SystemClock(), scan_s=scan_s) as hotspot:
            return await ask(hotspot)

    with _told():
        return asyncio.run(main())


@contextmanager
def _told() -> Iterator[None]:
    """Turn the device side's errors into ones that people read."""
    from skerry_firmware_bridge.ble.outcomes import HotspotAnswered, outcome
    from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost, LinkRefused

    try:
        yield
    except LinkRefused as error:
        raise UserError(error.code, error.detail, remedy=error.remedy) from error
    except HotspotAnswered as error:
        sentence, remedy = outcome(error.what, error.text)
        raise UserError("E_BLE_ANSWER", sentence, remedy=remedy, params={"answer": error.text}) from error
    except LinkLost as error:
        raise UserError("E_BLE_LOST", f"The connection is lost: {error}.", remedy="Go nearer and try again.") from error
    except DeviceTimeout as error:
        raise UserError("E_BLE_TIMEOUT", f"The hotspot is silent: {error}.", remedy="Try again.") from error
    except BridgeError as error:
        raise UserError("E_BLE_ANSWER", f"The hotspot's answer makes no sense: {error}.") from error


def _checked_add_gateway(raw: bytes, *, owner: str, payer: str, gateway: str | None) -> dict[str, str | int | None]:
    """Read the transaction back: the hotspot may have signed something else than was asked of it."""
    from skerry_keys.public_key import PublicKey
    from skerry_wire.add_gateway import read_add_gateway
    from skerry_wire.errors import MessageRejected

    text = base64.b64encode(raw).decode()
    try:
        found = read_add_gateway(text)
    except MessageRejected as error:
        raise UserError("E_BLE_TRANSACTION", f"The hotspot's answer is no add-gateway transaction: {error}.") from error
    asked = (PublicKey.from_address(owner).binary, PublicKey.from_address(payer).binary)
    if (found.owner, found.payer) != asked or not found.gateway_signature_valid:
        raise RefusedError("E_BLE_TRANSACTION", "The hotspot signed another owner or payer, or its signature is wrong.")
    signed_by = PublicKey.from_binary(found.gateway).address
    if gateway is not None and gateway != signed_by:
        raise RefusedError("E_BLE_TRANSACTION", f"The transaction is of {signed_by}, the hotspot is {gateway}.")
    return {
        "gateway": signed_by,
        "owner": owner,
        "payer": payer,
        "staking_fee_dc": found.staking_fee_dc,
        "fee_dc": found.fee_dc,
        "transaction": text,
    }


def _helium(address: str) -> str:
    from skerry_keys.errors import KeyRejected
    from skerry_keys.public_key import PublicKey

    try:
        PublicKey.from_address(address)
    except KeyRejected as error:
        raise UsageError("E_ADDRESS", f"{address!r} is no Helium address: {error}.") from None
    return address


def _show_request(kind: str, request: Request, *, as_json_: bool) -> None:
    lines = [table(("field", "value"), request.items()), "", "Nothing was asked of the hotspot. Add --commit for that."]
    show({"kind": kind, "request": request, "committed": False}, json_wanted=as_json_, text=lambda: "\n".join(lines))


def _show_pairs(pairs: dict[str, T], *, as_json_: bool) -> None:
    show(pairs, json_wanted=as_json_, text=lambda: table(("what", "value"), pairs.items()))


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""
