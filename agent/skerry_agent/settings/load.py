"""Loads settings: flag over SKERRY_* variable over file over default, remembering where each value came from."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from skerry_agent.settings.setting import Setting, ValueRejected
from skerry_agent.settings.table import SETTINGS
from skerry_core.errors import NotFoundError, UsageError

__all__ = ["BY_KEY", "RESERVED_VARIABLES", "Settings", "line_of", "load", "setting_named"]

RESERVED_VARIABLES = frozenset({"SKERRY_DIR", "SKERRY_TOKEN"})  # not settings: where everything is, and a secret
MAX_FILE_BYTES = 1 << 20  # a settings file is a few kB; anything larger is not one

BY_KEY = {setting.key: setting for setting in SETTINGS}
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Settings:
    """Checked values with their origins; `warnings` name unknown keys with file and line."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def __getitem__(self, setting: Setting[V]) -> V:
        return cast(V, self.values[setting.key])


def setting_named(key: str) -> Setting[Any]:
    """Return a setting. Raises `NotFoundError` E_SETTING_UNKNOWN with the nearest key."""
    if key not in BY_KEY:
        raise NotFoundError(
            "E_SETTING_UNKNOWN",
            f"There is no setting {key!r}.",
            remedy=_suggestion(key) or "See `skerry config show` for all of them.",
            params={"key": key},
        )
    return BY_KEY[key]


def load(*, file: Path | None, environ: Mapping[str, str], flags: Mapping[str, str]) -> Settings:
    """Return the settings in force; a missing file is an empty one.

    Raises `UsageError` E_SETTING (a value does not fit), E_SETTINGS_FILE (unreadable or not TOML) and
    `NotFoundError` for an unknown flag. Unknown keys and variables are warnings.
    """
    values = {setting.key: setting.default for setting in SETTINGS}
    origins = dict.fromkeys(values, "default")
    warnings: list[str] = []
    if file is not None:
        _take_file(file, values, origins, warnings)
    _take_environment(environ, values, origins, warnings)
    for key, raw in flags.items():
        setting = setting_named(key)
        values[key] = _checked(setting, setting.parse, raw, f"--set {key}")
        origins[key] = "flag"
    return Settings(values, origins, tuple(warnings))


def line_of(toml: str, key: str) -> int | None:
    """Return the line (from 1) that sets a dotted key, None when there is none."""
    section = ""
    for number, line in enumerate(toml.splitlines(), start=1):
        if header := re.match(r"\s*\[\s*([\w.\-]+)\s*\]", line):
            section = header[1] + "."
        elif (entry := re.match(r"\s*([\w.\-]+)\s*=", line)) and section + entry[1] == key:
            return number
    return None


def _take_file(file: Path, values: dict[str, Any], origins: dict[str, str], warnings: list[str]) -> None:
    toml = _read(file)
    try:
        document = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _bad_file(file, str(error)) from None
    for key, value in _leaves(document):
        line = line_of(toml, key)
        place = f"{file}:{line}" if line else str(file)
        if key in BY_KEY:
            values[key] = _checked(BY_KEY[key], BY_KEY[key].check, value, place)
            origins[key] = place
        else:
            warnings.append(f"{place}: unknown setting {key!r}, ignored. {_suggestion(key)}".rstrip())


def _take_environment(
    environ: Mapping[str, str], values: dict[str, Any], origins: dict[str, str], warnings: list[str]
) -> None:
    by_variable = {setting.variable: setting for setting in SETTINGS}
    for name in sorted(environ):
        if not name.startswith("SKERRY_") or name in RESERVED_VARIABLES:
            continue
        setting = by_variable.get(name)
        if setting is None:
            warnings.append(f"environment: unknown setting {name}, ignored.")
            continue
        values[setting.key] = _checked(setting, setting.parse, environ[name], name)
        origins[setting.key] = f"environment {name}"


def _read(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
        if len(raw) > MAX_FILE_BYTES:
            raise _bad_file(file, f"larger than {MAX_FILE_BYTES} bytes")
        return raw.decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise _bad_file(file, f"not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise _bad_file(file, os.strerror(error.errno or 0)) from None


def _bad_file(file: Path, finding: str) -> UsageError:
    return UsageError(
        "E_SETTINGS_FILE",
        f"{file} is not a settings file: {finding}.",
        remedy="Compare it with the output of `skerry config sample`.",
        params={"file": str(file), "finding": finding},
    )


def _leaves(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping) and prefix + name not in BY_KEY:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _checked(setting: Setting[V], convert: Any, value: Any, place: str) -> V:
    try:
        return cast(V, convert(value))
    except ValueRejected as error:
        raise UsageError(
            "E_SETTING",
            f"{place}: {setting.key} must be {error}, not {value!r}.",
            remedy=f"Remove it for the default, {setting.default!r}.",
            params={"key": setting.key, "place": place, "expected": str(error)},
        ) from None


def _suggestion(key: str) -> str:
    near = difflib.get_close_matches(key, BY_KEY, n=1, cutoff=0.75)
    return f"Did you mean {near[0]!r}?" if near else ""
