"""Repairs that are safe without asking: folders are made, rights on our own files narrowed. For `check_machine`.

A repair never reads, moves or makes a key, follows no link, and never widens what others may do.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PRIVATE_FOLDER_MODE", "Repair", "create_folders", "narrow", "own_again", "user_id"]

PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What would be done, in one sentence, and how; `apply` raises `OSError`."""

    what: str
    apply: Callable[[], None]


def create_folders(*folders: Path) -> Repair:
    """Return the repair that makes missing folders, readable by this user only."""

    def apply() -> None:
        for folder in folders:
            folder.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)

    return Repair(what=f"make {' and '.join(map(str, folders))}, mode 0700", apply=apply)


def narrow(path: Path) -> Repair | None:
    """Return the repair that takes every right on a file or folder from group and others; None if it is not ours."""
    return _chmod(path, lambda mode: mode & ~(stat.S_IRWXG | stat.S_IRWXO))


def own_again(folder: Path) -> Repair | None:
    """Return the repair that lets this user write its own folder again; None if it belongs to somebody else."""
    return _chmod(folder, lambda mode: mode | stat.S_IRWXU)


def _chmod(path: Path, wanted: Callable[[int], int]) -> Repair | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    mode = stat.S_IMODE(status.st_mode)
    if not _is_ours(status) or wanted(mode) == mode:
        return None

    def apply() -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # a link put here meanwhile is refused
        try:
            os.fchmod(descriptor, wanted(stat.S_IMODE(os.fstat(descriptor).st_mode)))
        finally:
            os.close(descriptor)

    return Repair(what=f"chmod {wanted(mode):o} {path} (it is {mode:o})", apply=apply)


def _is_ours(status: os.stat_result) -> bool:
    plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return plain and user_id() in (status.st_uid, 0)


def user_id() -> int | None:
    """Return the number of the user who runs this, None on systems that have none."""
    return os.geteuid() if hasattr(os, "geteuid") else None
