"""`skerry ble`: set up an existing Helium hotspot over Bluetooth, from a desktop or a Pi with an adapter."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from skerry_agent.cli.ble_session import hotspot_argument, readable_errors, scan_option, show_pairs, with_hotspot
from skerry_agent.cli.ble_transactions import add_gateway, assert_location, sign
from skerry_agent.cli.context import json_option, show, table
from skerry_agent.wallet.passwords import ask_secret, password_options
from skerry_core.errors import UsageError

if TYPE_CHECKING:
    from skerry_firmware_bridge.ble.hotspot import Hotspot, WifiNames

__all__ = ["ble"]

LONGEST_NETWORK_BYTES = 32  # IEEE 802.11
LONGEST_PASSWORD_BYTES = 64  # WPA: 63 letters, or a key of 64 hexadecimal digits


@click.group()
def ble() -> None:
    """A Helium hotspot over Bluetooth.

    Press the hotspot's Bluetooth button first: it advertises for five minutes.
    """


for verb in (add_gateway, assert_location, sign):
    ble.add_command(verb)


@ble.command()
@scan_option
@json_option
def scan(*, scan_s: float, as_json_: bool) -> None:
    """List hotspots that advertise."""
    from skerry_firmware_bridge.ble.scanning import find_hotspots

    with readable_errors():
        found = asyncio.run(find_hotspots(scan_s=scan_s))
    rows = [(one.address, one.name, None if one.rssi_dbm is None else f"{one.rssi_dbm} dBm") for one in found]
    nothing = "No hotspot advertises. Press its Bluetooth button and stay within a few metres."
    show(found, json_wanted=as_json_, text=lambda: table(("address", "name", "signal"), rows) if rows else nothing)


@ble.command()
@hotspot_argument
@scan_option
@json_option
def info(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """Show a hotspot's keys, serial number, versions and connection."""

    async def ask(hotspot: "Hotspot") -> dict[str, str | bool | None]:
        wifi, cable = await hotspot.wifi_ssid(), await hotspot.ethernet_online()
        return {**await hotspot.identity(), "wifi": wifi, "ethernet_online": cable}

    show_pairs(with_hotspot(hotspot_address, ask, scan_s=scan_s), as_json_=as_json_)


@ble.command()
@hotspot_argument
@scan_option
@json_option
def diagnostics(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """Show what a hotspot says about itself."""
    show_pairs(with_hotspot(hotspot_address, lambda hotspot: hotspot.diagnostics(), scan_s=scan_s), as_json_=as_json_)


@ble.command()
@hotspot_argument
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@scan_option
@json_option
def lights(*, hotspot_address: str, state: str | None, scan_s: float, as_json_: bool) -> None:
    """Show whether the hotspot's lights are on, or switch them: to find the one you talk to."""

    async def ask(hotspot: "Hotspot") -> bool:
        return await (hotspot.lights() if state is None else hotspot.set_lights(on=state == "on"))

    is_on = with_hotspot(hotspot_address, ask, scan_s=scan_s)
    show_pairs({"lights": "on" if is_on else "off"}, as_json_=as_json_)


@ble.group()
def wifi() -> None:
    """The hotspot's Wi-Fi."""


@wifi.command("list")
@hotspot_argument
@scan_option
@json_option
def list_wifi(*, hotspot_address: str, scan_s: float, as_json_: bool) -> None:
    """List networks that the hotspot sees or knows."""

    async def ask(hotspot: "Hotspot") -> "tuple[WifiNames, WifiNames, str | None]":
        return await hotspot.visible_wifi(), await hotspot.configured_wifi(), await hotspot.wifi_ssid()

    visible, configured, used = with_hotspot(hotspot_address, ask, scan_s=scan_s)
    answer = {
        "visible": visible.names,
        "configured": configured.names,
        "connected": used,
        "may_be_cut": visible.may_be_cut or configured.may_be_cut,
    }
    show(answer, json_wanted=as_json_, text=lambda: _networks(answer))


def _networks(answer: dict[str, Any]) -> str:
    """Return the networks as a table; a hotspot cuts a long list without saying so."""
    visible, configured = answer["visible"], answer["configured"]
    rows = [
        (name, _yes(name in visible), _yes(name in configured), _yes(name == answer["connected"]))
        for name in dict.fromkeys([*visible, *configured])
    ]
    note = "\nA hotspot tells 512 bytes of names at most: there may be more." if answer["may_be_cut"] else ""
    return table(("network", "seen", "password known", "in use"), rows) + note


@wifi.command("connect")
@hotspot_argument
@click.argument("network")
@click.option("--open", "is_open", is_flag=True, help="The network has no password.")
@password_options
@scan_option
@json_option
def connect_wifi(
    *,
    hotspot_address: str,
    network: str,
    is_open: bool,
    password_file: Path | None,
    password_fd: int | None,
    scan_s: float,
    as_json_: bool,
) -> None:
    """Put the hotspot into a Wi-Fi network; asks for the password and keeps it nowhere."""
    _check_length(network, LONGEST_NETWORK_BYTES, "A network's name")
    password = "" if is_open else ask_secret(f"Password of {network}", file=password_file, descriptor=password_fd)
    _check_length(password, LONGEST_PASSWORD_BYTES, "A Wi-Fi password")

    async def join(hotspot: "Hotspot") -> None:
        await hotspot.connect_wifi(network, password, progress=lambda text: click.echo(f"{text} ...", err=True))

    with_hotspot(hotspot_address, join, scan_s=scan_s)
    answer = {"address": hotspot_address, "connected": network}
    show(answer, json_wanted=as_json_, text=lambda: f"{hotspot_address} is connected to {network}")


@wifi.command("forget")
@hotspot_argument
@click.argument("network")
@scan_option
@json_option
def forget_wifi(*, hotspot_address: str, network: str, scan_s: float, as_json_: bool) -> None:
    """Make the hotspot forget a network."""
    _check_length(network, LONGEST_NETWORK_BYTES, "A network's name")
    with_hotspot(hotspot_address, lambda hotspot: hotspot.remove_wifi(network), scan_s=scan_s)
    answer = {"address": hotspot_address, "forgotten": network}
    show(answer, json_wanted=as_json_, text=lambda: f"{hotspot_address} has forgotten {network}")


def _check_length(text: str, limit_bytes: int, what: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("E_WIFI_TEXT", f"{what} must be Unicode text.") from None
    if size > limit_bytes:
        raise UsageError("E_WIFI_TOO_LONG", f"{what} has at most {limit_bytes} bytes.")


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""
