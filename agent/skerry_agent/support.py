"""Backups and support files. A backup is complete and secret; a support file holds no secrets and no positions.

Called by `skerry backup`, `restore` and `bundle`, and by the jobs of the API.
"""

import io
import json
import os
import sqlite3
import sys
import tarfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skerry_agent.redact import redact, redact_tree
from skerry_agent.settings import Settings
from skerry_agent.settings.table import ALERTS_DEADMAN, ALERTS_NTFY, ALERTS_WEBHOOK, FORWARD_HTTP
from skerry_client.paths import Paths
from skerry_core import __version__
from skerry_core.errors import RefusedError, UsageError
from skerry_core.files import PRIVATE_MODE, write_atomic

__all__ = ["machine_parts", "read_backup", "write_backup", "write_support_file"]

SECRET_ADDRESSES = frozenset({ALERTS_WEBHOOK.key, ALERTS_NTFY.key, ALERTS_DEADMAN.key, FORWARD_HTTP.key})
FORMAT = "skerry-backup 1"
MAX_MEMBER_BYTES = 8 << 30
DATABASES = ("skerry.db", "telemetry.db")
FOLDERS = ("keys", "operator", "operator/chain")
# The chain's journal is only ever appended to and its snapshot names a place in it, so the snapshot is copied first.
COPIED_LAST = "operator/chain/journal"
SETTINGS = "skerry.toml"


Step = Callable[[float, str], None]  # share of the work done, and what comes now; may raise to end it


def _unwatched(fraction: float, words: str) -> None:
    """Nobody looks on."""


def write_backup(paths: Paths, target: Path, *, now_s: int, step: Step = _unwatched) -> list[str]:
    """Write databases, keys, an operator's files and settings to a private tar file; return the names.

    The agent may run meanwhile. `step` is told of each file; when it raises, nothing is left behind.

    Raises `RefusedError` E_BACKUP_EXISTS, E_NOTHING_TO_BACK_UP, `OSError`.
    """
    if target.exists():
        raise RefusedError("E_BACKUP_EXISTS", f"{target} is there already; backups are never overwritten.")
    if not paths.database.exists() and not paths.keys.exists():
        raise RefusedError("E_NOTHING_TO_BACK_UP", f"There is no agent in {paths.state}.")
    with TemporaryDirectory(dir=target.parent) as folder:
        content = io.BytesIO(json.dumps({"format": FORMAT, "made_s": now_s}).encode())
        partial = Path(folder) / "backup"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz") as archive:
                _add_bytes(archive, "backup.json", content.getvalue(), now_s)
                files = [*(paths.state / name for name in DATABASES), *_other_files(paths)]
                for number, file in enumerate(files):
                    step(number / len(files), file.name)
                    _add_file(archive, file, paths, Path(folder))
                if paths.config.exists():
                    archive.add(paths.config, SETTINGS)
            stream.flush()
            os.fsync(stream.fileno())
        step(1.0, "checking")
        with tarfile.open(partial) as archive:
            names = archive.getnames()
        os.link(partial, target)  # fails when somebody else made the file meanwhile
    return names


def read_backup(paths: Paths, source: Path) -> list[str]:
    """Put a backup into an empty state folder; return the names.

    Raises `UsageError` E_BACKUP_BAD (not a whole backup), `RefusedError` E_RESTORE_OVER (the folder has an agent).
    """
    if paths.database.exists() or paths.gateway_key.exists():
        raise RefusedError(
            "E_RESTORE_OVER",
            f"There is an agent in {paths.state}; nothing is overwritten.",
            remedy="Move the folder away first, or restore into another one with --dir.",
        )
    paths.create()
    try:
        with tarfile.open(source) as archive:
            members = {member.name: member for member in archive.getmembers()}
            _check_members(archive, members, source)
            for name, member in members.items():
                if name != "backup.json":
                    stream = archive.extractfile(member)
                    assert stream is not None
                    write_atomic(_place(paths, name), stream.read(), mode=PRIVATE_MODE)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _bad_backup(source, str(error)) from None
    return sorted(members)


