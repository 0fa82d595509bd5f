"""The ledger: entries of postings that sum to zero for every token, each naming its cause. SQLite behind it.

Account names: `owner:ADDRESS`, `payer`, `emission` (what was minted comes from here), `burned`, `fees`, `income:...`.
An account is a name and a token; a positive balance is what the account's holder has.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from skerry_core.errors import UsageError
from skerry_wallet.database import Database

__all__ = ["BURNED", "EMISSION", "SCHEMA", "Entry", "Ledger", "Posting", "owner_account"]

EMISSION = "emission"
BURNED = "burned"
_LIMIT = 1 << 63  # SQLite's integers; four hundred times all HNT that will ever be

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS ledger_entries (
        id TEXT PRIMARY KEY, at_s INTEGER NOT NULL, kind TEXT NOT NULL, cause TEXT NOT NULL,
        signature TEXT, price TEXT, price_source TEXT) STRICT""",
    """CREATE TABLE IF NOT EXISTS ledger_postings (
        entry TEXT NOT NULL REFERENCES ledger_entries (id), number INTEGER NOT NULL, account TEXT NOT NULL,
        token TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY (entry, number)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS ledger_by_account ON ledger_postings (token, account, amount)",
    "CREATE INDEX IF NOT EXISTS ledger_by_time ON ledger_entries (at_s, id)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What one account gains (positive) or gives (negative), in base units of a token (a mint or `SOL`)."""

    account: str
    token: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event; `id` is made from its cause, so that it is booked once.

    `price` is the token's price then as decimal text (US dollars per whole token), `price_source` says whose.
    """

    id: str
    at_s: int
    kind: str  # "payout", "usage", "issue", "fee", "transfer"
    cause: str
    postings: tuple[Posting, ...]
    signature: str | None = None
    price: str | None = None
    price_source: str | None = None

    def check(self) -> None:
        """Raise `UsageError` unless the entry balances for every token and every amount is a fitting integer."""
        sums: Counter[str] = Counter()
        for posting in self.postings:
            if posting.amount == 0 or not -_LIMIT < posting.amount < _LIMIT:
                raise UsageError("E_LEDGER_AMOUNT", f"{posting.amount} base units cannot be booked.")
            sums[posting.token] += posting.amount
        uneven = sorted(token for token, total in sums.items() if total)
        if uneven or not self.postings or not self.cause:
            raise UsageError("E_LEDGER_UNBALANCED", f"Entry {self.id} has no cause or does not balance: {uneven}.")


class Ledger:
    """The book on a database that has `SCHEMA`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, entries: Sequence[Entry]) -> int:
        """Store entries that are not booked yet, all or nothing; return how many were new.

        Raises `UsageError` for one that does not balance, or that was booked differently under its id.
        """
        for entry in entries:
            entry.check()
        return await self._database.write(lambda connection: sum(_book(connection, entry) for entry in entries))

    async def balance(self, account: str, token: str) -> int:
        """Return an account's balance in base units."""
        query = f"SELECT {_EXACT_SUM} FROM ledger_postings WHERE token = ? AND account = ?"  # noqa: S608
        high, low = await self._database.read(lambda db: db.execute(query, (token, account)).fetchone())
        return _exact(high, low)

    async def balances(self, token: str, *, prefix: str = "", kind: str | None = None) -> dict[str, int]:
        """Return account -> balance for every account of a token whose name begins with a prefix, zeros left out.

        With `kind` only what entries of that kind moved is added up.
        """
        source = "ledger_postings" + (" JOIN ledger_entries ON id = entry" if kind else "")
        condition = "token = ? AND substr(account, 1, ?) = ?" + (" AND kind = ?" if kind else "")
        query = f"SELECT account, {_EXACT_SUM} FROM {source} WHERE {condition} GROUP BY account"  # noqa: S608
        values = (token, len(prefix), prefix, *([kind] if kind else []))
        rows = await self._database.read(lambda db: db.execute(query, values).fetchall())
        return {account: total for account, high, low in rows if (total := _exact(high, low))}

    async def entries(self, *, after: tuple[int, str] = (-1, ""), limit: int = 1000) -> list[Entry]:
        """Return entries in order of time and id, those behind `after` = (at_s, id)."""
        return await self._database.read(lambda connection: list(_entries(connection, after, limit)))

    async def all_entries(self) -> list[Entry]:
        """Return the whole book in order of time."""
        found: list[Entry] = []
        while some := await self.entries(after=(found[-1].at_s, found[-1].id) if found else (-1, "")):
            found += some
        return found

    async def booked(self, entry_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that are booked."""
        query = "SELECT id FROM ledger_entries WHERE id IN (SELECT value FROM json_each(?))"
        rows = await self._database.read(lambda db: db.execute(query, (json.dumps(list(entry_ids)),)).fetchall())
        return {entry_id for (entry_id,) in rows}

    async def knows(self, account: str, token: str) -> bool:
        """Say whether anything of a token was ever booked to an account."""
        query = "SELECT 1 FROM ledger_postings WHERE token = ? AND account = ? LIMIT 1"
        return await self._database.read(lambda db: db.execute(query, (token, account)).fetchone()) is not None

    async def entry(self, entry_id: str) -> Entry | None:
        """Return one entry, None when there is none."""
        return await self._database.read(lambda connection: _entry(connection, entry_id))


def owner_account(address: str) -> str:
    """Return the account name of a wallet."""
    return f"owner:{address}"


# SUM() fails beyond 64 bits; the upper and lower halves of the amounts never get there.
_EXACT_SUM = "COALESCE(SUM(amount >> 32), 0), COALESCE(SUM(amount & 4294967295), 0)"
_ENTRY = "id, at_s, kind, cause, signature, price, price_source"


def _exact(high: int, low: int) -> int:
    return (high << 32) + low


def _book(connection: sqlite3.Connection, entry: Entry) -> bool:
    stored = _entry(connection, entry.id)
    if stored is not None:
        if (stored.kind, stored.cause, stored.postings) != (entry.kind, entry.cause, entry.postings):
            raise UsageError("E_LEDGER_CHANGED", f"Entry {entry.id} is booked already, with other contents.")
        return False
    connection.execute(
        f"INSERT INTO ledger_entries ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (entry.id, entry.at_s, entry.kind, entry.cause, entry.signature, entry.price, entry.price_source),
    )
    connection.executemany(
        "INSERT INTO ledger_postings (entry, number, account, token, amount) VALUES (?, ?, ?, ?, ?)",
        [(entry.id, n, item.account, item.token, item.amount) for n, item in enumerate(entry.postings)],
    )
    return True


def _entries(connection: sqlite3.Connection, after: tuple[int, str], limit: int) -> Iterator[Entry]:
    query = f"SELECT {_ENTRY} FROM ledger_entries WHERE (at_s, id) > (?, ?) ORDER BY at_s, id LIMIT ?"  # noqa: S608
    for row in connection.execute(query, (*after, limit)).fetchall():
        yield _read(row, _postings(connection, row[0]))


def _entry(connection: sqlite3.Connection, entry_id: str) -> Entry | None:
    row = connection.execute(f"SELECT {_ENTRY} FROM ledger_entries WHERE id = ?", (entry_id,)).fetchone()  # noqa: S608
    return None if row is None else _read(row, _postings(connection, entry_id))


def _postings(connection: sqlite3.Connection, entry_id: str) -> Iterable[tuple[str, str, int]]:
    query = "SELECT account, token, amount FROM ledger_postings WHERE entry = ? ORDER BY number"
    return connection.execute(query, (entry_id,)).fetchall()


def _read(
    row: tuple[str, int, str, str, str | None, str | None, str | None], postings: Iterable[tuple[str, str, int]]
) -> Entry:
    entry_id, at_s, kind, cause, signature, price, price_source = row
    return Entry(
        id=entry_id,
        at_s=at_s,
        kind=kind,
        cause=cause,
        postings=tuple(Posting(account=account, token=token, amount=amount) for account, token, amount in postings),
        signature=signature,
        price=price,
        price_source=price_source,
    )
