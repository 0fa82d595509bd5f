"""What must reach somebody else: at least once, idempotent by id, until a deadline. Works for days with no internet.

The sender (`skerry_agent.runtime.delivery`) asks for due items and settles each one; nothing is forgotten in between.
"""

from dataclasses import dataclass
from enum import Enum

import sqlite_utils

from skerry_agent.store.database import Database
from skerry_agent.store.rows import encode, fetch, fetch_one
from skerry_core.clock import NS_PER_S

__all__ = ["Backlog", "Outbox", "OutboxItem", "OutboxState"]


class OutboxState(Enum):
    """An item waits until exactly one of the others happens."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"  # the receiver said never
    EXPIRED = "expired"  # the deadline passed first


LONGEST_WAIT_NS = 3600 * NS_PER_S  # no sender waits longer for a next try: the clock was ahead when it was set


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One message; `id` is derived from its content or cause, so that putting it twice sends it once."""

    id: str
    class_: str  # "witness", "beacon", "uplink", "webhook"
    body: bytes
    created_ns: int
    deadline_ns: int
    next_try_ns: int = 0
    attempts: int = 0
    state: OutboxState = OutboxState.WAITING
    reason: str | None = None
    settled_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is waiting in one class."""

    class_: str
    waiting: int
    oldest_ns: int


_COLUMNS = "id, class AS class_, body, created_ns, deadline_ns, next_try_ns, attempts, state, reason, settled_ns"


class Outbox:
    """The table of messages to deliver."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @staticmethod
    def put_in(db: sqlite_utils.Database, item: OutboxItem) -> bool:
        """Queue an item inside a caller's job; False when the id was there already (in any state)."""
        values = encode(item)
        values["class"] = values.pop("class_")
        before = db.conn.total_changes
        db.table("outbox").insert(values, pk="id", ignore=True)
        return db.conn.total_changes > before

    async def put(self, item: OutboxItem) -> bool:
        """Queue an item; False when the id was there already (in any state)."""
        return await self._db.write(lambda db: self.put_in(db, item))

    async def due(self, now_ns: int, *, limit: int = 64) -> list[OutboxItem]:
        """Return waiting items whose next try has come and whose deadline has not, earliest first."""
        where = "state = 'waiting' AND (next_try_ns <= ? OR next_try_ns > ?) AND deadline_ns > ?"
        parameters = [now_ns, now_ns + LONGEST_WAIT_NS, now_ns, limit]
        return await self._select(where + " ORDER BY next_try_ns, id LIMIT ?", parameters)

    async def overdue(self, now_ns: int, *, limit: int = 64) -> list[OutboxItem]:
        """Return waiting items whose deadline has passed, oldest first; their sender settles them as expired."""
        where = "state = 'waiting' AND deadline_ns <= ? ORDER BY deadline_ns, id LIMIT ?"
        return await self._select(where, [now_ns, limit])

    async def _select(self, where: str, parameters: list[int]) -> list[OutboxItem]:
        sql = f"SELECT {_COLUMNS} FROM outbox WHERE {where}"  # noqa: S608 - our names
        return await self._db.read(lambda db: fetch(db, OutboxItem, sql, parameters))

    async def next_due_ns(self) -> int | None:
        """Return when the next item wants a try or expires, None when nothing waits."""
        sql = "SELECT min(min(next_try_ns, deadline_ns)) FROM outbox WHERE state = 'waiting'"
        found = await self._db.read(lambda db: db.conn.execute(sql).fetchone()[0])
        return None if found is None else int(found)

    async def retry(self, item_id: str, *, next_try_ns: int, reason: str) -> None:
        """Count a failed try; the item waits on."""
        sql = (
            "UPDATE outbox SET attempts = attempts + 1, next_try_ns = ?, reason = ? WHERE id = ? AND state = 'waiting'"
        )
        await self._db.write(lambda db: db.conn.execute(sql, [next_try_ns, reason, item_id]))

    async def settle(self, item_id: str, state: OutboxState, *, now_ns: int, reason: str | None = None) -> None:
        """End an item's waiting; an item that has ended before keeps its first end."""
        sql = (
            "UPDATE outbox SET attempts = attempts + (? != 'expired'), state = ?, reason = ?, settled_ns = ? "
            "WHERE id = ? AND state = 'waiting'"
        )
        await self._db.write(lambda db: db.conn.execute(sql, [state.value, state.value, reason, now_ns, item_id]))

    async def get(self, item_id: str) -> OutboxItem | None:
        """Return one item, None when it is unknown or was pruned."""
        sql = f"SELECT {_COLUMNS} FROM outbox WHERE id = ?"  # noqa: S608 - our names
        return await self._db.read(lambda db: fetch_one(db, OutboxItem, sql, [item_id]))

    async def backlog(self) -> list[Backlog]:
        """Return what is waiting, by class."""
        sql = "SELECT class AS class_, count(*) AS waiting, min(created_ns) AS oldest_ns FROM outbox WHERE state = 'waiting' GROUP BY class"  # noqa: E501
        return await self._db.read(lambda db: fetch(db, Backlog, sql))

    async def prune(self, *, settled_before_ns: int) -> int:
        """Delete items that ended before a time; keep it longer than any repeat of the same id can come."""
        sql = "DELETE FROM outbox WHERE state != 'waiting' AND settled_ns < ?"
        return await self._db.write(lambda db: db.conn.execute(sql, [settled_before_ns]).rowcount)
