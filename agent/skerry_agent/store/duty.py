"""What each radio has sent on each band, so that a restart forgets no time on air. Used by the transmit gate."""

from dataclasses import dataclass

from skerry_agent.store.database import Database
from skerry_agent.store.rows import encode, fetch

__all__ = ["DutyLedger", "DutyRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """One transmission; `start_ns` is Unix time."""

    device_id: str
    band: str
    start_ns: int
    airtime_us: int


class DutyLedger:
    """The table of transmissions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, row: DutyRow) -> None:
        """Record a transmission before it is sent: a crash in between counts it, never the other way round."""
        await self._db.write(lambda db: db.table("duty").upsert(encode(row), pk=("device_id", "band", "start_ns")))

    async def since(self, start_ns: int) -> list[DutyRow]:
        """Return every transmission that began at or after a time, earliest first."""
        sql = "SELECT * FROM duty WHERE start_ns >= ? ORDER BY start_ns"
        return await self._db.read(lambda db: fetch(db, DutyRow, sql, [start_ns]))

    async def prune(self, *, before_ns: int) -> int:
        """Delete transmissions that no limit looks back to."""
        return await self._db.write(
            lambda db: db.conn.execute("DELETE FROM duty WHERE start_ns < ?", [before_ns]).rowcount
        )
