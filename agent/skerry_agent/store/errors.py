"""Errors of the stores.

Tree::

    SkerryError
      StoreClosed         the database was closed; our own mistake in the order of stopping
    UserError
      StoreUnavailable    full or read-only disk, input/output error, locked by another program
      StoreCorrupt        the file is damaged, or newer than this program
"""

import errno
import sqlite3
from pathlib import Path

from skerry_core.errors import SkerryError, UserError

__all__ = ["StoreClosed", "StoreCorrupt", "StoreUnavailable", "store_error"]


class StoreClosed(SkerryError):
    """A job came after `Database.close`."""


class StoreUnavailable(UserError):
    """The file cannot be read or written now; nothing of the failed job was kept."""

    http_status = 503


class StoreCorrupt(UserError):
    """The file cannot be used as it is."""


_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: ("E_DISK_FULL", "the disk is full", "Free some space; the agent goes on by itself."),
    sqlite3.SQLITE_READONLY: (
        "E_DISK_READ_ONLY",
        "the file or its disk is read-only",
        "Check the owner of the folder and whether the disk was mounted read-only after an error.",
    ),
    sqlite3.SQLITE_IOERR: ("E_DISK_IO", "the disk reports an error", "Check the disk or SD card and its log messages."),
    sqlite3.SQLITE_CANTOPEN: (
        "E_DB_OPEN",
        "the file cannot be opened",
        "Check that the folder exists and belongs to the user who runs the agent.",
    ),
    sqlite3.SQLITE_BUSY: ("E_DB_LOCKED", "another program holds the file", "Stop the other agent or tool first."),
}
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


_ERRNO = {errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EDQUOT: sqlite3.SQLITE_FULL, errno.EROFS: sqlite3.SQLITE_READONLY}


def store_error(path: Path, error: sqlite3.Error | OSError) -> UserError | None:
    """Translate an error that a person can act on; None for one that is a mistake in our SQL."""
    if isinstance(error, OSError):
        return _unavailable(path, _ERRNO.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN))
    primary = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # the low byte is the primary result code
    if primary in _CORRUPT:
        return corrupt(path, str(error))
    if primary not in _UNAVAILABLE:
        return None
    return _unavailable(path, primary)


def _unavailable(path: Path, primary: int) -> StoreUnavailable:
    code, sentence, remedy = _UNAVAILABLE[primary]
    return StoreUnavailable(code, f"{path.name}: {sentence}.", remedy=remedy, params={"file": path.name})


def corrupt(path: Path, finding: str) -> StoreCorrupt:
    """Return the error for a damaged file."""
    return StoreCorrupt(
        "E_DB_CORRUPT",
        f"{path.name} is damaged: {finding}.",
        remedy="Keep a copy of the file and restore the last backup with `skerry restore`.",
        params={"file": path.name},
    )
