"""Received frames with the stage of the packet path that each one reached. Telemetry: kept by age and count."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import sqlite_utils

from skerry_agent.store.database import Database
from skerry_agent.store.rows import JsonTexts, Page, encode, fetch, fetch_one, fetch_page

__all__ = ["PacketRow", "Packets"]

PRUNE_CHUNK = 5000  # rows per transaction, so that pruning never blocks the writer for long


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRow:
    """One frame; `stage` is the last stage it reached, `reason` why it went no further (None: it went all the way)."""

    id: str
    device_id: str
    hotspot: str | None = None
    at_ns: int
    frequency_hz: int
    datarate: str
    rssi_dbm: int
    snr_ddb: int  # dB x 10
    crc: str
    phy: bytes
    kind: str  # "beacon", "join_request", "data_up", "proprietary", ...
    address: str | None = None  # DevAddr or JoinEUI/DevEUI as hex, None where the frame has none
    stage: str
    reason: str | None = None
    sent_to: JsonTexts
    source: str


_NAMES = [column.name for column in fields(PacketRow)]
_ADD = f"INSERT OR REPLACE INTO packets ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)})"  # noqa: S608 - our names


class Packets:
    """The table of received frames in telemetry.db."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, rows: Sequence[PacketRow]) -> None:
        """Store frames; one with a known id replaces the old row (it got further along the path)."""
        values = [encode(row) for row in rows]

        def add(db: sqlite_utils.Database) -> None:
            db.conn.executemany(_ADD, values)  # four times a second: `upsert_all` takes three times as long

        await self._db.write(add)

    async def advance(self, packet_id: str, *, stage: str, reason: str | None, before: Sequence[str]) -> bool:
        """Move a stored frame on to a stage unless it is past it; `before` are the stages up to that one.

        False when there is no such frame, or it came further already.
        """
        marks = ",".join("?" * len(before))
        sql = f"UPDATE packets SET stage = ?, reason = ? WHERE id = ? AND stage IN ({marks})"  # noqa: S608 - marks only
        parameters = [stage, reason, packet_id, *before]
        return await self._db.write(lambda db: db.conn.execute(sql, parameters).rowcount > 0)

    async def get(self, packet_id: str) -> PacketRow | None:
        """Return one frame, None when it is not (or no longer) stored."""
        return await self._db.read(
            lambda db: fetch_one(db, PacketRow, "SELECT * FROM packets WHERE id = ?", [packet_id])
        )

    async def page(
        self, *, cursor: str | None = None, limit: int = 50, device_id: str | None = None
    ) -> Page[PacketRow]:
        """Return frames newest first."""
        where = {"device_id": device_id} if device_id else None
        return await self._db.read(
            lambda db: fetch_page(db, PacketRow, "packets", order="at_ns", cursor=cursor, limit=limit, where=where)
        )

    async def carried(self, hotspot: str, *, since_ns: int) -> list[PacketRow]:
        """Return the uplinks of a hotspot that passed the filters since a time, oldest first."""
        sql = (
            "SELECT * FROM packets WHERE at_ns >= ? AND hotspot = ? AND kind IN ('data_up', 'join_request')"
            " AND stage NOT IN ('received', 'decoded') ORDER BY at_ns, id"
        )
        return await self._db.read(lambda db: fetch(db, PacketRow, sql, [since_ns, hotspot]))

    async def count(self) -> int:
        """Return how many frames are stored."""
        return await self._db.read(lambda db: int(db.conn.execute("SELECT count(*) FROM packets").fetchone()[0]))

    async def prune(self, *, older_than_ns: int, keep_at_most: int) -> int:
        """Delete frames that are too old or beyond the count, oldest first; return how many went."""
        removed = 0
        while True:
            chunk = await self._db.write(lambda db: _prune_chunk(db, older_than_ns, keep_at_most))
            removed += chunk
            if chunk < PRUNE_CHUNK:
                return removed


def _prune_chunk(db: sqlite_utils.Database, older_than_ns: int, keep_at_most: int) -> int:
    excess = max(0, int(db.conn.execute("SELECT count(*) FROM packets").fetchone()[0]) - keep_at_most)
    by_count = min(excess, PRUNE_CHUNK)
    cursor = db.conn.execute(
        """DELETE FROM packets WHERE id IN (
            SELECT id FROM (SELECT id, at_ns, row_number() OVER (ORDER BY at_ns, id) AS place
                            FROM (SELECT id, at_ns FROM packets ORDER BY at_ns, id LIMIT ?))
            WHERE place <= ? OR at_ns < ?)""",
        [PRUNE_CHUNK, by_count, older_than_ns],
    )
    return cursor.rowcount
