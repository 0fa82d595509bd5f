"""Devices that this agent has ever seen, by their stable link key. Live state is the runtime's, not stored here."""

from dataclasses import dataclass, replace

import sqlite_utils

from skerry_agent.store.database import Database
from skerry_agent.store.rows import JsonObject, encode, fetch, fetch_one

__all__ = ["DeviceRow", "Devices"]


MAX_DEVICES = 1000  # a flood of invented gateway EUIs must not fill the disk
_STRANGER = "region IS NULL AND kind || ':' || name = id"  # neither placed nor named by its owner


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device; `hotspot` is the address it works for, `region` the one its owner confirmed (None: not yet)."""

    id: str
    kind: str  # RadioTraits.kind: "gwmp", "wio-e5"
    name: str
    hotspot: str | None = None
    region: str | None = None
    first_seen_ns: int
    last_seen_ns: int
    details: JsonObject


class Devices:
    """The table of devices."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def seen(self, row: DeviceRow) -> DeviceRow:
        """Note that a device was seen; a known one keeps its name, region and first sight.

        Beyond `MAX_DEVICES` a new one displaces the one longest unseen that its owner never named or placed.
        """

        def merge(db: sqlite_utils.Database) -> DeviceRow:
            old = _get(db, row.id)
            merged = row
            if old is not None:
                merged = replace(
                    row,
                    name=old.name,
                    region=old.region or row.region,
                    hotspot=row.hotspot or old.hotspot,
                    first_seen_ns=old.first_seen_ns,
                    last_seen_ns=max(old.last_seen_ns, row.last_seen_ns),
                )
            db.table("devices").upsert(encode(merged), pk="id")
            if old is None:
                _make_room(db, row.id)
            return merged

        return await self._db.write(merge)

    async def change(self, device_id: str, *, name: str | None = None, region: str | None = None) -> DeviceRow | None:
        """Set the name or the confirmed region; None when there is no such device."""

        def change(db: sqlite_utils.Database) -> DeviceRow | None:
            old = _get(db, device_id)
            if old is None:
                return None
            new = replace(old, name=name or old.name, region=region or old.region)
            db.table("devices").upsert(encode(new), pk="id")
            return new

        return await self._db.write(change)

    async def forget(self, device_id: str) -> None:
        """Remove a device, unless its owner has named or placed it; harmless when there is none."""
        sql = f"DELETE FROM devices WHERE id = ? AND {_STRANGER}"  # noqa: S608 - our own words
        await self._db.write(lambda db: db.conn.execute(sql, [device_id]))

    async def settled(self, stayed_ns: int) -> set[str]:
        """Return the ids of devices that their owner has named or placed, or that were seen for so long."""
        sql = f"SELECT id FROM devices WHERE NOT ({_STRANGER}) OR last_seen_ns - first_seen_ns >= ?"  # noqa: S608
        return await self._db.read(lambda db: {str(row[0]) for row in db.conn.execute(sql, [stayed_ns])})

    async def get(self, device_id: str) -> DeviceRow | None:
        """Return one device, None when it was never seen."""
        return await self._db.read(lambda db: _get(db, device_id))

    async def all(self) -> list[DeviceRow]:
        """Return every device by id."""
        return await self._db.read(lambda db: fetch(db, DeviceRow, "SELECT * FROM devices ORDER BY id"))


def _make_room(db: sqlite_utils.Database, newest: str) -> None:
    db.conn.execute(
        f"DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE {_STRANGER} "  # noqa: S608 - our own words
        "AND id != ? ORDER BY last_seen_ns LIMIT max(0, (SELECT count(*) FROM devices) - ?))",
        [newest, MAX_DEVICES],
    )


def _get(db: sqlite_utils.Database, device_id: str) -> DeviceRow | None:
    return fetch_one(db, DeviceRow, "SELECT * FROM devices WHERE id = ?", [device_id])
