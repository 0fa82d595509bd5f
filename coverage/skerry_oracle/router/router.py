"""One network's packet router: its stored routes, its network servers, its uplinks.

The gRPC service and an operator inside an agent use the same one, so both carry, count and charge packets alike.
"""

import asyncio
from typing import assert_never

from skerry_core.errors import RefusedError
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.charges import MINIMUM_DC, Charges, CreditSource
from skerry_oracle.router.credits import StoredCredits
from skerry_oracle.router.downlinks import Downlinks
from skerry_oracle.router.http import HttpHub
from skerry_oracle.router.lns import LnsHub
from skerry_oracle.router.routes import RouteBook, RouteRecord
from skerry_oracle.router.servers import GwmpServer, HttpServer
from skerry_oracle.router.uplinks import UplinkRouter
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_up_v1

__all__ = ["PacketRouter"]


class PacketRouter:
    """Made beside an open oracle; `open()` before use, `run()` beside it, `close()` at the end."""

    def __init__(
        self, oracle: EmbeddedOracle, *, credits: CreditSource | None = None, minimum_dc: int = MINIMUM_DC
    ) -> None:
        """Organisations are charged where `credits` says; by default to accounts that the operator grants here."""
        granted = StoredCredits(oracle.database, clock=oracle.clock)
        self.granted = granted if credits is None else None
        self.charges = Charges(credits or granted, clock=oracle.clock, minimum_dc=minimum_dc)
        self.book = RouteBook(oracle.database, clock=oracle.clock)
        self.downlinks = Downlinks()
        self._gwmp = LnsHub(clock=oracle.clock, downlinks=self.downlinks)
        self.http = HttpHub(clock=oracle.clock, downlinks=self.downlinks, random_bytes=oracle.random_bytes)
        self.uplinks = UplinkRouter(
            oracle.database,
            clock=oracle.clock,
            calendar=oracle.network.calendar,
            registry=oracle.registry,
            book=self.book,
            deliver=self._deliver,
            charges=self.charges,
        )

    async def open(self) -> None:
        """Read the stored routes."""
        await self.book.load()
        if self.granted is not None:
            await self.granted.open()

    async def run(self) -> None:
        """Send by HTTP and keep the ways back from the network servers open until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._gwmp.run(), name="network servers: GWMP")
            group.create_task(self.http.run(), name="network servers: HTTP")
            group.create_task(self.charges.run(), name="organisations' credits")

    def close(self) -> None:
        """Close every socket."""
        self._gwmp.close()

    async def accounts(self) -> list[dict[str, object]]:
        """Return every organisation with a route or an account, and how it stands. Raises `SkerryError`."""
        ouis = {record.route.oui for record in self.book.all()}
        return await self.charges.accounts(ouis | set(self.granted.ouis if self.granted is not None else ()))

    async def grant(self, oui: int, amount_dc: int) -> None:
        """Add to an organisation's account. Raises `UsageError` E_CREDITS, `RefusedError` E_CREDITS_ON_CHAIN."""
        if self.granted is None:
            raise RefusedError("E_CREDITS_ON_CHAIN", "Here the balance on the chain counts.", remedy="skerry dc --help")
        await self.granted.grant(oui, amount_dc)
        await self.charges.unlock_funded()

    async def _deliver(self, packet: packet_router_packet_up_v1, record: RouteRecord) -> bool:
        match record.server:
            case GwmpServer() as server:
                return await self._gwmp.deliver(packet, server)
            case HttpServer() as server:
                return self.http.deliver(packet, server, net_id=record.route.net_id)
            case other:
                assert_never(other)
