"""The entropy that beacons are built from: the committed values of skerry-open and the upstream formula.

skerry-open: `data = SHA-256("skerry-entropy" | network | time | 32 random bytes)`, one value per interval. The hash of
each value is published one interval before the value itself, so that the operator cannot choose it after seeing who
beacons; the random bytes are logged, so that anyone can check all of it afterwards (DESIGN, Oracle).
"""

import asyncio
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from skerry_core.clock import NS_PER_S, Clock
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.entropy import EntropyRow, EntropyTable
from skerry_wire.sink import Entropy, SinkUnavailable

__all__ = ["CommittedEntropy", "EntropySource", "FormulaEntropy", "commitment_of", "committed_data"]

INTERVAL_S = 60  # iot-poc 1.1
ENTROPY_VERSION = 0
RANDOM_BYTES = 32


def committed_data(*, network: str, timestamp_s: int, raw: bytes) -> bytes:
    """Return the 32 bytes published for an interval of skerry-open."""
    name = network.encode()
    return hashlib.sha256(
        b"skerry-entropy\x00" + len(name).to_bytes(2, "big") + name + timestamp_s.to_bytes(8, "little") + raw
    ).digest()


def commitment_of(data: bytes) -> bytes:
    """Return the hash that is published one interval before `data`."""
    return hashlib.sha256(b"skerry-entropy-commitment\x00" + data).digest()


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
        """Publish the running interval's value unless that is done, and prepare the next."""
        slot_s = self._slot_s()
        current = self._current
        if current is not None and current.timestamp_s == slot_s:
            return current
        async with self._lock:
            if self._current is None or self._current.timestamp_s != slot_s:
                self._current = await self._advance(slot_s)
            return self._current

    async def run(self) -> None:
        """Publish at each interval's start until cancelled."""
        while True:
            try:
                await self.refresh()
            except SinkUnavailable:
                pass  # the source is down; `current` tells each caller, the next interval tries again
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
        statements = [self._table.insert(value), self._table.publish(slot_s, published_ms=now_ms)]
        await self._database.apply([*statements, self._table.insert(following)])
        self._next = following
        published = await self._table.at(slot_s)
        assert published is not None
        return published

    async def _stored_or_drawn(self, timestamp_s: int) -> EntropyRow:
        stored = await self._table.at(timestamp_s)
        if stored is not None:
            return stored
        raw = self._random_bytes(RANDOM_BYTES)
        data = committed_data(network=self._network, timestamp_s=timestamp_s, raw=raw)
        return EntropyRow(
            timestamp_s=timestamp_s,
            raw=raw,
            data=data,
            version=ENTROPY_VERSION,
            commitment=commitment_of(data),
            committed_ms=self._clock.wall_ms(),
            published_ms=None,
        )


class FormulaEntropy(EntropySource):
    """A formula over a changing source, such as the upstream one over Solana's latest blockhash (iot-poc 1.1).

    `fetch` returns the source's bytes or None when it cannot be reached; `formula(timestamp_s, source, previous)` gives
    the value, where `source` is None after a failed fetch and `previous` None at the very first value.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        fetch: Callable[[], Awaitable[bytes | None]],
        formula: Callable[[int, bytes | None, bytes | None], bytes],
        interval_s: int = INTERVAL_S,
    ) -> None:
        super().__init__(database, clock=clock, interval_s=interval_s)
        self._fetch = fetch
        self._formula = formula

    async def _advance(self, slot_s: int) -> EntropyRow:
        stored = await self._table.at(slot_s)
        if stored is not None:
            return stored
        source = await self._fetch()
        previous = self._current.data if self._current is not None else None
        if source is None and previous is None:
            raise SinkUnavailable("the entropy source has not answered yet")
        data = self._formula(slot_s, source, previous)
        now_ms = self._clock.wall_ms()
        row = EntropyRow(
            timestamp_s=slot_s,
            raw=source or b"",
            data=data,
            version=ENTROPY_VERSION,
            commitment=commitment_of(data),
            committed_ms=now_ms,
            published_ms=now_ms,
        )
        statements: list[Statement] = [self._table.insert(row)]
        await self._database.apply(statements)
        return row
