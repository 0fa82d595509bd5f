"""The entropy that beacons are built from: the committed values of skerry-open and the upstream formula.

The values are made by `skerry_coverage.iot.entropy`; here they are drawn, committed, published and logged in time. The
hash of each skerry-open value is published one interval before the value, so that the operator cannot choose it after
seeing who beacons; the random bytes are logged, so that anyone can check all of it afterwards (DESIGN, Oracle).
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from skerry_core.clock import NS_PER_S, Clock
from skerry_coverage.iot.entropy import ENTROPY_BYTES, blockhash_entropy, commitment, committed_entropy
from skerry_oracle.errors import StoreBusy, StoreFailed
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.entropy import EntropyRow, EntropyTable
from skerry_wire.sink import Entropy, SinkUnavailable

__all__ = ["BlockhashEntropy", "CommittedEntropy", "EntropySource"]

INTERVAL_S = 60  # iot-poc 1.1
RETRY_S = 1.0
_log = logging.getLogger(__name__)


class EntropySource(ABC):
    """One network's entropy service: publishes a value per interval, remembers all of them."""

    def __init__(self, database: Database, *, clock: Clock, interval_s: int = INTERVAL_S) -> None:
        self._database = database
        self._table = EntropyTable(database)
        self._clock = clock
        self._interval_s = interval_s
        self._current: EntropyRow | None = None
        self._lock = asyncio.Lock()

    @property
    def log(self) -> EntropyTable:
        """Everything drawn so far."""
        return self._table

    async def current(self) -> Entropy:
        """Return the value of the running interval. Raises `SinkUnavailable` when there is none."""
        row = await self.refresh()
        return Entropy(data=row.data, timestamp_s=row.timestamp_s, version=row.version)

    async def find(self, data: bytes) -> EntropyRow | None:
        """Return the published value that a beacon names; None for another network's or an invented one."""
        current = self._current
        if current is not None and current.data == data:
            return current
        return await self._table.by_data(data)

    async def refresh(self) -> EntropyRow:
        """Publish the running interval's value unless that is done, and prepare the next.

        Raises `SinkUnavailable` when there is nothing to draw it from, or no way to keep it.
        """
        slot_s = self._slot_s()
        current = self._current
        if current is not None and current.timestamp_s == slot_s:
            return current
        async with self._lock:
            if self._current is None or self._current.timestamp_s != slot_s:
                try:
                    self._current = await self._advance(slot_s)
                except (StoreBusy, StoreFailed) as error:  # what is not in the log must not be published
                    raise SinkUnavailable(f"the oracle cannot log its entropy now: {error}") from error
            return self._current

    async def run(self) -> None:
        """Publish at each interval's start until cancelled."""
        failing = False
        while True:
            try:
                await self.refresh()
                failing = False
            except SinkUnavailable as error:  # `current` tells each caller
                if not failing:
                    _log.warning("entropy: none is published (%s)", error)
                failing = True
                await self._clock.sleep(RETRY_S)
                continue
            due_ns = (self._slot_s() + self._interval_s) * NS_PER_S
            await self._clock.sleep((due_ns - self._clock.wall_ns()) / NS_PER_S)

    @abstractmethod
    async def _advance(self, slot_s: int) -> EntropyRow:
        """Make `slot_s` the published interval and return its value."""

    def _slot_s(self) -> int:
        now_s = self._clock.wall_s()
        return now_s - now_s % self._interval_s


class CommittedEntropy(EntropySource):
    """The entropy of skerry-open."""

    def __init__(
        self,
        database: Database,
        *,
        network: str,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        interval_s: int = INTERVAL_S,
    ) -> None:
        super().__init__(database, clock=clock, interval_s=interval_s)
        self._network = network
        self._random_bytes = random_bytes
        self._next: EntropyRow | None = None

    @property
    def next_commitment(self) -> tuple[int, bytes] | None:
        """The start of the next interval and the hash of its value."""
        return (self._next.timestamp_s, self._next.commitment) if self._next is not None else None

    async def _advance(self, slot_s: int) -> EntropyRow:
        # After a start there may be no value that was committed in time; then it is drawn now, and the log shows
        # that commitment and publication have the same time.
        value, following = await self._stored_or_drawn(slot_s), await self._stored_or_drawn(slot_s + self._interval_s)
        now_ms = self._clock.wall_ms()
        statements: list[Statement] = [
            self._table.insert(value),
            self._table.publish(slot_s, published_ms=now_ms),
            self._table.insert(following),
        ]
        await self._database.apply(statements)
        self._next = following
        published = await self._table.at(slot_s)
        assert published is not None
        return published

    async def _stored_or_drawn(self, timestamp_s: int) -> EntropyRow:
        stored = await self._table.at(timestamp_s)
        if stored is not None:
            return stored
        secret = self._random_bytes(ENTROPY_BYTES)
        entropy = committed_entropy(secret=secret, network=self._network, timestamp_s=timestamp_s)
        return _row(entropy, raw=secret, committed_ms=self._clock.wall_ms(), published_ms=None)


class BlockhashEntropy(EntropySource):
    """The upstream entropy, over a chain's latest block hash (iot-poc 1.1); for `helium-iot`.

    `fetch` returns the decoded block hash, or None when the chain cannot be reached.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        fetch: Callable[[], Awaitable[bytes | None]],
        interval_s: int = INTERVAL_S,
    ) -> None:
        super().__init__(database, clock=clock, interval_s=interval_s)
        self._fetch = fetch

    async def _advance(self, slot_s: int) -> EntropyRow:
        stored = await self._table.at(slot_s)
        if stored is not None:
            return stored
        blockhash = await self._fetch()
        previous = self._current.data if self._current is not None else None
        if blockhash is None and previous is None:
            raise SinkUnavailable("the chain has not answered yet")
        entropy = blockhash_entropy(
            timestamp_s=slot_s, blockhash=blockhash, previous=previous, first=self._current is None
        )
        now_ms = self._clock.wall_ms()
        row = _row(entropy, raw=blockhash or b"", committed_ms=now_ms, published_ms=now_ms)
        await self._database.apply([self._table.insert(row)])
        return row


def _row(entropy: Entropy, *, raw: bytes, committed_ms: int, published_ms: int | None) -> EntropyRow:
    return EntropyRow(
        timestamp_s=entropy.timestamp_s,
        raw=raw,
        data=entropy.data,
        version=entropy.version,
        commitment=commitment(entropy),
        committed_ms=committed_ms,
        published_ms=published_ms,
    )
