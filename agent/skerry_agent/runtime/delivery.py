"""Empties the outbox: every item is tried until it is acknowledged, refused for good, or past its deadline.

Started by the agent beside its hotspots; whoever queues an item calls `nudge()` so that it goes out at once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from skerry_agent.store import Outbox, OutboxItem, OutboxState, StoreUnavailable
from skerry_core.clock import NS_PER_S, Clock
from skerry_wire.sink import SinkRefused, SinkUnavailable

__all__ = ["Deliver", "Delivery", "Settled"]

FIRST_RETRY_S = 5.0  # gateway-rs waits as long before its first reconnect (iot-poc 1.5)
RETRY_CAP_S = 1800.0  # and never longer than this
BATCH = 64

Deliver = Callable[[OutboxItem], Awaitable[None]]
Settled = Callable[[OutboxItem, OutboxState, str | None], Awaitable[None]]
_log = logging.getLogger(__name__)


class Delivery:
    """The sender of one outbox; `jitter()` gives a number in [0, 1)."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._routes: dict[str, tuple[Deliver, Settled]] = {}
        self._clock = clock
        self._jitter = jitter
        self._more = asyncio.Event()
        self.online = True  # whether the latest try reached its receiver

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
        while True:
            self._more.clear()
            try:
                while await self.step():
                    pass
                await self._wait()
            except StoreUnavailable as error:  # a full disk: what waits is kept, and the agent's status says so
                _log.error("outbox: %s", error)
                await self._clock.sleep(FIRST_RETRY_S)

    async def step(self) -> int:
        """Try every item that is due, oldest first; return how many there were."""
        due = await self._outbox.due(self._clock.wall_ns(), limit=BATCH)
        for item in due:
            await self._try(item)
        return len(due)

    async def _try(self, item: OutboxItem) -> None:
        try:
            await self._routes[item.class_][0](item)
        except SinkUnavailable as error:
            if self.online:
                _log.warning("outbox: cannot deliver %s (%s); it is kept and tried again", item.class_, error)
            self.online = False
            wait_s = retry_wait_s(item.attempts, self._jitter())
            next_try_ns = self._clock.wall_ns() + round(wait_s * NS_PER_S)
            await self._outbox.retry(item.id, next_try_ns=next_try_ns, reason=str(error))
            return
        except SinkRefused as error:
            await self._settle(item, OutboxState.REFUSED, error.reason)
        else:
            await self._settle(item, OutboxState.DELIVERED, None)
        if not self.online:
            _log.info("outbox: delivering again")
        self.online = True

    async def _settle(self, item: OutboxItem, state: OutboxState, reason: str | None) -> None:
        # First the consequence, then the item: a crash in between repeats an idempotent delivery and loses nothing.
        await self._routes[item.class_][1](item, state, reason)
        await self._outbox.settle(item.id, state, now_ns=self._clock.wall_ns(), reason=reason)

    async def _wait(self) -> None:
        next_ns = await self._outbox.next_due_ns()
        # Wall time may jump while we wait, so we never wait for long.
        wait_s = None if next_ns is None else min(RETRY_CAP_S, max(0.0, (next_ns - self._clock.wall_ns()) / NS_PER_S))
        try:
            async with self._clock.timeout(wait_s):
                await self._more.wait()
        except TimeoutError:
            return


def retry_wait_s(attempts: int, jitter: float) -> float:
    """Return how long to wait after one more failed try: doubling, capped, spread over half to one and a half."""
    doubled_s: float = FIRST_RETRY_S * 2.0 ** min(attempts, 20)
    return min(RETRY_CAP_S, doubled_s) * (0.5 + jitter)
