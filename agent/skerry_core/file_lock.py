"""A lock on a file that the operating system frees when its process dies, however it dies.

One agent per folder (`skerry_agent.instance_lock`) and one scan of a user's ports at a time are held so.
"""

import os
import sys
from pathlib import Path

__all__ = ["FileLock"]

NUMBER_BYTES = 20  # of a process's number


class FileLock:
    """Free until `take` returns True; `holder` names who has it where it does not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.holder = ""

    def take(self) -> bool:
        """Take it if it is free. Raises `OSError` when the file cannot be written.

        On Windows, where only the client programs run, it is always free.
        """
        if sys.platform == "win32":
            return True
        import fcntl

        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            self.holder = os.read(descriptor, NUMBER_BYTES).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            return False
        except OSError:  # a full disk
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def free(self) -> None:
        """Give it back; the file stays, since removing it would race with the next one."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
