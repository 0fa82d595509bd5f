"""Packets that gateways carried, and the routes they take."""

from collections.abc import Iterable
from dataclasses import dataclass

from skerry_oracle.store.database import Database, Statement

__all__ = ["PacketRow", "PacketTable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRow:
    """One delivered uplink; `dc` is its price in data credits (iot-poc 4.9)."""

    packet_id: bytes
    epoch: int
    gateway: bytes
    oui: int
    net_id: int
    payload_hash: bytes
    payload_size: int
    dc: int
    is_free: bool
    received_ms: int


class PacketTable:
    """Reads and writes packet usage and routes; a route is stored as its encoded message."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, packets: Iterable[PacketRow]) -> Statement:
        """Store packets; one that is there already is not counted again."""
        rows = tuple(
            (
                row.packet_id, row.epoch, row.gateway, row.oui, row.net_id, row.payload_hash, row.payload_size, row.dc,
                int(row.is_free), row.received_ms,
            )
            for row in packets
        )  # fmt: skip
        return Statement("INSERT INTO packets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", rows)

    async def data_credits(self, epoch: int) -> dict[bytes, int]:
        """Return gateway -> DC carried in an epoch."""
        rows = await self._database.fetch(
            "SELECT gateway, CAST(SUM(dc) AS BIGINT) FROM packets WHERE epoch = ? GROUP BY gateway ORDER BY gateway",
            epoch,
        )
        return {bytes(gateway): int(dc) for gateway, dc in rows}  # type: ignore[arg-type]

    async def usage(self, epoch: int) -> dict[int, tuple[int, int]]:
        """Return OUI -> (packets, DC) of an epoch."""
        rows = await self._database.fetch(
            "SELECT oui, COUNT(*), CAST(SUM(dc) AS BIGINT) FROM packets WHERE epoch = ? GROUP BY oui ORDER BY oui",
            epoch,
        )
        return {int(oui): (int(count), int(dc)) for oui, count, dc in rows}  # type: ignore[arg-type]

    async def unburned(self, *, oui: int | None = None) -> int:
        """Return the DC of packets, of one organisation or of all, in epochs that are not settled yet."""
        sql = (
            "SELECT CAST(COALESCE(SUM(dc), 0) AS BIGINT) FROM packets "
            "WHERE epoch NOT IN (SELECT epoch FROM epochs WHERE state IN ('paid', 'unpaid'))"
        )
        rows = await (self._database.fetch(sql) if oui is None else self._database.fetch(f"{sql} AND oui = ?", oui))
        return int(rows[0][0])  # type: ignore[arg-type]

    async def used_by(self, oui: int) -> int:
        """Return the DC of all packets that an organisation ever got."""
        rows = await self._database.fetch("SELECT CAST(COALESCE(SUM(dc), 0) AS BIGINT) FROM packets WHERE oui = ?", oui)
        return int(rows[0][0])  # type: ignore[arg-type]

    async def credits(self) -> dict[int, int]:
        """Return OUI -> DC that the operator has granted it in all."""
        rows = await self._database.fetch("SELECT oui, granted_dc FROM credits ORDER BY oui")
        return {int(oui): int(dc) for oui, dc in rows}  # type: ignore[arg-type]

    def set_credits(self, oui: int, *, granted_dc: int, changed_ms: int) -> Statement:
        """Replace what an organisation was granted in all."""
        return Statement(
            "INSERT INTO credits VALUES (?, ?, ?) ON CONFLICT (oui) DO UPDATE SET "
            "granted_dc = excluded.granted_dc, changed_ms = excluded.changed_ms",
            ((oui, granted_dc, changed_ms),),
        )

    def put_route(self, route_id: str, *, body: bytes, changed_ms: int) -> Statement:
        """Store or replace a route."""
        return Statement(
            "INSERT INTO routes VALUES (?, ?, ?) "
            "ON CONFLICT (route_id) DO UPDATE SET body = excluded.body, changed_ms = excluded.changed_ms",
            ((route_id, body, changed_ms),),
        )

    def delete_route(self, route_id: str) -> Statement:
        """Remove a route."""
        return Statement("DELETE FROM routes WHERE route_id = ?", ((route_id,),))

    async def routes(self) -> list[bytes]:
        """Return every route, by id."""
        rows = await self._database.fetch("SELECT body FROM routes ORDER BY route_id")
        return [bytes(body) for (body,) in rows]  # type: ignore[arg-type]
