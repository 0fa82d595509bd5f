"""The lock that keeps two processes from opening one chain directory. Used by `Bank`."""

import fcntl
import os
import threading
from pathlib import Path

from skerry_wallet.errors import ChainInUse

__all__ = ["DirectoryLock"]

WAIT_S = 10.0  # a child whose agent was killed writes its last snapshot before it lets go
_POLL_S = 0.05


class DirectoryLock:
    """An advisory lock that the operating system frees when the process ends, however it ends."""

    def __init__(self, directory: Path, *, wait_s: float = WAIT_S) -> None:
        self._file = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for _ in range(max(1, round(wait_s / _POLL_S))):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                threading.Event().wait(_POLL_S)
            else:
                return
        os.close(self._file)
        raise ChainInUse(str(directory))

    def release(self) -> None:
        """Let the next process in."""
        os.close(self._file)
