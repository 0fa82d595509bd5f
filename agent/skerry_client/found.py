"""What a scan found, told to people from its JSON: the command, the job and the window say the same; pure."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["Found", "is_single", "new_settings", "settings_lines", "what_it_is"]

Found = Mapping[str, Any]
# the first three known are shown
NAMES = ("name", "model", "firmware", "serial", "eui", "dev_eui", "imei", "serial_number", "public_key", "says")
SHOWN = 3


def what_it_is(device: Found) -> str:
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


def new_settings(found: Iterable[Found], there: Callable[[str], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the settings that let the agent use what is new: what stands `there` now, behind it what was found."""
    wanted: dict[str, tuple[str, ...]] = {}
    for device in found:
        if device["device_id"] is not None or device["setting"] is None:
            continue
        name, value = device["setting"]["name"], device["setting"]["value"]
        known = wanted.get(name) or there(name)
        if any(_base(one) == _base(value) for one in known) or (is_single(name) and known):
            continue
        wanted[name] = (*known, value)
    return wanted


def settings_lines(wanted: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the lines of a settings file."""
    lines: list[str] = []
    for name, values in wanted.items():
        section, _, key = name.partition(".")
        lines += [*([""] if lines else []), f"[{section}]"]
        if is_single(name):
            lines.append(f"{key} = {_quoted(values[0])}")
        else:
            lines += [f"{key} = [", *(f"  {_quoted(value)}," for value in values), "]"]
    return lines


def is_single(name: str) -> bool:
    """Tell whether a setting holds one text instead of a list."""
    return name.endswith(".listen")


def _base(entry: str) -> str:
    return entry.partition("?")[0]


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON's do
