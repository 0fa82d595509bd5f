"""Looks things up in an evidence log; needs no key, so that a command line may read what a running agent writes."""

import sqlite_utils

from skerry_agent.evidence import tables
from skerry_agent.evidence.tables import EntryRow
from skerry_agent.store.database import Database
from skerry_core.clock import NS_PER_S
from skerry_coverage.evidence.clocks import dated
from skerry_coverage.evidence.entry import Entry, EntryKind, Stamp

__all__ = ["EvidenceReader"]

_NO_LIMIT = -1  # as SQLite understands it


class EvidenceReader:
    """One agent key's entries in a database that has run `EVIDENCE`."""

    def __init__(self, db: Database, *, log: int, agent: bytes, network: str) -> None:
        self.db = db
        self.log = log
        self.agent = agent
        self.network = network

    @classmethod
    async def all_in(cls, db: Database) -> "list[EvidenceReader]":
        """Return a reader for every log in a database."""

        def read(raw: sqlite_utils.Database) -> list[tuple[int, bytes, str]]:
            return list(raw.conn.execute("SELECT log, agent, network FROM evidence_logs ORDER BY log"))

        return [cls(db, log=log, agent=agent, network=network) for log, agent, network in await db.read(read)]

    async def entry(self, entry_id: bytes) -> Entry | None:
        """Return an entry by its id; None when it is unknown or its body is gone."""
        found = await self._entries("id = ?", [entry_id])
        return found[0][1] if found else None

    async def find(self, kind: EntryKind, *, newest: int | None = None) -> list[tuple[bytes, Entry]]:
        """Return ids and entries of one kind that still have bodies, oldest first; only the `newest` when given."""
        inside = "seq IN (SELECT seq FROM evidence_entries WHERE log = ? AND kind = ? ORDER BY seq DESC LIMIT ?)"
        limit = _NO_LIMIT if newest is None else newest
        return await self._entries(inside, [self.log, str(kind), limit])

    async def around(self, kind: EntryKind, wall_ns: int, *, before_s: int, after_s: int) -> list[tuple[bytes, Entry]]:
        """Return ids and entries of one kind recorded around a time, and those whose time was not known then."""
        low, high = wall_ns - before_s * NS_PER_S, wall_ns + after_s * NS_PER_S
        return await self._entries("kind = ? AND (at_ns BETWEEN ? AND ? OR at_ns IS NULL)", [str(kind), low, high])

    async def when(self, entry: Entry) -> Stamp | None:
        """Return an entry's time; for one from before synchronisation, counted back from it. None: still unknown."""
        if entry.stamp.wall_ns is not None:
            return entry.stamp
        return dated(entry.stamp, [sync.stamp for _, sync in await self.find(EntryKind.CLOCK_SYNC)])

    async def _entries(self, condition: str, parameters: list[object]) -> list[tuple[bytes, Entry]]:
        rows: list[EntryRow] = await self.db.read(lambda db: tables.rows(db, self.log, condition, parameters))
        return [(row.id, entry) for row in rows if (entry := row.entry()) is not None]
