"""Changes one setting in a TOML file and leaves every other line as it is. Used by `skerry config set`."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from skerry_agent.settings.load import line_of
from skerry_agent.settings.setting import Setting
from skerry_core.errors import RefusedError
from skerry_core.files import PUBLIC_MODE, write_atomic

__all__ = ["set_in_file", "toml_value"]

MOST_LINES = 200  # of one value


def toml_value(value: Any) -> str:
    """Write a setting's value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple():
            return "[" + ", ".join(toml_value(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)  # TOML's basic strings escape as JSON's do


def set_in_file(file: Path, setting: Setting[Any], value: Any) -> None:
    """Set a checked value, creating the file when needed. Raises `RefusedError` E_CONFIG_EDIT, changing nothing."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    edits = _edits(before, setting.key, toml_value(value))
    after = next((text for text in edits if _only_change(before, text, setting.key, value)), None)
    if after is None:
        raise RefusedError(
            "E_CONFIG_EDIT",
            f"{file} is written in a way that this command cannot change safely.",
            remedy=f"Set {setting.key} in it by hand.",
            params={"file": str(file), "key": setting.key},
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    mode = file.stat().st_mode & 0o777 if file.exists() else PUBLIC_MODE
    write_atomic(file, after.encode(), mode=mode)


def _edits(text: str, key: str, value: str) -> Iterator[str]:
    """Yield the text with the new value in the place of one line, of two, ...: a list may stand on several."""
    section, _, name = key.rpartition(".")
    lines = text.splitlines()
    if number := line_of(text, key):
        left = lines[number - 1].split("=", 1)[0].rstrip()
        for end in range(number, min(len(lines), number + MOST_LINES) + 1):
            yield "\n".join([*lines[: number - 1], f"{left} = {value}", *lines[end:]]) + "\n"
    else:
        header = f"[{section}]"
        places = [index for index, line in enumerate(lines) if line.split("#")[0].strip() == header]
        if places:
            lines.insert(places[0] + 1, f"{name} = {value}")
        else:
            lines += [*([""] if lines else []), header, f"{name} = {value}"]
        yield "\n".join(lines) + "\n"


def _only_change(before: str, after: str, key: str, value: Any) -> bool:
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    *sections, name = key.split(".")
    for document in (old, new):
        table = document
        for section in sections:
            table = table.setdefault(section, {})
        found = table.pop(name, None)
    return old == new and found == (list(value) if isinstance(value, tuple) else value)
