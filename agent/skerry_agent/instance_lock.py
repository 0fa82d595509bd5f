"""One agent per folder: a lock that the operating system frees when the process dies, however it dies."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from skerry_core.errors import RefusedError

__all__ = ["InstanceLock"]


class InstanceLock:
    """Hold it while the agent runs. Raises `RefusedError` E_RUNNING when another process has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> Self:
        import fcntl  # here: there is none on Windows, where only the client programs run

        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise RefusedError(
                "E_RUNNING",
                f"Another agent (process {holder or 'unknown'}) already runs in {self._path.parent}.",
                remedy="Stop it first, or use another folder with --dir.",
                params={"folder": str(self._path.parent), "process": holder},
            ) from None
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()}\n".encode())
        except OSError:  # a full disk
            os.close(self._descriptor)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)  # frees the lock; the file stays, since removing it would race with a new agent
