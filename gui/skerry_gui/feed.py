"""Something read from the API that is kept fresh: one object, or a list page by page. Screens draw feeds.

While an answer is on its way further wishes become one more request, and live events cannot ask faster than
`INTERVAL_MS`, so a gateway with 80 frames a second costs two requests a second.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from skerry_client.calls import Call
from skerry_client.errors import ClientError
from skerry_client.models import Envelope, Page
from skerry_gui.link import AgentLink
from skerry_gui.operation import AgentOp

__all__ = ["Feed", "ListFeed", "Refreshing"]

INTERVAL_MS = 500
E_ = TypeVar("E_", bound=Envelope)
R = TypeVar("R")


class Refreshing(QObject):
    """When to ask again; the children say what."""

    changed = Signal()

    def __init__(self, link: AgentLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._op: AgentOp[Any] | None = None
        self._again = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(INTERVAL_MS)
        self._pause.timeout.connect(self._rested)
        self.error: ClientError | None = None

    def refresh(self) -> None:
        """Ask now, or as soon as the last answer is in and the interval has passed."""
        if self._op is not None or self._pause.isActive():
            self._again = True
            return
        self._again = False
        self._pause.start()
        self._ask()

    def stop(self) -> None:
        """Forget what is on its way; the last answer stays."""
        self._again = False
        self._pause.stop()
        if self._op is not None:
            self._op.cancel()
            self._op = None

    def _ask(self) -> None:
        raise NotImplementedError

    def _answered(self, error: ClientError | None) -> None:
        self._op = None
        self.error = error
        self.changed.emit()
        self._rested()

    def _rested(self) -> None:
        if self._again and self._op is None and not self._pause.isActive():
            self.refresh()


class Feed(Refreshing, Generic[E_]):
    """One object; `value` is None until the first answer."""

    def __init__(self, link: AgentLink, call: Call[E_], parent: QObject | None = None) -> None:
        super().__init__(link, parent)
        self._call = call
        self.value: E_ | None = None

    def _ask(self) -> None:
        self._op = self._link.send(self._call).success(self._take).failure(self._answered)

    def _take(self, value: E_) -> None:
        self.value = value
        self._answered(None)


class ListFeed(Refreshing, Generic[R]):
    """Rows, newest first. `loaded` is False until the first answer; `more` says that older rows exist."""

    def __init__(
        self,
        link: AgentLink,
        call: Callable[[str | None], Call[Page[R]]],
        parent: QObject | None = None,
        *,
        pages: int = 1,
    ) -> None:
        super().__init__(link, parent)
        self._call = call
        self._pages = pages
        self.rows: tuple[R, ...] = ()
        self.page: Page[R] | None = None
        self.loaded = False
        self.more = False

    def older(self) -> None:
        """Load one page more, now and at every refresh."""
        self._pages += 1
        self.refresh()

    def _ask(self) -> None:
        self._ask_page((), None, self._pages)

    def _ask_page(self, before: tuple[R, ...], cursor: str | None, left: int) -> None:
        def take(page: Page[R]) -> None:
            rows = before + page.items
            if page.next_cursor is not None and left > 1:
                self._ask_page(rows, page.next_cursor, left - 1)
                return
            self.rows, self.page, self.loaded, self.more = rows, page, True, page.next_cursor is not None
            self._answered(None)

        self._op = self._link.send(self._call(cursor)).success(take).failure(self._answered)
