"""What each radio has sent on each band, so that a restart forgets no time on air. The transmit gate's `DutyStore`."""

from skerry_agent.store.database import Database
from skerry_agent.store.rows import encode, fetch
from skerry_firmware_bridge.duty import DutyEntry

__all__ = ["DutyTable"]


class DutyTable:
    """The table of transmissions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, entry: DutyEntry) -> None:
        """Record a transmission before it is sent: a crash in between counts it, never the other way round."""
        await self._db.write(lambda db: db.table("duty").upsert(encode(entry), pk=("device_id", "band", "start_ns")))

    async def since(self, start_ns: int) -> list[DutyEntry]:
        """Return every transmission that began at or after a time, earliest first."""
        sql = "SELECT * FROM duty WHERE start_ns >= ? ORDER BY start_ns"
        return await self._db.read(lambda db: fetch(db, DutyEntry, sql, [start_ns]))

    async def prune(self, *, before_ns: int) -> int:
        """Delete transmissions that no limit looks back to."""
        return await self._db.write(
            lambda db: db.conn.execute("DELETE FROM duty WHERE start_ns < ?", [before_ns]).rowcount
        )
