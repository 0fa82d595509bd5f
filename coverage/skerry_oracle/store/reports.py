"""Reports as received, sessions that signed them, and the count of what was refused."""

from collections.abc import Iterable
from dataclasses import dataclass

from skerry_oracle.store.database import Database, Row, Statement, Value

__all__ = ["BEACON", "WITNESS", "ReportTable", "SessionRow", "StoredReport"]

BEACON = "beacon"
WITNESS = "witness"
MAX_SAMPLES_PER_EPOCH = 200  # refused bytes kept for inspection; beyond it refusals are only counted

_COLUMNS = "kind, report_id, content_id, gateway, data, body, received_ms, stored_ms, session_id, peer, is_copy"
# Whether the same content came before is decided inside the transaction, so that no restart or race forgets it.
_MARKS = (
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM reports WHERE content_id = ?) THEN 1 ELSE 0 END, 0"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """One report: `body` is the exact signed message, `report_id` the id of iot-poc 4.1.

    `content_id` is the SHA-256 of what was signed, so that it is equal for a report signed again in a new session;
    `is_copy` says that the same content had been stored before (see `skerry_oracle.ingest` on retries and replays).
    """

    kind: str
    report_id: bytes
    content_id: bytes
    gateway: bytes
    data: bytes
    body: bytes
    received_ms: int
    stored_ms: int
    session_id: bytes | None
    peer: str
    is_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session key's proof: the signed `session_init` as sent and the nonce it answers."""

    session_id: bytes
    gateway: bytes
    session_key: bytes
    nonce: bytes
    init: bytes
    opened_ms: int
    service: str
    peer: str


class ReportTable:
    """Reads and writes reports; statements are returned so that callers can join them into one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, report: StoredReport) -> Statement:
        """Store one report; changes no row when this report id is already there. `is_copy` is found by the database."""
        row = (
            report.kind, report.report_id, report.content_id, report.gateway, report.data, report.body,
            report.received_ms, report.stored_ms, report.session_id, report.peer, report.content_id,
        )  # fmt: skip
        return Statement(f"INSERT INTO reports ({_COLUMNS}, judged) VALUES ({_MARKS}) ON CONFLICT DO NOTHING", (row,))  # noqa: S608 - column names and marks are ours

    def mark_judged(self, keys: Iterable[tuple[str, bytes]]) -> Statement:
        """Note that the reports (kind, report id) have their verdicts."""
        return Statement("UPDATE reports SET judged = 1 WHERE kind = ? AND report_id = ?", tuple(keys))

    def insert_session(self, session: SessionRow) -> Statement:
        """Store the proof of a session."""
        row = (
            session.session_id, session.gateway, session.session_key, session.nonce, session.init, session.opened_ms,
            session.service, session.peer,
        )  # fmt: skip
        return Statement("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", (row,))

    def count_refusal(self, *, epoch: int, kind: str, reason: str, count: int) -> Statement:
        """Add to the number of refusals."""
        return Statement(
            "INSERT INTO refusals VALUES (?, ?, ?, ?) "
            "ON CONFLICT (epoch, kind, reason) DO UPDATE SET count = refusals.count + excluded.count",
            ((epoch, kind, reason, count),),
        )

    def keep_sample(
        self, *, epoch: int, number: int, kind: str, reason: str, peer: str, body: bytes, received_ms: int
    ) -> Statement:
        """Keep refused bytes for inspection."""
        return Statement(
            "INSERT INTO refused_samples VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            ((epoch, number, kind, reason, peer, body, received_ms),),
        )

    async def get(self, kind: str, report_id: bytes) -> StoredReport | None:
        """Return one report."""
        rows = await self._select("kind = ? AND report_id = ?", kind, report_id)
        return rows[0] if rows else None

    async def unjudged(self, kind: str, *, until_ms: int, limit: int) -> list[StoredReport]:
        """Return reports without verdict received up to `until_ms`, oldest first, ties by report id."""
        condition = "kind = ? AND received_ms <= ? AND judged = 0 ORDER BY received_ms, report_id LIMIT ?"
        return await self._select(condition, kind, until_ms, limit)

    async def of_payload(self, kind: str, data: bytes) -> list[StoredReport]:
        """Return all reports of one beacon payload in order of receipt."""
        return await self._select("kind = ? AND data = ? ORDER BY received_ms, report_id", kind, data)

    async def oldest_unjudged_ms(self, kind: str) -> int | None:
        """Return when the oldest report that waits for a verdict was received."""
        ((oldest,),) = await self._database.fetch(
            "SELECT MIN(received_ms) FROM reports WHERE kind = ? AND judged = 0", kind
        )
        return None if oldest is None else _int(oldest)

    async def unjudged_of_payload(self, kind: str, data: bytes, *, until_ms: int) -> list[StoredReport]:
        """Return reports of one beacon payload that wait for a verdict, in order of receipt."""
        condition = "kind = ? AND data = ? AND received_ms <= ? AND judged = 0 ORDER BY received_ms, report_id"
        return await self._select(condition, kind, data, until_ms)

    async def between(self, *, after_ms: int, until_ms: int) -> list[StoredReport]:
        """Return every report received in (after_ms, until_ms], in order of receipt."""
        return await self._select(
            "received_ms > ? AND received_ms <= ? ORDER BY received_ms, report_id, kind", after_ms, until_ms
        )

    async def counts(self) -> dict[str, int]:
        """Return the number of stored reports by kind."""
        rows = await self._database.fetch("SELECT kind, COUNT(*) FROM reports GROUP BY kind")
        return {str(kind): _int(count) for kind, count in rows}

    async def session(self, session_id: bytes) -> SessionRow | None:
        """Return the proof of a session."""
        rows = await self._database.fetch("SELECT * FROM sessions WHERE session_id = ?", session_id)
        return SessionRow(**dict(zip(SessionRow.__slots__, rows[0], strict=True))) if rows else None  # type: ignore[arg-type]

    async def refusals(self, epoch: int | None = None) -> dict[tuple[str, str], int]:
        """Return (kind, reason) -> number refused, of one epoch or of all."""
        condition, parameters = ("", ()) if epoch is None else (" WHERE epoch = ?", (epoch,))
        rows = await self._database.fetch(
            f"SELECT kind, reason, CAST(SUM(count) AS BIGINT) FROM refusals{condition} GROUP BY kind, reason",  # noqa: S608 - column names and marks are ours
            *parameters,
        )
        return {(str(kind), str(reason)): _int(count) for kind, reason, count in rows}

    async def _select(self, condition: str, *parameters: Value) -> list[StoredReport]:
        rows = await self._database.fetch(f"SELECT {_COLUMNS} FROM reports WHERE {condition}", *parameters)  # noqa: S608 - column names and marks are ours
        return [_report(row) for row in rows]


def _report(row: Row) -> StoredReport:
    fields = dict(zip(StoredReport.__slots__, row, strict=True))
    fields["is_copy"] = bool(fields["is_copy"])
    return StoredReport(**fields)  # type: ignore[arg-type]  # the columns have exactly these types


def _int(value: Value) -> int:
    assert isinstance(value, int)
    return value
