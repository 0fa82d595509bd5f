"""Rewards as the operator's manifests state them, and intents: transactions that were decided, signed and sent.

Amounts are base units of the token; they are unsigned 64 bit on the chain and therefore stored as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from skerry_agent.store.database import Database
from skerry_agent.store.rows import U64, JsonObject, Page, encode, fetch, fetch_one, fetch_page

__all__ = ["Intent", "IntentState", "Intents", "RewardRow", "RewardState", "Rewards"]


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


class IntentState(Enum):
    """A transaction's life; bytes are stored as SIGNED before they are sent and re-sent unchanged until final."""

    DECIDED = "decided"
    SIGNED = "signed"
    SENT = "sent"
    FINAL = "final"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One transaction; `id` is derived from its cause, so that one cause can never be decided twice."""

    id: str
    kind: str
    cause: JsonObject
    signed: bytes | None = None
    signature: str | None = None
    last_valid_block_height: int | None = None
    created_ns: int
    changed_ns: int
    state: IntentState = IntentState.DECIDED
    reason: str | None = None


class Intents:
    """The table of transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def decide(self, intent: Intent) -> Intent:
        """Store a new intent, or return the one already stored under its id."""

        def insert(db: Any) -> Intent:
            db.table("intents").insert(encode(intent), pk="id", ignore=True)
            stored = fetch_one(db, Intent, "SELECT * FROM intents WHERE id = ?", [intent.id])
            assert stored is not None
            return stored

        return await self._db.write(insert)

    async def change(self, intent: Intent) -> None:
        """Store an intent's next state."""
        await self._db.write(lambda db: db.table("intents").upsert(encode(intent), pk="id"))

    async def in_state(self, *states: IntentState) -> list[Intent]:
        """Return the intents in any of these states, oldest first."""
        marks = ", ".join("?" * len(states))
        sql = f"SELECT * FROM intents WHERE state IN ({marks}) ORDER BY created_ns, id"  # noqa: S608 - only marks
        return await self._db.read(lambda db: fetch(db, Intent, sql, [state.value for state in states]))
