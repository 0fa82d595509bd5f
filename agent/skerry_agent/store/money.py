"""Rewards as the operator's manifests state them.

Amounts are base units of the token; they are unsigned 64 bit on the chain and therefore stored as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from skerry_agent.store.database import Database
from skerry_agent.store.rows import U64, JsonObject, Page, encode, fetch_one, fetch_page

__all__ = ["RewardRow", "RewardState", "Rewards"]


class RewardState(Enum):
    """How sure a reward is."""

    WOULD_EARN = "would_earn"  # computed without an operator: nothing will be paid
    PENDING = "pending"
    PAID = "paid"
    UNKNOWN = "unknown"  # sent, and neither found nor proved absent: a person must look


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRow:
    """One share of one hotspot in one epoch; `cause` names the reports that earned it."""

    id: str
    network: str
    epoch: int
    at_ns: int
    hotspot: str
    owner: str
    token: str
    amount: U64
    kind: str  # "beacon", "witness", "data"
    state: RewardState
    manifest_hash: str
    transaction: str | None = None
    cause: JsonObject


class Rewards:
    """The table of reward shares."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def put(self, rows: Sequence[RewardRow]) -> None:
        """Store shares; a later state of the same share replaces the earlier one."""
        values = [encode(row) for row in rows]
        await self._db.write(lambda db: db.table("rewards").upsert_all(values, pk="id"))

    async def get(self, reward_id: str) -> RewardRow | None:
        """Return one share, None when there is no such id."""
        return await self._db.read(
            lambda db: fetch_one(db, RewardRow, "SELECT * FROM rewards WHERE id = ?", [reward_id])
        )

    async def page(self, *, cursor: str | None = None, limit: int = 50, hotspot: str | None = None) -> Page[RewardRow]:
        """Return shares newest first."""
        where = {"hotspot": hotspot} if hotspot else None
        return await self._db.read(
            lambda db: fetch_page(db, RewardRow, "rewards", order="at_ns", cursor=cursor, limit=limit, where=where)
        )

    async def totals(self) -> dict[tuple[str, str], int]:
        """Return the sum by (token, state), added here because SQLite's integers are too small."""
        totals: dict[tuple[str, str], int] = {}
        sql = "SELECT token, state, amount FROM rewards"
        for token, state, amount in await self._db.read(lambda db: db.conn.execute(sql).fetchall()):
            totals[token, state] = totals.get((token, state), 0) + int(amount)
        return totals
