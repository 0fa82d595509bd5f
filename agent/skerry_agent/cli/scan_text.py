"""How a scan is told to people, from its JSON: `skerry devices scan` and the job `device_scan` show the same."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from skerry_agent.cli.context import Cli, table
from skerry_core.errors import UsageError

__all__ = ["add_to_settings", "scan_text"]

Found = Mapping[str, Any]
Wanted = dict[str, tuple[str, ...]]
NOTHING = "Nothing was found. Plug the device in, or try an emulated one: skerry simulate --list"
# the first three known are shown
NAMES = ("name", "model", "firmware", "serial", "eui", "dev_eui", "imei", "serial_number", "public_key", "says")
SHOWN = 3


def scan_text(found: Sequence[Found], cli: Cli, *, adding: bool = False) -> str:
    """Return what was found and, unless that is done at once, what to add to the settings of the agent of `cli`."""
    if not found:
        return NOTHING
    rows = [(device["kind"], device["url"], _what(device)) for device in found]
    lines = [table(("kind", "place", "what it is"), rows)]
    fresh = [device for device in found if device["device_id"] is None]
    if wanted := _wanted(fresh, cli):
        lines += [] if adding else ["", *_settings(wanted, cli)]
    elif any(device["setting"] for device in fresh):
        lines += ["", "The settings name these devices already: the agent uses them from its next start on."]
    if any(device["kind"] == "gwmp" for device in fresh):
        lines += ["", "Packet forwarders need no setting: the agent hears them as soon as it runs."]
    if any(device["kind"] == "helium-ble" for device in fresh):
        lines += ["", "Hotspots over Bluetooth are set up with: skerry ble --help"]
    return "\n".join(lines)


def add_to_settings(found: Sequence[Found], cli: Cli) -> Path | None:
    """Put what was found beside what the settings file names; return the file, None when nothing is new."""
    from skerry_agent.settings import setting_named
    from skerry_agent.settings.edit import set_in_file

    wanted = _wanted([device for device in found if device["device_id"] is None], cli)
    for name, values in wanted.items():
        origin = cli.settings.origins.get(name, "default")
        if not origin.startswith(("default", str(cli.paths.config))):
            raise UsageError(
                "E_SETTING_ELSEWHERE", f"{name} comes from {origin}, so the file would not count.",
                remedy="Take it away there, or add the devices there.",
            )  # fmt: skip
        set_in_file(cli.paths.config, setting_named(name), values[0] if _is_single(name) else values)
    return cli.paths.config if wanted else None


def _what(device: Found) -> str:
    """Return what it is, with who it is, why that is not known, or what is wrong."""
    guess: str = device["guess"]
    if problem := device["problem"]:
        return f"{guess}: {problem['detail']} ({problem['code']}) {problem['remedy']}"
    identity = device["identity"]
    words = [str(identity[name]) for name in NAMES if identity.get(name) is not None][:SHOWN]
    if device["device_id"] is not None:
        plain = device["device_id"] in (device["url"], f"{device['kind']}:{device['url']}")
        words.append("used by the running agent" + ("" if plain else f" as {device['device_id']}"))
    if not words and device["kind"] is None:
        words = ["nothing answered" if device["asked"] else "not asked"]
    return f"{guess}: {', '.join(words)}" if words else guess


def _wanted(fresh: Sequence[Found], cli: Cli) -> Wanted:
    """Return the settings that let the agent use what is new: what stands there now, and behind it what was found."""
    wanted: Wanted = {}
    for device in fresh:
        if device["setting"] is None:
            continue
        name, value = device["setting"]["name"], device["setting"]["value"]
        there = wanted.get(name) or _there(name, cli)
        if any(_base(one) == _base(value) for one in there) or (_is_single(name) and there):
            continue
        wanted[name] = (*there, value)
    return wanted


def _there(name: str, cli: Cli) -> tuple[str, ...]:
    """Return what the settings name now; nothing is known of an agent elsewhere."""
    from skerry_agent.settings import setting_named

    if cli.address is not None:
        return ()
    value = cli.settings[setting_named(name)]
    return tuple(value) if isinstance(value, tuple) else (value,) if value else ()


def _settings(wanted: Wanted, cli: Cli) -> list[str]:
    from skerry_agent.settings.edit import toml_value

    where = str(cli.paths.config) if cli.address is None else "of the agent's computer"
    lines = [f"To use them, let these stand in the settings file {where}:"]
    for name, values in wanted.items():
        section, _, key = name.partition(".")
        if _is_single(name):
            lines += ["", f"[{section}]", f"{key} = {toml_value(values[0])}"]
        else:
            lines += ["", f"[{section}]", f"{key} = [", *(f"  {toml_value(value)}," for value in values), "]"]
    if cli.address is None:
        lines += ["", "`skerry devices scan --add` does that; they count from the agent's next start."]
    return lines


def _base(entry: str) -> str:
    return entry.partition("?")[0]


def _is_single(name: str) -> bool:
    return name.endswith(".listen")
