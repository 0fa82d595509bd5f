"""Settings that are read again while the agent runs: on SIGHUP, `skerry config reload` and POST /api/v1/config/reload.

What is safe to change is applied at once, all of it or nothing; of the rest it is said that a restart is needed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skerry_agent.settings.load import Settings
from skerry_agent.settings.table import LOG_LEVEL, METRICS_OPEN

__all__ = ["LiveSettings", "Prepare", "Reloaded", "is_live"]

LIVE_SECTIONS = ("alerts.", "mqtt.", "retention.")
LIVE_KEYS = frozenset({LOG_LEVEL.key, METRICS_OPEN.key})

_log = logging.getLogger(__name__)

# Checks new settings and returns the step that uses them; only the check may raise `UserError`.
Prepare = Callable[[Settings], Callable[[], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """Keys whose values differ from those in force: used now, or only after a restart; `warnings` name unknown keys."""

    applied: tuple[str, ...]
    restart: tuple[str, ...]
    warnings: tuple[str, ...]


def is_live(key: str) -> bool:
    """Tell whether a changed setting is used without a restart."""
    return key in LIVE_KEYS or key.startswith(LIVE_SECTIONS)


class LiveSettings:
    """The settings in force. `read` loads them as at the start (it may block); `parts` are told of new ones."""

    def __init__(self, settings: Settings, *, read: Callable[[], Settings], parts: Sequence[Prepare] = ()) -> None:
        self._now = settings
        self._read = read
        self._parts = tuple(parts)
        self._busy = asyncio.Lock()

    @property
    def now(self) -> Settings:
        """The settings in force; a key that needs a restart keeps the value of the start."""
        return self._now

    def tell(self, *parts: Prepare) -> None:
        """Tell further parts of new settings from now on."""
        self._parts += parts

    async def reload(self) -> Reloaded:
        """Read and apply. Raises `UserError` for settings that are wrong; then nothing has changed."""
        async with self._busy:
            read = await asyncio.to_thread(self._read)
            changed = [key for key, value in read.values.items() if value != self._now.values[key]]
            applied = tuple(key for key in changed if is_live(key))
            new = Settings(
                values={**self._now.values, **{key: read.values[key] for key in applied}},
                origins={**self._now.origins, **{key: read.origins[key] for key in applied}},
                warnings=read.warnings,
            )
            steps = [prepare(new) for prepare in self._parts]
            for step in steps:
                step()
            self._now = new
            restart = tuple(key for key in changed if not is_live(key))
        _log.info("settings: read again; applied: %s; after a restart: %s", _names(applied), _names(restart))
        for warning in read.warnings:
            _log.warning("settings: %s", warning)
        return Reloaded(applied=applied, restart=restart, warnings=read.warnings)


def _names(keys: Sequence[str]) -> str:
    return ", ".join(keys) or "nothing"
