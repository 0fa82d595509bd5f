"""How far a job is, told by its work from any thread; telling is also where a cancelled job's thread stops."""

import asyncio
from collections.abc import Callable

from skerry_core.errors import SkerryError

__all__ = ["JobStopped", "Progress"]


class JobStopped(SkerryError):
    """The job was cancelled: whoever works for it in a thread ends here."""


class Progress:
    """Called with a fraction from 0 to 1 and what is being done; made on the event loop."""

    def __init__(self, tell: Callable[[float, str], None]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._stopped = False

    def __call__(self, fraction: float, words: str) -> None:
        """Tell. Raises `JobStopped`."""
        if self._stopped:
            raise JobStopped
        self._loop.call_soon_threadsafe(self._tell, fraction, words)

    def stop(self) -> None:
        """Let the next call raise."""
        self._stopped = True
