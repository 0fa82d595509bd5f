"""Looks at everything twice a minute and tells the owner what changed. Started by the service."""

import logging
from datetime import UTC, datetime, time

from skerry_agent.alerts.book import BOOK, AlertBook, Notice
from skerry_agent.alerts.channels import Channels, NotDelivered, Sender
from skerry_agent.alerts.conditions import Limits, conditions
from skerry_agent.alerts.credits import CreditWatch
from skerry_agent.api.view import AgentView
from skerry_agent.store import Stores
from skerry_core.clock import Clock
from skerry_core.errors import UsageError, UserError
from skerry_firmware_bridge.radio import DeviceState

__all__ = ["PAUSED_UNTIL_NS", "Alerts", "is_quiet", "parse_quiet"]

EVERY_S = 30.0
PINGS_EVERY = 10  # passes: a dead man's switch expects one ping per five minutes
PAUSED_UNTIL_NS = "alerts_paused_until_ns"  # name of a fact
_log = logging.getLogger(__name__)


class Alerts:
    """The alert loop of one agent."""

    def __init__(
        self,
        *,
        view: AgentView,
        stores: Stores,
        channels: Channels,
        clock: Clock,
        quiet: tuple[time, time] | None,
        limits: Limits | None = None,
        credits: CreditWatch | None = None,
    ) -> None:
        self._view = view
        self._stores = stores
        self._channels = channels
        self._clock = clock
        self._quiet = quiet
        self._limits = limits or Limits()
        self._credits = credits
        self._taken: dict[Notice, set[str]] = {}  # channels that have a notice which others have not
        self._failing = ""
        self._passes = 0

    async def run(self) -> None:
        """Look and tell until cancelled."""
        book = AlertBook.from_json(await self._stores.facts.get(BOOK))
        while True:
            try:
                await self.step(book)
            except UserError as error:
                _log.error("alerts: %s", error)
            await self._clock.sleep(EVERY_S)

    async def step(self, book: AlertBook) -> None:
        """Make one pass. Raises `StoreUnavailable`."""
        now_ns = self._clock.wall_ns()
        before = book.to_json()
        found = await conditions(
            self._view, self._stores, standing=book.standing(), now_ns=now_ns, limits=self._limits,
            credits=self._credits,
        )  # fmt: skip
        book.take(found, now_ns=now_ns)
        if not await self._held(now_ns):
            await self._tell(book, now_ns)
        if book.to_json() != before:
            await self._stores.facts.set(BOOK, book.to_json())
        await self._ping()

    async def _held(self, now_ns: int) -> bool:
        paused_until_ns = int(await self._stores.facts.get(PAUSED_UNTIL_NS) or 0)
        return now_ns < paused_until_ns or (self._quiet is not None and is_quiet(self._quiet, now_ns))

    async def _tell(self, book: AlertBook, now_ns: int) -> None:
        hotspots = self._view.status().hotspots
        sender = Sender(name=hotspots[0].name, address=hotspots[0].address)
        for notice in book.pending():
            _log.warning("alert %s: %s", "raised" if notice.raised else "over", notice.text)
            try:
                taken = self._taken.setdefault(notice, set())
                await self._channels.send(notice, hotspot=sender, at_ns=now_ns, taken=taken)
            except NotDelivered as error:
                self._note_failure(str(error))
                return  # the rest waits for the next pass too, in order
            book.told(notice)
            self._taken.clear()
            self._note_failure("")

    async def _ping(self) -> None:
        self._passes += 1
        if self._passes % PINGS_EVERY == 1 and self._view.status().state is not DeviceState.DOWN:
            try:
                await self._channels.alive()
            except NotDelivered as error:
                self._note_failure(str(error))

    def _note_failure(self, reason: str) -> None:
        if reason and not self._failing:
            _log.warning("alerts: not delivered (%s); trying again every %.0f s", reason, EVERY_S)
        self._failing = reason


def parse_quiet(text: str) -> tuple[time, time] | None:
    """Read quiet hours such as 22:00-07:00. Raises `UsageError` E_QUIET_HOURS."""
    if not text:
        return None
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise UsageError(
            "E_QUIET_HOURS", f"alerts.quiet_hours is {text!r}.", remedy="Write it like 22:00-07:00."
        ) from None
    return start, end


def is_quiet(hours: tuple[time, time], wall_ns: int) -> bool:
    """Whether a moment lies in the quiet hours of this computer's time zone; they may pass midnight."""
    now = datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).astimezone().time()
    start, end = hours
    return start <= now < end if start <= end else now >= start or now < end
