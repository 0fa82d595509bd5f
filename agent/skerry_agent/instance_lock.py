"""One agent per folder, held by a lock on a file."""

from pathlib import Path
from types import TracebackType
from typing import Self

from skerry_core.errors import RefusedError
from skerry_core.file_lock import FileLock

__all__ = ["InstanceLock"]


class InstanceLock:
    """Hold it while the agent runs. Raises `RefusedError` E_RUNNING when another process has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path)

    def __enter__(self) -> Self:
        if not self._lock.take():
            raise RefusedError(
                "E_RUNNING",
                f"Another agent (process {self._lock.holder}) already runs in {self._path.parent}.",
                remedy="Stop it first, or use another folder with --dir.",
                params={"folder": str(self._path.parent), "process": self._lock.holder},
            )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._lock.free()
