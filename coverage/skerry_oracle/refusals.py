"""Counts what the oracle refused, by kind and reason; a flood of refusals costs counters, not rows.

Counts are kept in memory and written by `flush()`, at most a second later; a crash may lose that second of counting.
"""

import logging
from collections import Counter, OrderedDict

from skerry_core.clock import Clock
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.errors import OracleError
from skerry_oracle.store.database import Database, Statement
from skerry_oracle.store.reports import MAX_SAMPLES_PER_EPOCH, ReportTable

__all__ = ["Refusals"]

_log = logging.getLogger(__name__)

MAX_NAMED_PEERS = 10_000  # peers whose first misdeed of each reason was logged; older ones may be logged again


class Refusals:
    """One oracle's counters. `note` never blocks."""

    def __init__(self, database: Database, *, calendar: EpochCalendar, clock: Clock) -> None:
        self._database = database
        self._table = ReportTable(database)
        self._calendar = calendar
        self._clock = clock
        self._waiting: Counter[tuple[int, str, str]] = Counter()
        self._samples: list[Statement] = []
        self._sampled: Counter[int] = Counter()
        self._named: OrderedDict[tuple[str, str], None] = OrderedDict()

    def note(self, *, kind: str, reason: str, peer: str, body: bytes = b"") -> None:
        """Count one refusal; the first of each reason by a peer is logged, the first few of an epoch are kept."""
        now_ms = self._clock.wall_ms()
        epoch = self._calendar.epoch_of(now_ms)
        self._waiting[epoch, kind, reason] += 1
        if self._sampled[epoch] < MAX_SAMPLES_PER_EPOCH:
            self._sampled[epoch] += 1
            # The time is part of the number, so that a restart within the epoch does not overwrite samples.
            number = now_ms * MAX_SAMPLES_PER_EPOCH + self._sampled[epoch]
            self._samples.append(
                self._table.keep_sample(
                    epoch=epoch, number=number, kind=kind, reason=reason, peer=peer, body=body, received_ms=now_ms
                )
            )
        if (peer, reason) not in self._named:
            self._named[peer, reason] = None
            if len(self._named) > MAX_NAMED_PEERS:
                self._named.popitem(last=False)
            _log.warning("%s: refused %s (%s); further ones are counted only", peer, kind, reason)

    async def flush(self) -> None:
        """Write the counts; those that cannot be written now are kept. Raises as `Database.apply`."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, Counter()
        samples, self._samples = self._samples, []
        for epoch in [epoch for epoch in self._sampled if epoch < max(key[0] for key in waiting)]:
            del self._sampled[epoch]
        statements = [
            self._table.count_refusal(epoch=epoch, kind=kind, reason=reason, count=count)
            for (epoch, kind, reason), count in waiting.items()
        ]
        try:
            await self._database.apply([*statements, *samples])
        except OracleError:
            self._waiting += waiting
            self._samples = [*samples, *self._samples]
            raise

    async def counts(self, epoch: int | None = None) -> dict[tuple[str, str], int]:
        """Return (kind, reason) -> count of one epoch or of all."""
        await self.flush()
        return await self._table.refusals(epoch)
