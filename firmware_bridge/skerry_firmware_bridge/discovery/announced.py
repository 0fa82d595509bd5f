"""The folder in which running emulators show themselves: symlinks to their terminals, and `NAME-PID.url` notes.

Nothing outlives its process there: a terminal's link leads through that process's open files, and a note carries the
process's number. So a killed emulator's port is never taken for another terminal that later got its number.
"""

import os
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from skerry_core.errors import RefusedError

__all__ = ["BUSES", "announcement_folder", "running_emulators", "scan_lock"]

BUSES = "buses"  # below the folder: terminals that are announced as URLs, because not every question may be asked there


def announcement_folder() -> Path:
    """Return this user's folder in which running emulators show themselves, made if missing.

    Raises `RefusedError` when somebody else has put one there: its links would lead anywhere.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    if not hasattr(os, "getuid"):  # Windows: its temporary folder is the user's own
        (base / "skerry" / "ports").mkdir(parents=True, exist_ok=True)
        return base / "skerry" / "ports"
    folder = base / f"skerry-{os.getuid()}" / "ports"
    for part in (folder.parent, folder):
        part.mkdir(mode=0o700, exist_ok=True)
        status = part.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise RefusedError(
                "E_PORTS_FOLDER", f"{part} belongs to somebody else.", remedy="Remove it, or set XDG_RUNTIME_DIR."
            )
    return folder


def scan_lock(folder: Path) -> Path:
    """Return the file that this user's scans lock in turn; `folder` is where emulators announce themselves."""
    return folder.parent / "scan.lock"


def running_emulators(folder: Path) -> list[str]:
    """Return the paths and URLs of the emulators that run; what killed ones have left is removed."""
    places = []
    for entry in _entries(folder):
        if entry.suffix == ".url" and entry.is_file() and _still_runs(entry.stem):
            with suppress(OSError, UnicodeError):  # it ends just now, or is no note of ours
                places.append(entry.read_text(encoding="utf-8").strip())
        elif entry.is_symlink() and entry.exists():
            places.append(str(entry))
        elif entry.is_symlink() or entry.suffix == ".url":
            _remove(entry)
    for entry in _entries(folder / BUSES):
        if not entry.exists():
            _remove(entry)
    return places


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _remove(entry: Path) -> None:
    with suppress(OSError):
        entry.unlink()


def _still_runs(stem: str) -> bool:
    """Tell whether the process whose number ends a note's name lives."""
    number = stem.rpartition("-")[2]
    if not number.isdecimal() or sys.platform == "win32":  # there the call below would end the process
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
