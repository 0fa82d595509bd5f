"""What becomes of one uplink: the router's checks in order, its routes, its copies, its price (iot-poc 5.3, 4.9)."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from skerry_core.clock import Clock
from skerry_coverage.iot.denylist import ExplicitDenylist
from skerry_coverage.lorawan.errors import LorawanRefused
from skerry_coverage.lorawan.routing import Route, choose_routes
from skerry_oracle.epochs.calendar import EpochCalendar
from skerry_oracle.errors import OracleError
from skerry_oracle.limits import RateLimiter
from skerry_oracle.registry.book import Registry
from skerry_oracle.router.charges import Charges
from skerry_oracle.router.copies import Copies
from skerry_oracle.router.routes import RouteBook, RouteRecord
from skerry_oracle.store.database import Database
from skerry_oracle.store.packets import PacketRow, PacketTable
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_up_v1
from skerry_wire.lorawan import RouterUndefined, packet_type
from skerry_wire.signing import verify_message

__all__ = ["PACKET", "PacketRefused", "Routed", "UplinkRouter"]

PACKET = "packet"  # the kind under which refusals are counted
PACKETS_PER_S = 25
SAME_PACKET_PER_S = 1
TRACKED = 50_000
FREE_NET_IDS = frozenset({0xC00053})  # HIP-102

Deliver = Callable[[packet_router_packet_up_v1, RouteRecord], Awaitable[bool]]
"""Hands an uplink to a route's network server; False when it cannot be reached."""


class PacketRefused(OracleError):
    """The router takes no interest in the packet; `reason` is the protocol's term."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Where a packet went; `dc` is what it was charged, 0 when it was not reported."""

    payload_hash: bytes
    route_ids: tuple[str, ...]
    dc: int


class UplinkRouter:
    """One network's uplinks."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        calendar: EpochCalendar,
        registry: Registry,
        book: RouteBook,
        deliver: Deliver,
        charges: Charges,
    ) -> None:
        self._database = database
        self._table = PacketTable(database)
        self._clock = clock
        self._calendar = calendar
        self._registry = registry
        self._book = book
        self._deliver = deliver
        self._charges = charges
        self._per_gateway = RateLimiter(clock=clock, per_s=PACKETS_PER_S, burst=PACKETS_PER_S, max_keys=TRACKED)
        self._per_packet = RateLimiter(clock=clock, per_s=SAME_PACKET_PER_S, burst=1, max_keys=TRACKED)
        self._copies = Copies()

    async def route(
        self,
        packet: packet_router_packet_up_v1,
        *,
        gateway: bytes,
        signer: bytes | None,
        packet_id: bytes | None = None,
    ) -> Routed:
        """Check and deliver a packet of a stream whose packets `signer` signs; None for a hotspot of this process.

        A `packet_id` of the caller's makes counting idempotent. Raises `PacketRefused`.
        """
        payload_hash = hashlib.sha256(packet.payload).digest()
        self._check(packet, gateway, signer, payload_hash)
        try:
            choice = choose_routes(packet.payload, self._charges.locked(self._book.routes()))
        except LorawanRefused as error:
            raise PacketRefused(error.reason) from None
        # Looked up before anything is awaited: an operator may remove a route at any moment.
        found = [(self._book.record(one.route.id), one.max_copies) for one in choice.deliveries]
        wanted = [
            record
            for record, max_copies in found
            if self._copies.take(record.server.name, payload_hash, limit=max_copies)
        ]
        done = [await self._deliver(packet, record) for record in wanted]
        dc = 0
        if done and all(done) and choice.reported:
            dc = await self._charge(packet, gateway, payload_hash, wanted[0].route, packet_id)
        taken = tuple(record.route.id for record, was_delivered in zip(wanted, done, strict=True) if was_delivered)
        return Routed(payload_hash=payload_hash, route_ids=taken, dc=dc)

    def _check(
        self, packet: packet_router_packet_up_v1, gateway: bytes, signer: bytes | None, payload_hash: bytes
    ) -> None:
        if isinstance(packet_type(packet.payload), RouterUndefined):
            raise PacketRefused("invalid_packet_type")
        if packet.gateway != gateway:
            raise PacketRefused("wrong_gateway")
        denylist = self._registry.denylist_at(self._clock.wall_ms())
        if denylist is None or ExplicitDenylist.of(tag=denylist.serial, keys=denylist.keys).denies(gateway):
            raise PacketRefused("gateway_denied")
        if signer is not None and not verify_message(packet, signer):
            raise PacketRefused("bad_signature")
        if not self._per_gateway.take(gateway.hex()):
            raise PacketRefused("gateway_limit_exceeded")
        if not self._per_packet.take(f"{gateway.hex()}/{payload_hash.hex()}"):
            raise PacketRefused("packet_limit_exceeded")

    async def _charge(
        self,
        packet: packet_router_packet_up_v1,
        gateway: bytes,
        payload_hash: bytes,
        route: Route,
        packet_id: bytes | None,
    ) -> int:
        """Charge and count a reported uplink once per hotspot and copy; joins are never charged.

        One that its payer cannot pay was delivered and earns nothing: raises `PacketRefused` insufficient_balance.
        """
        received_ms = self._clock.wall_ms()
        is_free = route.net_id in FREE_NET_IDS
        charged = await self._charges.charge(route.oui, payload_bytes=len(packet.payload), free=is_free)
        if not charged.valid:
            raise PacketRefused("insufficient_balance")
        row = PacketRow(
            packet_id=packet_id or _packet_id(gateway, payload_hash, received_ms),
            epoch=self._calendar.epoch_of(received_ms),
            gateway=gateway,
            oui=route.oui,
            net_id=route.net_id,
            payload_hash=payload_hash,
            payload_size=len(packet.payload),
            dc=charged.dc,
            is_free=is_free,
            received_ms=received_ms,
        )
        await self._database.apply([self._table.insert([row])])
        return charged.dc


def _packet_id(gateway: bytes, payload_hash: bytes, received_ms: int) -> bytes:
    return hashlib.sha256(gateway + payload_hash + received_ms.to_bytes(8, "big")).digest()
