"""Empties the outbox: every item is tried until it is acknowledged, refused for good, or past its deadline.

Started by the agent beside its hotspots; whoever queues an item calls `nudge()` so that it goes out at once.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from skerry_agent.store import Outbox, OutboxItem, OutboxState
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError, UserError
from skerry_wire.sink import SinkRefused, SinkUnavailable

__all__ = ["Deliver", "Delivery", "Settled"]

FIRST_RETRY_S = 5.0  # gateway-rs waits as long before its first reconnect (iot-poc 1.5)
RETRY_CAP_S = 1800.0  # and never longer than this
BATCH = 64
UNKNOWN_TIME_S = 10.0  # an item may seem overdue meanwhile: look again soon, not all the time
STORE_RETRY_S = 10.0  # a full or read-only disk; nothing is lost meanwhile

Deliver = Callable[[OutboxItem], Awaitable[None]]
Settled = Callable[[OutboxItem, OutboxState, str | None], Awaitable[None]]
_log = logging.getLogger(__name__)


class Delivery:
    """The sender of one outbox; `jitter()` gives a number in [0, 1).

    `believed_ns()` is the time that may end an item's waiting, None while no clock can be believed; without it the
    wall clock's.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        clock: Clock,
        jitter: Callable[[], float],
        believed_ns: Callable[[], int | None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._routes: dict[str, tuple[Deliver, Settled]] = {}
        self._clock = clock
        self._jitter = jitter
        self._believed_ns = believed_ns or clock.wall_ns
        self._more = asyncio.Event()
        self.online = True  # whether the latest try reached its receiver
        self.counts: Counter[str] = Counter()  # tries, and ends by their state, since the start

    def serve(self, class_: str, *, deliver: Deliver, settled: Settled) -> None:
        """Say who handles a class of items, before `run`.

        `deliver` returns once the receiver has acknowledged, raises `SinkUnavailable` to be tried again and
        `SinkRefused` when the receiver will never take it; `settled` is told how it ended.
        """
        self._routes[class_] = (deliver, settled)

    def nudge(self) -> None:
        """Look at the outbox now."""
        self._more.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        stopped = False
        while True:
            self._more.clear()
            try:
                while await self.step():
                    pass
                await self._wait()
            except UserError as error:  # the disk is full, read-only or failing
                _log.log(logging.DEBUG if stopped else logging.ERROR, "outbox: %s", error)
                await self._clock.sleep(STORE_RETRY_S)
                stopped = True
            else:
                stopped = False

    async def step(self) -> int:
        """Expire what is overdue by a believable clock, then try what is due, oldest first; return how many there were.

        Raises `StoreUnavailable`.
        """
        believed_ns = self._believed_ns()
        overdue = [] if believed_ns is None else await self._outbox.overdue(believed_ns, limit=BATCH)
        for item in overdue:
            _log.warning(
                "outbox: %s %s was not delivered in time (%s)", item.class_, item.id, item.reason or "deadline"
            )
            await self._settle(item, OutboxState.EXPIRED, item.reason or "deadline")
        due = await self._outbox.due(self._clock.wall_ns(), limit=BATCH)
        for item in due:
            await self._try(item)
        return len(overdue) + len(due)

    async def _try(self, item: OutboxItem) -> None:
        self.counts["tried"] += 1
        try:
            await self._deliver(item)
        except SinkRefused as error:
            await self._settle(item, OutboxState.REFUSED, error.reason)
        except SkerryError as error:  # mostly SinkUnavailable; an operator of this process may fail in other ways too
            if self.online:
                _log.warning("outbox: cannot deliver %s (%s); it is kept and tried again", item.class_, error)
            self.online = False
            wait_s = retry_wait_s(item.attempts, self._jitter())
            next_try_ns = self._clock.wall_ns() + round(wait_s * NS_PER_S)
            await self._outbox.retry(item.id, next_try_ns=next_try_ns, reason=str(error))
            return
        else:
            await self._settle(item, OutboxState.DELIVERED, None)
        if not self.online:
            _log.info("outbox: delivering again")
        self.online = True

    async def _deliver(self, item: OutboxItem) -> None:
        route = self._routes.get(item.class_)
        if route is None:  # queued by an earlier run with other settings
            raise SinkUnavailable(f"nobody takes {item.class_} items with these settings")
        await route[0](item)

    async def _settle(self, item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        # First the consequence, then the item: a crash in between repeats an idempotent delivery and loses nothing.
        route = self._routes.get(item.class_)
        if route is not None:
            await route[1](item, state, reason)
        await self._outbox.settle(item.id, state, now_ns=self._clock.wall_ns(), reason=reason)
        self.counts[state.value] += 1

    async def _wait(self) -> None:
        next_ns = await self._outbox.next_due_ns()
        # Wall time may jump while we wait, so we never wait for long.
        least_s = 0.0 if self._believed_ns() is not None else UNKNOWN_TIME_S
        wait_s = None
        if next_ns is not None:
            wait_s = min(RETRY_CAP_S, max(least_s, (next_ns - self._clock.wall_ns()) / NS_PER_S))
        try:
            async with self._clock.timeout(wait_s):
                await self._more.wait()
        except TimeoutError:
            return


def retry_wait_s(attempts: int, jitter: float) -> float:
    """Return how long to wait after one more failed try: doubling, capped, spread over half to one and a half."""
    doubled_s: float = FIRST_RETRY_S * 2.0 ** min(attempts, 20)
    return min(RETRY_CAP_S, doubled_s) * (0.5 + jitter)
