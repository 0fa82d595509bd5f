"""Power cuts without a power switch: records what reaches the disk, and rebuilds a folder as a cut would leave it.

Inside the observed process every sync is noticed: SQLite's through the xSync of its own VFS, Python's by wrapping
os.fsync and os.fdatasync. At each one the file's content is kept, because only what was synced survives a cut. A
rebuilt folder therefore holds, at the n-th sync, each file as of its own last sync (all unsynced writes dropped), and
a rename only once its folder was synced. Files that were never synced are absent.

Limits: a file's name is taken as durable with its first sync, as journalling file systems do; deletions are taken as
not durable, which leaves the more dangerous state: SQLite's old logs come back.

    python -m skerry_testing.power RECORD ROOT --dir CHAIN      (the observed chain process)
"""

import ctypes
import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Boundary", "NotObservable", "acknowledge", "boundaries", "observe", "rebuild"]

INDEX = "index"
METHODS = 18  # pointers in sqlite3_io_methods, version 3
X_SYNC = 4


class NotObservable(Exception):
    """This Python has SQLite inside itself, so that nobody can look at its syncs."""


class _Vfs(ctypes.Structure):
    """The beginning of sqlite3_vfs."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
    )


class _Methods(ctypes.Structure):
    """sqlite3_io_methods."""

    _fields_ = (("version", ctypes.c_int), ("calls", ctypes.c_void_p * METHODS))


class _File(ctypes.Structure):
    """sqlite3_file."""

    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Recorder:
    """Writes the index and the contents; several processes may share one record."""

    def __init__(self, record: Path, root: Path) -> None:
        self._record = record
        self._root = root.resolve()
        self._index = os.open(record / INDEX, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.keep: list[object] = []  # callbacks that C code holds

    def synced(self, path: str) -> None:
        file = Path(path)
        if not file.resolve().is_relative_to(self._root):
            return
        event = {"sync": os.path.relpath(file, self._root)}
        self._note(event, None if file.is_dir() else file)

    def renamed(self, source: str, target: str) -> None:
        if Path(target).resolve().is_relative_to(self._root):
            root = self._root
            self._note({"rename": [os.path.relpath(source, root), os.path.relpath(target, root)]}, None)

    def acknowledged(self, what: str, name: str) -> None:
        self._note({"ack": [what, name]}, None)

    def _note(self, event: dict[str, Any], content: Path | None) -> None:
        lock = os.open(self._record / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if content is not None:
                event["copy"] = f"{os.lseek(self._index, 0, os.SEEK_END)}.content"
                shutil.copyfile(content, self._record / event["copy"])
            os.write(self._index, json.dumps(event).encode() + b"\n")
        finally:
            os.close(lock)


_recorder: list[_Recorder] = []


def observe(record: Path, root: Path) -> None:
    """Record every sync below `root` that this process makes from now on. Raises `NotObservable`."""
    record.mkdir(exist_ok=True)
    recorder = _Recorder(record, root)
    _recorder.append(recorder)
    _observe_python(recorder)
    _observe_sqlite(recorder)


def acknowledge(what: str, name: str) -> None:
    """Note that somebody was told: from here on it must survive."""
    _recorder[0].acknowledged(what, name)


def _observe_python(recorder: _Recorder) -> None:
    replace = os.replace

    def syncing(sync: Callable[[int], None]) -> Callable[[int], None]:
        def call(descriptor: int) -> None:
            sync(descriptor)
            recorder.synced(os.readlink(f"/proc/self/fd/{descriptor}"))

        return call

    def renaming(source: Any, target: Any) -> None:
        replace(source, target)
        recorder.renamed(os.fspath(source), os.fspath(target))

    for module, name in ((os, "fsync"), (os, "fdatasync")):
        setattr(module, name, syncing(getattr(module, name)))
    os.replace = renaming  # type: ignore[assignment]  # our callers give two paths


def _observe_sqlite(recorder: _Recorder) -> None:
    import sqlite3

    sqlite3.connect(":memory:").close()  # loads the library
    library = ctypes.CDLL(_loaded_sqlite())
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None).contents
    open_file = ctypes.cast(vfs.open, _OPEN)
    tables: dict[int, _Methods] = {}
    names: dict[int, str] = {}

    def opened(vfs_pointer: int, name: int | None, file: int, flags: int, out: Any) -> int:
        # The name goes on as the very pointer: SQLite keeps it, and finds its parameters behind it.
        code = open_file(vfs_pointer, name, file, flags, out)
        methods = ctypes.cast(file, ctypes.POINTER(_File)).contents
        if code == 0 and name and methods.methods:
            names[file] = os.fsdecode(ctypes.string_at(name))
            original = ctypes.addressof(methods.methods.contents)
            if original not in tables:
                tables[original] = _with_sync(methods.methods.contents, recorder, names)
            methods.methods = ctypes.pointer(tables[original])
        return int(code)

    hook = _OPEN(opened)
    recorder.keep += [hook, tables, names, library]
    vfs.open = ctypes.cast(hook, ctypes.c_void_p).value


def _with_sync(original: _Methods, recorder: _Recorder, names: dict[int, str]) -> _Methods:
    sync = ctypes.cast(original.calls[X_SYNC], _SYNC)

    def synced(file: int, flags: int) -> int:
        code = int(sync(file, flags))
        if code == 0:
            recorder.synced(names[file])
        return code

    hook = _SYNC(synced)
    recorder.keep.append(hook)
    table = _Methods()
    ctypes.memmove(ctypes.byref(table), ctypes.byref(original), ctypes.sizeof(_Methods))
    table.calls[X_SYNC] = ctypes.cast(hook, ctypes.c_void_p).value
    return table


def _loaded_sqlite() -> str:
    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libsqlite3" in line:
            return line.split(maxsplit=5)[5]
    raise NotObservable


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The moment right after a sync: what is durable, and what had been acknowledged before."""

    number: int
    path: str
    files: dict[str, Path]  # name below the root -> content
    acknowledged: tuple[tuple[str, str], ...]


def boundaries(record: Path, baseline: Path) -> Iterator[Boundary]:
    """Yield every sync of a record in order; `baseline` is the folder as it was before."""
    files = {str(file.relative_to(baseline)): file for file in sorted(baseline.rglob("*")) if file.is_file()}
    renames: list[tuple[str, str]] = []
    acknowledged: list[tuple[str, str]] = []
    number = 0
    for line in (record / INDEX).read_text().splitlines():
        event = json.loads(line)
        if "ack" in event:
            acknowledged.append((event["ack"][0], event["ack"][1]))
            continue
        if "rename" in event:
            renames.append((event["rename"][0], event["rename"][1]))
            continue
        name = event["sync"]
        if "copy" in event:
            files[name] = record / event["copy"]
        else:
            for source, target in [pair for pair in renames if os.path.dirname(pair[1]) in (name, name.strip("."))]:
                files[target] = files.pop(source)
                renames.remove((source, target))
        yield Boundary(number=number, path=name, files=dict(files), acknowledged=tuple(acknowledged))
        number += 1


def rebuild(boundary: Boundary, folder: Path) -> None:
    """Make the folder that a power cut at this boundary would have left."""
    for name, content in boundary.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(content, target)
        target.chmod(0o600)


if __name__ == "__main__":
    observe(Path(sys.argv[1]), Path(sys.argv[2]))  # before the import, which keeps os.fdatasync
    from skerry_wallet.chain.__main__ import main as chain_main

    sys.exit(chain_main(sys.argv[3:]))
