"""Epochs, their shares, manifests, signatures and payouts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from skerry_oracle.store.database import Database, Row, Statement, Value

__all__ = ["EpochRow", "EpochTable", "ManifestRow", "ShareRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """How far an epoch is; `state` is a name of `skerry_oracle.epochs.driver.EpochState`."""

    epoch: int
    state: str
    start_ms: int
    end_ms: int
    changed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """What one report adds to its gateway's shares; `share` = `hex_scale` x `reward_unit`, exact decimal text."""

    epoch: int
    gateway: bytes
    owner: bytes | None
    kind: str
    report_id: bytes
    poc_id: bytes | None
    share: str
    hex_scale: str
    reward_unit: str
    received_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One epoch's reward manifest: canonical JSON and its SHA-256."""

    epoch: int
    body: bytes
    hash: bytes
    made_ms: int


class EpochTable:
    """Reads and writes everything that closing an epoch leaves behind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_state(self, row: EpochRow) -> Statement:
        """Create an epoch or move it on."""
        return Statement(
            "INSERT INTO epochs VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (epoch) DO UPDATE SET state = excluded.state, changed_ms = excluded.changed_ms",
            (_values(row),),
        )

    def insert_shares(self, shares: Iterable[ShareRow]) -> Statement:
        """Store shares; those that are there already stay."""
        marks = ", ".join("?" * len(ShareRow.__slots__))
        return Statement(f"INSERT INTO shares VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(map(_values, shares)))  # noqa: S608 - column names and marks are ours

    def insert_manifest(self, row: ManifestRow) -> Statement:
        """Store a manifest; an epoch has one."""
        return Statement("INSERT INTO manifests VALUES (?, ?, ?, ?)", (_values(row),))

    def set_lifetime(self, totals: Mapping[bytes, int]) -> Statement:
        """Replace what hotspots earned over all epochs, in base units."""
        return Statement(
            "INSERT INTO lifetime VALUES (?, ?) ON CONFLICT (gateway) DO UPDATE SET bones = excluded.bones",
            tuple(totals.items()),
        )

    async def lifetime(self) -> dict[bytes, int]:
        """Return gateway -> base units earned over all epochs stated so far."""
        rows = await self._database.fetch("SELECT gateway, bones FROM lifetime")
        return {bytes(gateway): int(bones) for gateway, bones in rows}  # type: ignore[arg-type]

    def insert_signature(self, epoch: int, *, signer: bytes, signature: bytes) -> Statement:
        """Store an oracle's signature of a manifest."""
        return Statement(
            "INSERT INTO manifest_signatures VALUES (?, ?, ?) ON CONFLICT DO NOTHING", ((epoch, signer, signature),)
        )

    def insert_payout(self, epoch: int, *, receipt: str, paid_ms: int) -> Statement:
        """Store what the payer answered."""
        return Statement("INSERT INTO payouts VALUES (?, ?, ?) ON CONFLICT DO NOTHING", ((epoch, receipt, paid_ms),))

    async def all(self) -> list[EpochRow]:
        """Return every epoch, oldest first."""
        rows = await self._database.fetch("SELECT * FROM epochs ORDER BY epoch")
        return [_epoch(row) for row in rows]

    async def latest(self) -> EpochRow | None:
        """Return the newest epoch."""
        rows = await self._database.fetch("SELECT * FROM epochs ORDER BY epoch DESC LIMIT 1")
        return _epoch(rows[0]) if rows else None

    async def get(self, epoch: int) -> EpochRow | None:
        """Return one epoch."""
        rows = await self._database.fetch("SELECT * FROM epochs WHERE epoch = ?", epoch)
        return _epoch(rows[0]) if rows else None

    async def shares(self, epoch: int, *, gateway: bytes | None = None) -> list[ShareRow]:
        """Return an epoch's shares, of one gateway or of all, in order of receipt."""
        if gateway is None:
            condition, parameters = "epoch = ?", (epoch,)
        else:
            condition, parameters = "epoch = ? AND gateway = ?", (epoch, gateway)  # type: ignore[assignment]
        sql = f"SELECT * FROM shares WHERE {condition} ORDER BY received_ms, kind, report_id"  # noqa: S608 - ours
        rows = await self._database.fetch(sql, *parameters)
        return [ShareRow(**dict(zip(ShareRow.__slots__, row, strict=True))) for row in rows]  # type: ignore[arg-type]

    async def manifest(self, epoch: int) -> ManifestRow | None:
        """Return an epoch's manifest."""
        rows = await self._database.fetch("SELECT * FROM manifests WHERE epoch = ?", epoch)
        return ManifestRow(**dict(zip(ManifestRow.__slots__, rows[0], strict=True))) if rows else None  # type: ignore[arg-type]

    async def signatures(self, epoch: int) -> list[tuple[bytes, bytes]]:
        """Return (signer, signature) of an epoch's manifest."""
        rows = await self._database.fetch(
            "SELECT signer, signature FROM manifest_signatures WHERE epoch = ? ORDER BY signer", epoch
        )
        return [(bytes(signer), bytes(signature)) for signer, signature in rows]  # type: ignore[arg-type]

    async def payout(self, epoch: int) -> str | None:
        """Return the payer's receipt."""
        rows = await self._database.fetch("SELECT receipt FROM payouts WHERE epoch = ?", epoch)
        return str(rows[0][0]) if rows else None


def _values(row: object) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in type(row).__slots__)  # type: ignore[attr-defined]


def _epoch(row: Row) -> EpochRow:
    return EpochRow(**dict(zip(EpochRow.__slots__, row, strict=True)))  # type: ignore[arg-type]
