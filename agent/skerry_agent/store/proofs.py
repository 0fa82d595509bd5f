"""Beacons that this agent sent and beacons that it heard, with their reports and the operator's verdicts.

A verdict here is the short form (result, first failing rule, rule set); explanations are recomputed by the rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, TypeVar

import sqlite_utils

from skerry_agent.store.database import Database
from skerry_agent.store.rows import Page, encode, fetch, fetch_one, fetch_page

__all__ = ["BeaconRow", "Beacons", "ReportState", "Verdict", "VerdictRow", "WitnessRow", "Witnesses"]


class ReportState(Enum):
    """Where a report is on its way to the operator."""

    KEPT = "kept"  # no operator is set, or the clock was never synchronised: nothing is sent
    QUEUED = "queued"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"


class Verdict(Enum):
    """What the operator decided."""

    UNKNOWN = "unknown"
    VALID = "valid"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconRow:
    """One beacon of ours; `report` is the exact signed message, `data` the payload on air."""

    id: str
    hotspot: str
    device_id: str
    at_ns: int
    frequency_hz: int
    datarate: str
    power_dbm: int
    data: bytes
    report: bytes
    state: ReportState
    verdict: Verdict = Verdict.UNKNOWN
    reason: str | None = None
    rule_set: str | None = None
    poc_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessRow:
    """One beacon of another hotspot that ours heard; `beaconer` is known once a verdict names it."""

    id: str
    hotspot: str
    device_id: str
    packet_id: str | None = None
    at_ns: int
    frequency_hz: int
    datarate: str
    rssi_dbm: int
    snr_ddb: int  # dB x 10
    data: bytes
    report: bytes
    state: ReportState
    verdict: Verdict = Verdict.UNKNOWN
    reason: str | None = None
    rule_set: str | None = None
    poc_id: str | None = None
    beaconer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """An operator's verdict on the report with this id; `reason` is the first failing rule, None when valid."""

    id: str
    verdict: Verdict
    reason: str | None = None
    rule_set: str
    poc_id: str
    beaconer: str | None = None


P = TypeVar("P", BeaconRow, WitnessRow)


class _Reports(Generic[P]):
    """What beacons and witnesses have in common."""

    _kind: type[P]
    _table: str

    def __init__(self, db: Database) -> None:
        self._db = db

    @classmethod
    def put(cls, db: sqlite_utils.Database, row: P) -> None:
        """Store a report inside a caller's job, so that it and its outbox item are kept together."""
        db.table(cls._table).insert(encode(row), pk="id", ignore=True)

    async def add(self, row: P) -> None:
        """Store a report; a second one with the same id changes nothing."""
        await self._db.write(lambda db: self.put(db, row))

    async def set_state(self, report_id: str, state: ReportState, *, reason: str | None = None) -> None:
        """Note how far the report came; `reason` is kept where no verdict has set one."""
        sql = f"UPDATE {self._table} SET state = ?, reason = coalesce(reason, ?) WHERE id = ?"  # noqa: S608 - our names
        await self._db.write(lambda db: db.conn.execute(sql, [state.value, reason, report_id]))

    async def judge(self, verdicts: Sequence[VerdictRow]) -> list[P]:
        """Store verdicts; return the rows that they changed. Unknown ids are ignored: they are other hotspots'."""

        def apply(db: sqlite_utils.Database) -> list[P]:
            changed = []
            for verdict in verdicts:
                old = self._get(db, verdict.id)
                if old is None:
                    continue
                new = _judged(old, verdict)
                if new != old:
                    db.table(self._table).upsert(encode(new), pk="id")
                    changed.append(new)
            return changed

        return await self._db.write(apply)

    async def get(self, report_id: str) -> P | None:
        """Return one report, None when there is no such id."""
        return await self._db.read(lambda db: self._get(db, report_id))

    async def page(self, *, cursor: str | None = None, limit: int = 50, verdict: Verdict | None = None) -> Page[P]:
        """Return reports newest first, of one verdict when given."""
        where = {"verdict": verdict.value} if verdict else None
        return await self._db.read(
            lambda db: fetch_page(db, self._kind, self._table, order="at_ns", cursor=cursor, limit=limit, where=where)
        )

    async def counts(self) -> dict[tuple[str, str | None], int]:
        """Return how many reports have each (verdict, reason)."""
        sql = f"SELECT verdict, reason, count(*) FROM {self._table} GROUP BY verdict, reason"  # noqa: S608 - our names
        return await self._db.read(lambda db: {(row[0], row[1]): int(row[2]) for row in db.conn.execute(sql)})

    def _get(self, db: sqlite_utils.Database, report_id: str) -> P | None:
        sql = f"SELECT * FROM {self._table} WHERE id = ?"  # noqa: S608 - our names
        return fetch_one(db, self._kind, sql, [report_id])


class Beacons(_Reports[BeaconRow]):
    """The table of our own beacons."""

    _kind = BeaconRow
    _table = "beacons"

    async def by_data(self, data: bytes) -> list[BeaconRow]:
        """Return our beacons with this payload on air: a radio that hears one of them heard ourselves."""
        return await self._db.read(lambda db: fetch(db, BeaconRow, "SELECT * FROM beacons WHERE data = ?", [data]))

    async def count_since(self, start_ns: int) -> int:
        """Return how many beacons were sent at or after a time."""
        sql = "SELECT count(*) FROM beacons WHERE at_ns >= ?"
        return await self._db.read(lambda db: int(db.conn.execute(sql, [start_ns]).fetchone()[0]))

    async def last_at_ns(self, hotspot: str | None = None) -> int | None:
        """Return when this hotspot (None: any) last sent a beacon."""
        sql = "SELECT max(at_ns) FROM beacons WHERE ? IS NULL OR hotspot = ?"
        found: Any = await self._db.read(lambda db: db.conn.execute(sql, [hotspot, hotspot]).fetchone()[0])
        return None if found is None else int(found)


class Witnesses(_Reports[WitnessRow]):
    """The table of witness reports."""

    _kind = WitnessRow
    _table = "witnesses"


def _judged(old: P, verdict: VerdictRow) -> P:
    new = replace(old, verdict=verdict.verdict, reason=verdict.reason, rule_set=verdict.rule_set, poc_id=verdict.poc_id)
    return replace(new, beaconer=verdict.beaconer) if isinstance(new, WitnessRow) else new
