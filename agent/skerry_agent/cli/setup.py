"""`skerry setup`: asks what only the owner knows, checks it, writes the settings. Flags answer without asking."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from skerry_agent.cli.context import Cli, json_option, pass_cli, show
from skerry_agent.settings.setting import Setting, ValueRejected
from skerry_agent.settings.table import (
    ANTENNA_GAIN_DDBI,
    LOCATION_CELL,
    LOCATION_ELEVATION_M,
    OWNER,
    REGION,
    REGIONS,
    SERIAL_RADIOS,
)
from skerry_core.cells import cell_number, resolution
from skerry_core.errors import UsageError

__all__ = ["setup"]

LOCATION_RESOLUTION = 12  # hotspots are asserted at this size of cell (iot-poc 4)


@click.command()
@click.option("--region", help=f"Where the antenna stands: {', '.join(REGIONS[1:])}.")
@click.option("--location", help="H3 cell of resolution 12, in hex.")
@click.option("--elevation-m", help="Antenna above ground, in metres.")
@click.option("--gain-ddbi", help="Antenna gain in tenths of dBi.")
@click.option("--owner", help="Wallet address of the owner.")
@click.option("--radio", help="Serial radios, KIND:PORT, separated by commas.")
@json_option
@pass_cli
def setup(cli: Cli, /, *, as_json_: bool, **flags: str | None) -> None:
    """Set up a new agent: key, region, location, antenna, owner, radios.

    On a terminal it asks for what no flag gives; elsewhere flags are all there is. Existing settings stay unless
    answered anew, and an existing key is never replaced.
    """
    from skerry_agent.instance_lock import InstanceLock
    from skerry_agent.settings.edit import set_in_file
    from skerry_agent.settings.table import GATEWAY_KEY
    from skerry_keys.public_key import PublicKey
    from skerry_wallet.keyfile.gateway import open_or_create_gateway_key

    answers = _answers(cli, flags)
    cli.paths.create()
    with InstanceLock(cli.paths.lock):
        key_uri = cli.settings[GATEWAY_KEY] or None
        signer = open_or_create_gateway_key(cli.paths.keys, random_bytes=os.urandom, key_uri=key_uri)
        for setting, value in answers.items():
            set_in_file(cli.paths.config, setting, value)
    public = PublicKey.from_binary(signer.public_key)
    result = {
        "address": public.address,
        "name": public.animal_name,
        "settings": {setting.key: value for setting, value in answers.items()},
        "file": str(cli.paths.config),
    }
    show(result, json_wanted=as_json_, text=lambda: _text(cli, public.address, public.animal_name))


def _answers(cli: Cli, flags: dict[str, str | None]) -> dict[Setting[Any], Any]:
    asking = sys.stdin.isatty()
    answers: dict[Setting[Any], Any] = {}
    for flag, setting, question, check in _QUESTIONS:
        raw = flags[flag]
        if raw is None and asking:
            old = cli.settings[setting]
            shown = ",".join(old) if isinstance(old, tuple) else str(old)
            raw = click.prompt(f"{question()}", default=shown, show_default=bool(shown), err=True)
        if raw is not None and raw != "":
            answers[setting] = _checked(setting, raw, check)
    return answers


def _checked(setting: Setting[Any], raw: str, check: Callable[[str], str]) -> Any:
    try:
        value = setting.parse(raw)
    except ValueRejected as error:
        raise UsageError("E_SETTING", f"{setting.key} must be {error}, not {raw!r}.") from None
    if finding := check(raw):
        raise UsageError("E_SETUP", f"{setting.key}: {finding}.", params={"key": setting.key})
    return value


def _check_location(raw: str) -> str:
    cell = cell_number(raw)
    if cell is None:
        return f"{raw!r} is no H3 cell"
    found = resolution(cell)
    return "" if found == LOCATION_RESOLUTION else f"the cell has resolution {found}, not 12"


def _check_owner(raw: str) -> str:
    from skerry_wallet.address import address_bytes

    try:
        address_bytes(raw)
    except ValueError:
        return f"{raw!r} is no wallet address"
    return ""


def _nothing(_raw: str) -> str:
    return ""


def _radio_question() -> str:
    found = [str(port) for folder in ("/dev/serial/by-id",) for port in sorted(Path(folder).glob("*"))]
    found = found or [str(port) for pattern in ("ttyUSB*", "ttyACM*") for port in sorted(Path("/dev").glob(pattern))]
    return "Serial radios as KIND:PORT, separated by commas" + (f" (found: {', '.join(found)})" if found else "")


_QUESTIONS: tuple[tuple[str, Setting[Any], Callable[[], str], Callable[[str], str]], ...] = (
    ("region", REGION, lambda: f"Region ({', '.join(REGIONS[1:])})", _nothing),
    ("location", LOCATION_CELL, lambda: "Location (H3 cell, resolution 12)", _check_location),
    ("elevation_m", LOCATION_ELEVATION_M, lambda: "Antenna above ground (m)", _nothing),
    ("gain_ddbi", ANTENNA_GAIN_DDBI, lambda: "Antenna gain (tenths of dBi)", _nothing),
    ("owner", OWNER, lambda: "Owner's wallet address", _check_owner),
    ("radio", SERIAL_RADIOS, _radio_question, _nothing),
)


def _text(cli: Cli, address: str, name: str) -> str:
    where = f" --dir {cli.folder}" if cli.folder else ""
    return "\n".join(
        [
            f"hotspot   {address} ({name})",
            f"settings  {cli.paths.config}",
            f"next:     skerry run{where}    then: skerry status{where}",
            "Back the key folder up: without it the hotspot is lost.",
        ]
    )
