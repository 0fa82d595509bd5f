"""The one bridge from the agent into Qt: the connection with its states, and a feed per resource.

States: CONNECTING -> LIVE when the status answers; LIVE or CONNECTING -> LOST when it does not, or when the event
stream breaks; LOST -> CONNECTING after a pause that doubles up to `RETRY_CAP_MS`. What was read stays and grows old.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from skerry_client import calls
from skerry_client.errors import ApiProblem, ClientError, NotReachable
from skerry_client.models import Backlog, Balance, Beacon, Device, Packet, Reward, Status, Witness
from skerry_client.sse import ServerEvent
from skerry_core.clock import NS_PER_S, Clock
from skerry_gui.feed import Feed, ListFeed, Refreshing
from skerry_gui.link import AgentLink
from skerry_gui.place import Access, AgentPlace
from skerry_gui.stream import EventStream

__all__ = ["Connection", "Session"]

RETRY_FIRST_MS = 1000
RETRY_CAP_MS = 10_000  # a restarted agent is back on the screen within ten seconds
STATUS_INTERVAL_MS = 5000  # path counts and clock have no events of their own
BALANCE_INTERVAL_MS = 240_000  # rarer than the embedded chain's idle stop, so that watching does not keep it awake
PAGE = 100  # rows of a page: quick to read, more than a screen shows
REWARD_PAGES = 10  # totals need more than one page; a screen says when there are older shares still


class Connection(Enum):
    """How the window stands with its agent."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


