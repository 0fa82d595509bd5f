"""What a request in flight gives back. Made by `AgentLink.send`, used by feeds, operations and screens."""

from collections.abc import Callable
from typing import Generic, Self, TypeVar

from skerry_client.errors import ClientError

__all__ = ["AgentOp"]

T = TypeVar("T")


class AgentOp(Generic[T]):
    """One answer to come: say what happens on success and on failure; both run on the GUI thread, at most one once."""

    def __init__(self, *, abort: Callable[[], None]) -> None:
        self._abort = abort
        self._succeeded: list[Callable[[T], None]] = []
        self._failed: list[Callable[[ClientError], None]] = []
        self.done = False

    def success(self, call: Callable[[T], None]) -> Self:
        """Call this with the answer."""
        self._succeeded.append(call)
        return self

    def failure(self, call: Callable[[ClientError], None]) -> Self:
        """Call this with the error."""
        self._failed.append(call)
        return self

    def cancel(self) -> None:
        """Forget the answer: nothing is called any more."""
        if not self.done:
            self.done = True
            self._abort()

    def finish(self, result: T | ClientError) -> None:
        """Take the result; for whoever made the operation."""
        if self.done:
            return
        self.done = True
        if isinstance(result, ClientError):
            for told in self._failed:
                told(result)
        else:
            for call in self._succeeded:
                call(result)
