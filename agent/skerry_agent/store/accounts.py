"""Who may use the API, what they did, and small facts of this installation (boot id, operator, region).

Tokens are stored as SHA-256 only: they are 32 random bytes, so a slow hash would protect nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlite_utils

from skerry_agent.store.database import Database
from skerry_agent.store.rows import JsonTexts, Page, encode, fetch, fetch_one, fetch_page

__all__ = ["Audit", "AuditRow", "Facts", "PairingRow", "Pairings", "TokenRow", "Tokens"]


class Facts:
    """Names and values that belong to this installation and are not settings."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, name: str) -> str | None:
        """Return a value, None when it was never set."""
        row = await self._db.read(
            lambda db: db.conn.execute("SELECT value FROM facts WHERE name = ?", [name]).fetchone()
        )
        return None if row is None else str(row[0])

    async def set(self, name: str, value: str) -> None:
        """Set a value."""
        await self._db.write(lambda db: db.table("facts").upsert({"name": name, "value": value}, pk="name"))

    async def starting_with(self, prefix: str) -> dict[str, str]:
        """Return the values whose names begin so."""
        sql = "SELECT name, value FROM facts WHERE substr(name, 1, ?) = ? ORDER BY name"
        return await self._db.read(lambda db: dict(db.conn.execute(sql, [len(prefix), prefix])))

    async def forget(self, name: str) -> None:
        """Remove a value; harmless when there is none."""
        await self._db.write(lambda db: db.conn.execute("DELETE FROM facts WHERE name = ?", [name]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One API token; the secret itself is shown once at creation and never stored."""

    id: str
    name: str
    scopes: JsonTexts
    hash: bytes
    created_ns: int
    last_used_ns: int | None = None
    revoked_ns: int | None = None


class Tokens:
    """The table of API tokens."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, row: TokenRow) -> None:
        """Store a new token."""
        await self._db.write(lambda db: db.table("tokens").insert(encode(row), pk="id"))

    async def all(self) -> list[TokenRow]:
        """Return every token, revoked ones too."""
        return await self._db.read(lambda db: fetch(db, TokenRow, "SELECT * FROM tokens ORDER BY created_ns, id"))

    async def by_hash(self, digest: bytes) -> TokenRow | None:
        """Return the token with this SHA-256 unless it is revoked."""
        sql = "SELECT * FROM tokens WHERE hash = ? AND revoked_ns IS NULL"
        return await self._db.read(lambda db: fetch_one(db, TokenRow, sql, [digest]))

    async def used(self, token_id: str, *, at_ns: int) -> None:
        """Note the time of a use."""
        sql = "UPDATE tokens SET last_used_ns = ? WHERE id = ?"
        await self._db.write(lambda db: db.conn.execute(sql, [at_ns, token_id]))

    async def revoke(self, token_id: str, *, at_ns: int) -> bool:
        """End a token at once; False when there is no such live token."""
        sql = "UPDATE tokens SET revoked_ns = ? WHERE id = ? AND revoked_ns IS NULL"
        return await self._db.write(lambda db: db.conn.execute(sql, [at_ns, token_id]).rowcount == 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingRow:
    """A one-time code that becomes a token; stored as SHA-256."""

    hash: bytes
    name: str
    scopes: JsonTexts
    created_ns: int
    expires_ns: int
    token_id: str | None = None


class Pairings:
    """The table of pairing codes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, row: PairingRow) -> None:
        """Store a new code; forget those whose time is over."""

        def insert(db: sqlite_utils.Database) -> None:
            db.conn.execute("DELETE FROM pairings WHERE expires_ns <= ?", [row.created_ns])
            db.table("pairings").insert(encode(row), pk="hash")

        await self._db.write(insert)

    async def redeem(self, digest: bytes, make: Callable[[PairingRow], TokenRow], *, now_ns: int) -> bool:
        """Turn a code into the token that `make` gives, once and in time; False when it is neither."""

        def turn(db: sqlite_utils.Database) -> bool:
            sql = "SELECT * FROM pairings WHERE hash = ? AND token_id IS NULL AND expires_ns > ?"
            row = fetch_one(db, PairingRow, sql, [digest, now_ns])
            if row is None:
                return False
            token = make(row)
            db.table("tokens").insert(encode(token), pk="id")
            db.conn.execute("UPDATE pairings SET token_id = ? WHERE hash = ?", [token.id, digest])
            return True

        return await self._db.write(turn)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change or refused attempt; never holds a secret."""

    id: str
    at_ns: int
    account: str
    source: str
    action: str
    target: str
    outcome: str


class Audit:
    """The table of changes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, row: AuditRow) -> None:
        """Store one line."""
        await self._db.write(lambda db: db.table("audit").insert(encode(row), pk="id"))

    async def page(self, *, cursor: str | None = None, limit: int = 50) -> Page[AuditRow]:
        """Return lines newest first."""
        return await self._db.read(
            lambda db: fetch_page(db, AuditRow, "audit", order="at_ns", cursor=cursor, limit=limit)
        )

    async def prune(self, *, before_ns: int) -> int:
        """Delete lines older than a time."""
        return await self._db.write(
            lambda db: db.conn.execute("DELETE FROM audit WHERE at_ns < ?", [before_ns]).rowcount
        )