class Session(QObject):
    """Everything the screens draw. `changed`: connection or status; `ticked`: a second passed, ages have grown."""

    changed = Signal()
    ticked = Signal()

    def __init__(self, place: AgentPlace, *, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.place = place
        self.link = AgentLink(self)
        self._clock = clock
        self._stream = EventStream(self)
        self._stream.happened.connect(self._happened)
        self._stream.lost.connect(lambda reason: self._lose(NotReachable(reason)))
        self.connection = Connection.CONNECTING
        self.error: ClientError | None = None
        self._access: Access | None = None
        self._synchronised: tuple[datetime, int] | None = None  # the agent's time, at which monotonic time of ours
        self._make_feeds()
        self._pause_ms = RETRY_FIRST_MS
        self._retry = self._timer(self.connect_now, single=True)
        self._retry.setTimerType(Qt.TimerType.PreciseTimer)  # people watch it count down
        self._poll = self._timer(self.status.refresh, STATUS_INTERVAL_MS)
        self._balance_poll = self._timer(self.balances.refresh, BALANCE_INTERVAL_MS)
        self._second = self._timer(self.ticked.emit, 1000)

    def start(self) -> None:
        """Connect, and stay connected."""
        self._second.start()
        self.connect_now()

    def stop(self) -> None:
        """Close every connection."""
        for timer in (self._retry, self._poll, self._balance_poll, self._second):
            timer.stop()
        self._stream.close()
        self._stop_feeds()
        self.link.close()

    def connect_now(self) -> None:
        """Try now instead of at the end of the pause."""
        self._retry.stop()
        self._stream.close()
        self._stop_feeds()
        self.connection = Connection.CONNECTING if self.error is None else Connection.LOST
        try:
            self._access = self.place.read()
        except NotReachable as error:
            self._lose(error)
            return
        self.link.use(self._access)
        self.status.refresh()
        self.changed.emit()

    def refresh_all(self) -> None:
        """Read everything again."""
        if self.connection is Connection.LIVE:
            for feed in (self.status, *self._lists):
                feed.refresh()

    def now(self) -> datetime:
        """Return the agent's time: ages must not depend on this computer's clock."""
        if self._synchronised is None:
            seconds, rest_ns = divmod(self._clock.wall_ns(), NS_PER_S)
            return datetime.fromtimestamp(seconds, tz=UTC) + timedelta(microseconds=rest_ns // 1000)
        moment, then_ns = self._synchronised
        return moment + timedelta(microseconds=(self._clock.monotonic_ns() - then_ns) // 1000)

    def known_at(self, feed: ListFeed[Any]) -> datetime | None:
        """Return when a list was last known to be true, None before it was read.

        While events come and none was missed, a list that events announce is as fresh as the status.
        """
        if feed.page is None:
            return None
        status = self.status.value
        announced = self.connection is Connection.LIVE and feed.error is None and feed in self._announced
        return max(feed.page.as_of, status.as_of) if announced and status else feed.page.as_of

    @property
    def retry_in_s(self) -> int:
        """Whole seconds until the next attempt, 0 when none is due."""
        return max(0, -(-self._retry.remainingTime() // 1000)) if self._retry.isActive() else 0

    def _make_feeds(self) -> None:
        link = self.link
        self.status: Feed[Status] = Feed(link, calls.status(), self)
        self.devices: ListFeed[Device] = ListFeed(link, lambda _: calls.devices(), self)
        self.packets: ListFeed[Packet] = ListFeed(link, lambda at: calls.packets(limit=PAGE, cursor=at), self)
        self.beacons: ListFeed[Beacon] = ListFeed(link, lambda at: calls.beacons(limit=PAGE, cursor=at), self)
        self.witnesses: ListFeed[Witness] = ListFeed(link, lambda at: calls.witnesses(limit=PAGE, cursor=at), self)
        self.rewards: ListFeed[Reward] = ListFeed(
            link, lambda at: calls.rewards(limit=PAGE, cursor=at), self, pages=REWARD_PAGES
        )
        self.balances: ListFeed[Balance] = ListFeed(link, lambda _: calls.balances(), self)
        self.outbox: ListFeed[Backlog] = ListFeed(link, lambda _: calls.outbox(), self)
        self._lists: tuple[Refreshing, ...] = (
            self.devices, self.packets, self.beacons, self.witnesses, self.rewards, self.balances, self.outbox
        )  # fmt: skip
        self._announced = (self.devices, self.packets, self.beacons, self.witnesses, self.rewards)
        self._stale_by: dict[str, tuple[Refreshing, ...]] = {
            "status": (),
            "devices": (self.devices,),
            "packets": (self.packets,),
            "beacons": (self.beacons, self.outbox),
            "witnesses": (self.witnesses, self.outbox),
            "rewards": (self.rewards, self.balances),
            "balances": (self.balances,),
        }
        self.status.changed.connect(self._status_came)

    def _status_came(self) -> None:
        error, status = self.status.error, self.status.value
        if error is not None:
            if self.connection is not Connection.LIVE or not isinstance(error, ApiProblem):
                self._lose(error)
            return
        assert status is not None
        assert self._access is not None
        self._synchronised = (status.as_of, self._clock.monotonic_ns())
        if self.connection is not Connection.LIVE:
            self.connection, self.error, self._pause_ms = Connection.LIVE, None, RETRY_FIRST_MS
            self._stream.open(self._access, after=status.last_event_id)
            self._poll.start()
            self._balance_poll.start()
            for feed in self._lists:
                feed.refresh()
        self.outbox.refresh()  # neither the backlog nor a device's last sign of life has events of its own
        self.devices.refresh()
        self.changed.emit()

    def _happened(self, event: ServerEvent) -> None:
        for feed in self._lists if event.is_gap else self._stale_by.get(event.topic, ()):
            feed.refresh()
        if event.topic != "packets":
            self.status.refresh()

    def _lose(self, error: ClientError) -> None:
        self._stream.close()
        self._poll.stop()
        self._balance_poll.stop()
        self._stop_feeds()
        self.connection, self.error = Connection.LOST, error
        self._retry.start(self._pause_ms)
        self._pause_ms = min(RETRY_CAP_MS, 2 * self._pause_ms)
        self.changed.emit()

    def _stop_feeds(self) -> None:
        for feed in (self.status, *self._lists):
            feed.stop()

    def _timer(self, call: Callable[[], None], interval_ms: int = 0, *, single: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(single)
        timer.setInterval(interval_ms)
        timer.timeout.connect(call)
        return timer