def machine_parts(paths: Paths, settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the parts of a support file that need no running agent."""
    from skerry_agent.doctor.machine import check_machine

    return {
        "version.json": {"skerry": __version__, "python": sys.version, "platform": sys.platform},
        "paths.json": paths.as_dict(),
        "settings.json": {
            key: _hosts_only(value) if key in SECRET_ADDRESSES else value for key, value in settings.values.items()
        },
        "machine.txt": "\n".join(map(str, check_machine(paths, settings, environ))),
    }


def _hosts_only(value: str | tuple[str, ...]) -> str | list[str]:
    """Return addresses without their paths, which let whoever knows them speak for the owner."""
    return _host_only(value) if isinstance(value, str) else [_host_only(one) for one in value]


def _host_only(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/***" if separator else ("***" if address else "")


def write_support_file(target: Path, parts: Mapping[str, Any]) -> dict[str, int]:
    """Write named parts (text or JSON values) with secrets taken out; return sizes by name for a preview."""
    sizes = {}
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, part in sorted(parts.items()):
            text = redact(part) if isinstance(part, str) else json.dumps(redact_tree(part), indent=1)
            _add_bytes(archive, name, text.encode(), 0)
            sizes[name] = len(text.encode())
    write_atomic(target, raw.getvalue(), mode=PRIVATE_MODE)
    return sizes


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes, time_s: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime, member.mode = len(content), time_s, PRIVATE_MODE
    archive.addfile(member, io.BytesIO(content))


def _add_database(archive: tarfile.TarFile, database: Path, folder: Path, *, name: str = "") -> None:
    if not database.exists():
        return
    copy = folder / database.name
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source, closing(sqlite3.connect(copy)) as to:
        source.backup(to)
    archive.add(copy, name or database.name)
    copy.unlink()


def _other_files(paths: Paths) -> list[Path]:
    found = [file for name in FOLDERS for file in sorted((paths.state / name).glob("*"))]
    plain = [file for file in found if file.is_file() and not file.name.startswith(".") and not _is_side_file(file)]
    return sorted(plain, key=lambda file: file == paths.state / COPIED_LAST)


def _is_side_file(file: Path) -> bool:
    return file.name.endswith(("-wal", "-shm", ".lock")) or file.name == "lock"


def _add_file(archive: tarfile.TarFile, file: Path, paths: Paths, folder: Path) -> None:
    name = file.relative_to(paths.state).as_posix()
    if file.suffix == ".db":
        _add_database(archive, file, folder, name=name)
        return
    content = file.read_bytes()  # read at once: the archive must not depend on a file that grows meanwhile
    _add_bytes(archive, name, content, int(file.stat().st_mtime))


def _check_members(archive: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo], source: Path) -> None:
    for name, member in members.items():
        folder, _, file = name.rpartition("/")
        known = name in (*DATABASES, SETTINGS, "backup.json") or (folder in FOLDERS and file not in ("", ".", ".."))
        if not known or not member.isfile() or member.size > MAX_MEMBER_BYTES:
            raise _bad_backup(source, f"{name[:80]!r} does not belong in a backup")
    stream = archive.extractfile(members["backup.json"]) if "backup.json" in members else None
    if stream is None or FORMAT.encode() not in stream.read(1000):
        raise _bad_backup(source, "it is not a backup of this program")


def _place(paths: Paths, name: str) -> Path:
    if name == SETTINGS:
        paths.config.parent.mkdir(parents=True, exist_ok=True)
        return paths.config
    place = paths.state / name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _bad_backup(source: Path, finding: str) -> UsageError:
    return UsageError("E_BACKUP_BAD", f"{source} cannot be restored: {finding}.", params={"file": str(source)})
