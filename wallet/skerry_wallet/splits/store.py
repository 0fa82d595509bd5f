"""The split agreements in SQLite. Epochs whose splits are booked cannot be changed any more."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from skerry_core.errors import NotFoundError, RefusedError
from skerry_wallet.database import Database
from skerry_wallet.splits.agreement import Agreement, Share
from skerry_wallet.splits.booking import booked_epochs
from skerry_wallet.splits.history import Change, undoable

__all__ = ["SCHEMA", "SplitStore"]

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS split_changes (
        number INTEGER PRIMARY KEY, at_s INTEGER NOT NULL, kind TEXT NOT NULL, hotspot TEXT NOT NULL,
        start_epoch INTEGER NOT NULL, end_epoch INTEGER, shares TEXT NOT NULL, undoes INTEGER) STRICT""",
)
_COLUMNS = "number, at_s, kind, hotspot, start_epoch, end_epoch, shares, undoes"


class SplitStore:
    """On a database that has `SCHEMA` and the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changes(self) -> list[Change]:
        """Return every change, oldest first."""
        return await self._database.read(_changes)

    async def set(self, agreement: Agreement, *, at_s: int) -> Change:
        """Agree on a split. Raises `UsageError` for impossible shares, `RefusedError` E_SPLIT_BOOKED."""
        agreement.check()
        return await self._add("set", agreement, at_s)

    async def remove(self, hotspot: str, *, start_epoch: int, at_s: int) -> Change:
        """End every split of a hotspot from an epoch on. Raises as `set`."""
        nothing = Agreement(hotspot=hotspot, shares=(), start_epoch=start_epoch)
        return await self._add("remove", nothing, at_s)

    async def undo(self, hotspot: str, *, at_s: int) -> Change:
        """Take back the newest change of a hotspot that stands. Raises `NotFoundError`, `RefusedError`."""

        def action(connection: sqlite3.Connection) -> Change:
            last = undoable(_changes(connection), hotspot)
            if last is None:
                raise NotFoundError("E_SPLIT_NONE", f"Nothing was agreed about {hotspot} that could be undone.")
            _refuse_booked(connection, last.agreement)
            return _insert(connection, "undo", last.agreement, at_s, undoes=last.number)

        return await self._database.write(action)

    async def _add(self, kind: str, agreement: Agreement, at_s: int) -> Change:
        def action(connection: sqlite3.Connection) -> Change:
            _refuse_booked(connection, agreement)
            return _insert(connection, kind, agreement, at_s)

        return await self._database.write(action)


def _refuse_booked(connection: sqlite3.Connection, agreement: Agreement) -> None:
    booked = [epoch for epoch in booked_epochs(connection, agreement.hotspot) if agreement.covers(epoch)]
    if booked:
        raise RefusedError(
            "E_SPLIT_BOOKED",
            f"Epoch {max(booked)} of {agreement.hotspot} is booked already with another split.",
            remedy=f"Let the change begin with epoch {max(booked) + 1}; what is booked stays as it was agreed then.",
            params={"hotspot": agreement.hotspot, "epoch": max(booked)},
        )


def _insert(
    connection: sqlite3.Connection, kind: str, agreement: Agreement, at_s: int, undoes: int | None = None
) -> Change:
    shares = json.dumps([asdict(share) for share in agreement.shares])
    values = (at_s, kind, agreement.hotspot, agreement.start_epoch, agreement.end_epoch, shares, undoes)
    cursor = connection.execute(
        "INSERT INTO split_changes (at_s, kind, hotspot, start_epoch, end_epoch, shares, undoes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return _change((int(cursor.lastrowid or 0), *values))


def _changes(connection: sqlite3.Connection) -> list[Change]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM split_changes ORDER BY number")  # noqa: S608 - fixed text
    return [_change(row) for row in rows]


def _change(row: Sequence[object]) -> Change:
    number, at_s, kind, hotspot, start, end, shares, undoes = row
    agreement = Agreement(
        hotspot=str(hotspot),
        shares=tuple(Share(**share) for share in json.loads(str(shares))),
        start_epoch=int(str(start)),
        end_epoch=None if end is None else int(str(end)),
    )
    return Change(
        number=int(str(number)),
        at_s=int(str(at_s)),
        kind=str(kind),  # type: ignore[arg-type]  # only this module writes it
        agreement=agreement,
        undoes=None if undoes is None else int(str(undoes)),
    )
