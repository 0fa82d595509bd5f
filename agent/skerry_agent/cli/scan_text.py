"""How a scan is told on a terminal: `skerry devices scan` and the job `device_scan` show the same."""

from collections.abc import Sequence
from pathlib import Path

from skerry_agent.cli.context import Cli, table
from skerry_client.found import Found, is_single, new_settings, settings_lines, what_it_is
from skerry_core.errors import UsageError

__all__ = ["add_to_settings", "scan_text"]

NOTHING = "Nothing was found. Plug the device in, or try an emulated one: skerry simulate --list"


def scan_text(found: Sequence[Found], cli: Cli, *, adding: bool = False) -> str:
    """Return what was found and, unless that is done at once, what to add to the settings of the agent of `cli`."""
    if not found:
        return NOTHING
    rows = [(device["kind"], device["url"], what_it_is(device)) for device in found]
    lines = [table(("kind", "place", "what it is"), rows)]
    fresh = [device for device in found if device["device_id"] is None]
    if wanted := new_settings(found, lambda name: _there(name, cli)):
        lines += [] if adding else _settings(wanted, cli)
    elif any(device["setting"] for device in fresh):
        lines += ["", "The settings name these devices already: the agent uses them from its next start on."]
    if any(device["kind"] == "gwmp" for device in fresh):
        lines += ["", "Packet forwarders need no setting: the agent hears them as soon as it runs."]
    if any(device["kind"] == "helium-ble" for device in fresh):
        lines += ["", "Hotspots over Bluetooth are set up with: skerry ble --help"]
    return "\n".join(lines)


def add_to_settings(found: Sequence[Found], cli: Cli) -> Path | None:
    """Put what was found beside what the settings file names; return the file, None when nothing is new.

    Raises `UsageError` E_SETTING_ELSEWHERE where the file would not count, changing nothing.
    """
    from skerry_agent.settings import setting_named
    from skerry_agent.settings.edit import set_in_file

    wanted = new_settings(found, lambda name: _there(name, cli))
    for name in wanted:
        origin = cli.settings.origins.get(name, "default")
        if not origin.startswith(("default", str(cli.paths.config))):
            raise UsageError(
                "E_SETTING_ELSEWHERE", f"{name} comes from {origin}, so the file would not count.",
                remedy="Take it away there, or add the devices there.",
            )  # fmt: skip
    for name, values in wanted.items():
        set_in_file(cli.paths.config, setting_named(name), values[0] if is_single(name) else values)
    return cli.paths.config if wanted else None


def _there(name: str, cli: Cli) -> tuple[str, ...]:
    """Return what the settings name now; nothing is known of an agent elsewhere."""
    from skerry_agent.settings import setting_named

    if cli.address is not None:
        return ()
    value = cli.settings[setting_named(name)]
    return tuple(value) if isinstance(value, tuple) else (value,) if value else ()


def _settings(wanted: dict[str, tuple[str, ...]], cli: Cli) -> list[str]:
    where = str(cli.paths.config) if cli.address is None else "of the agent's computer"
    lines = ["", f"To use them, let these stand in the settings file {where}:", "", *settings_lines(wanted)]
    if cli.address is None:
        lines += ["", "`skerry devices scan --add` does that; they count from the agent's next start."]
    return lines
