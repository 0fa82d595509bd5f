"""Verdicts and the times kept between beacons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skerry_coverage.iot.registry import KeptTimes
from skerry_oracle.store.database import Database, Row, Statement, Value

__all__ = ["VerdictRow", "VerdictTable"]

IDS_PER_QUERY = 500  # below every database's limit of parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """The verdict on one report: result, first failing rule's reason, whose side, what it was judged from.

    `inputs` is canonical JSON (see `skerry_oracle.judge`); `selected` says that it earns a share.
    """

    kind: str
    report_id: bytes
    gateway: bytes
    poc_id: bytes | None
    received_ms: int
    epoch: int
    valid: bool
    reason: str | None
    side: str | None
    selected: bool
    rule_set: str
    inputs: bytes
    judged_ms: int


class VerdictTable:
    """Reads and writes verdicts; a verdict is written once and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, rows: Iterable[VerdictRow]) -> Statement:
        """Store verdicts; one that is there already stays."""
        marks = ", ".join("?" * len(VerdictRow.__slots__))
        return Statement(f"INSERT INTO verdicts VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(map(_values, rows)))  # noqa: S608 - column names and marks are ours

    def keep_times(self, times: Mapping[bytes, KeptTimes]) -> Statement:
        """Replace the kept times of the given gateways."""
        return Statement(
            "INSERT INTO gateway_times VALUES (?, ?, ?, ?) ON CONFLICT (gateway) DO UPDATE SET "
            "last_beacon_ms = excluded.last_beacon_ms, "
            "last_beacon_reciprocity_ms = excluded.last_beacon_reciprocity_ms, "
            "last_witness_ms = excluded.last_witness_ms",
            tuple(
                (gateway, kept.last_beacon_ms, kept.last_beacon_reciprocity_ms, kept.last_witness_ms)
                for gateway, kept in times.items()
            ),
        )

    async def times(self) -> dict[bytes, KeptTimes]:
        """Return the kept times of every gateway."""
        rows = await self._database.fetch("SELECT * FROM gateway_times")
        return {
            bytes(gateway): KeptTimes(  # type: ignore[arg-type]
                last_beacon_ms=beacon, last_beacon_reciprocity_ms=reciprocity, last_witness_ms=witness  # type: ignore[arg-type]
            )
            for gateway, beacon, reciprocity, witness in rows
        }  # fmt: skip

    async def get(self, kind: str, report_id: bytes) -> VerdictRow | None:
        """Return the verdict on a report."""
        rows = await self._select("kind = ? AND report_id = ?", kind, report_id)
        return rows[0] if rows else None

    async def of_poc(self, poc_id: bytes) -> list[VerdictRow]:
        """Return a beacon's verdict and its witnesses', in order of receipt."""
        return await self._select("poc_id = ? ORDER BY kind, received_ms, report_id", poc_id)

    async def of_epoch(self, epoch: int, *, valid_only: bool = False) -> list[VerdictRow]:
        """Return an epoch's verdicts in order of receipt."""
        condition = "epoch = ? AND valid = 1" if valid_only else "epoch = ?"
        return await self._select(f"{condition} ORDER BY received_ms, kind, report_id", epoch)

    async def page(self, *, gateway: bytes | None = None, before_ms: int, limit: int) -> list[VerdictRow]:
        """Return the latest verdicts received before a moment, newest first."""
        if gateway is None:
            return await self._select("received_ms < ? ORDER BY received_ms DESC, report_id LIMIT ?", before_ms, limit)
        return await self._select(
            "gateway = ? AND received_ms < ? ORDER BY received_ms DESC, report_id LIMIT ?", gateway, before_ms, limit
        )

    async def since(self, gateway: bytes, *, judged_ms: int, limit: int) -> list[tuple[VerdictRow, bytes]]:
        """Return a gateway's verdicts made at or after a moment with the exact reports, oldest first; no replays."""
        names = ", ".join(f"v.{name}" for name in VerdictRow.__slots__)
        sql = (
            f"SELECT {names}, r.body FROM verdicts v "  # noqa: S608 - column names are ours
            "JOIN reports r ON r.kind = v.kind AND r.report_id = v.report_id "
            "WHERE v.gateway = ? AND v.judged_ms >= ? AND r.is_copy = 0 ORDER BY v.judged_ms, v.report_id LIMIT ?"
        )
        rows = await self._database.fetch(sql, gateway, judged_ms, limit)
        return [(_row(row[:-1]), bytes(row[-1])) for row in rows]  # type: ignore[arg-type]

    async def counts(self, epoch: int | None = None) -> dict[tuple[str, str | None], int]:
        """Return (kind, reason) -> number of verdicts, reason None for valid ones."""
        condition, parameters = ("", ()) if epoch is None else (" WHERE epoch = ?", (epoch,))
        sql = f"SELECT kind, reason, COUNT(*) FROM verdicts{condition} GROUP BY kind, reason"  # noqa: S608 - ours
        rows = await self._database.fetch(sql, *parameters)
        return {(str(kind), None if reason is None else str(reason)): int(count) for kind, reason, count in rows}  # type: ignore[arg-type]

    async def selected_of(self, poc_ids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the number of selected witnesses of each proof."""
        wanted = list(poc_ids)
        counts = dict.fromkeys(wanted, 0)
        for start in range(0, len(wanted), IDS_PER_QUERY):
            some = wanted[start : start + IDS_PER_QUERY]
            marks = ", ".join("?" * len(some))
            condition = f"kind = 'witness' AND selected = 1 AND poc_id IN ({marks})"
            sql = f"SELECT poc_id, COUNT(*) FROM verdicts WHERE {condition} GROUP BY poc_id"  # noqa: S608 - marks only
            for poc_id, count in await self._database.fetch(sql, *some):
                counts[bytes(poc_id)] = int(count)  # type: ignore[arg-type]
        return counts

    async def _select(self, condition: str, *parameters: Value) -> list[VerdictRow]:
        names = ", ".join(VerdictRow.__slots__)
        rows = await self._database.fetch(f"SELECT {names} FROM verdicts WHERE {condition}", *parameters)  # noqa: S608 - column names and marks are ours
        return [_row(row) for row in rows]


def _values(row: VerdictRow) -> Row:
    values = (getattr(row, name) for name in VerdictRow.__slots__)
    return tuple(int(value) if isinstance(value, bool) else value for value in values)


def _row(row: Row) -> VerdictRow:
    fields = dict(zip(VerdictRow.__slots__, row, strict=True))
    fields["valid"], fields["selected"] = bool(fields["valid"]), bool(fields["selected"])
    return VerdictRow(**fields)  # type: ignore[arg-type]
