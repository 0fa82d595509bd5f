"""Reads the small files that hold secrets, so that none is ever in the settings. Used by the channels of alerts."""

from pathlib import Path

from skerry_agent.settings.load import Settings
from skerry_agent.settings.setting import Setting
from skerry_core.errors import UserError

__all__ = ["read_secret"]

MAX_BYTES = 4096  # a password or key; anything larger is another file


def read_secret(settings: Settings, setting: Setting[str]) -> bytes:
    """Return what the file named by a setting holds, without spaces around it; empty where no file is set.

    Raises `UserError` E_ALERTS_SECRET.
    """
    place = settings[setting]
    if not place:
        return b""
    try:
        with Path(place).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _bad(setting, f"{place} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise _bad(setting, f"{place} is larger than {MAX_BYTES} bytes")
    return raw.strip()


def _bad(setting: Setting[str], finding: str) -> UserError:
    return UserError("E_ALERTS_SECRET", f"{finding}.", remedy=f"Correct {setting.key}.")
