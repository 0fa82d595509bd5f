"""Uplinks that the operator's hotspots carry: routed by device address, priced in data credits, counted once.

The same rules serve the gRPC packet router; this is the way in for hotspots of the same process.
"""

import hashlib
from collections.abc import Sequence

from skerry_core.clock import Clock
from skerry_coverage.iot.packet_dc import packet_dc
from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.routing import Route, choose_routes
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.router.copies import Copies
from skerry_oracle.store.database import Database
from skerry_oracle.store.packets import PacketRow, PacketTable
from skerry_wire.frames import ReceivedFrame

__all__ = ["EmbeddedRouter"]


class EmbeddedRouter:
    """One network's routes. `carry` says whether anybody wanted the packet."""

    def __init__(self, database: Database, *, routes: Sequence[Route], calendar: EpochCalendar, clock: Clock) -> None:
        self._database = database
        self._table = PacketTable(database)
        self._routes = tuple(routes)
        self._calendar = calendar
        self._clock = clock
        self._copies = Copies()

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str) -> bool:
        """Count a packet once per hotspot that carried it, and say whether any route takes it."""
        try:
            choice = choose_routes(frame.phy, self._routes)
        except LorawanRefused:
            return False
        payload_hash = hashlib.sha256(frame.phy).digest()
        wanted = [delivery for delivery in choice.deliveries if self._copies.take(delivery, payload_hash)]
        if wanted and choice.reported:
            await self._count(gateway, frame, packet_id, wanted[0].route)
        return bool(wanted)

    async def _count(self, gateway: bytes, frame: ReceivedFrame, packet_id: str, route: Route) -> None:
        received_ms = self._clock.wall_ms()
        row = PacketRow(
            packet_id=hashlib.sha256(gateway + packet_id.encode()).digest(),
            epoch=self._calendar.epoch_of(received_ms),
            gateway=gateway,
            oui=route.oui,
            net_id=route.net_id,
            payload_hash=hashlib.sha256(frame.phy).digest(),
            payload_size=len(frame.phy),
            dc=packet_dc(payload_bytes=len(frame.phy), packet_type="uplink", free=False) or 0,
            is_free=False,
            received_ms=received_ms,
        )
        await self._database.apply([self._table.insert([row])])
