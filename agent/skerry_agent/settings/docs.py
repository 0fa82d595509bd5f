"""Writes the settings table as documentation and as a sample file. A test keeps docs/ equal to this."""

from itertools import groupby

from skerry_agent.settings.edit import toml_value
from skerry_agent.settings.table import SETTINGS

__all__ = ["markdown", "sample"]

_INTRODUCTION = """\
# Configuration

Written by `skerry config markdown` from the table of settings; do not edit it by hand.

A value comes from the first of these that has it: a flag (`--set KEY=VALUE`), an environment variable, the settings
file (`skerry paths` says where), the default. `skerry config show` lists what is in force and where it came from,
`skerry config check` names wrong and unknown keys with file and line, `skerry config sample` prints a first file.
"""


def markdown() -> str:
    """Return docs/configuration.md."""
    parts = [_INTRODUCTION]
    for section, settings in groupby(SETTINGS, key=lambda setting: setting.key.rpartition(".")[0]):
        parts.append(f"\n## {section}\n\n| key | variable | type | default | meaning |\n|---|---|---|---|---|\n")
        for setting in settings:
            kind = setting.type_name.replace("|", "\\|")
            default = f"`{toml_value(setting.default)}`"
            parts.append(f"| `{setting.key}` | `{setting.variable}` | {kind} | {default} | {setting.doc} |\n")
    return "".join(parts)


def sample() -> str:
    """Return a settings file in which every setting is a comment with its default."""
    parts = ["# Settings of the Skerry agent. Remove the # before a line to change it.\n"]
    for section, settings in groupby(SETTINGS, key=lambda setting: setting.key.rpartition(".")[0]):
        parts.append(f"\n[{section}]\n")
        for setting in settings:
            name = setting.key.rpartition(".")[2]
            parts.append(f"# {setting.doc} ({setting.type_name})\n#{name} = {toml_value(setting.default)}\n")
    return "".join(parts)
