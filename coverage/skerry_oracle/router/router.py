"""One network's packet router: its stored routes, its network servers, its uplinks.

The gRPC service and an operator inside an agent use the same one, so both carry, count and charge packets alike.
"""

import asyncio
from typing import assert_never

from skerry_oracle.embedded import EmbeddedOracle
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

    def __init__(self, oracle: EmbeddedOracle) -> None:
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
        )

    async def open(self) -> None:
        """Read the stored routes."""
        await self.book.load()

    async def run(self) -> None:
        """Send by HTTP and keep the ways back from the network servers open until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._gwmp.run(), name="network servers: GWMP")
            group.create_task(self.http.run(), name="network servers: HTTP")

    def close(self) -> None:
        """Close every socket."""
        self._gwmp.close()

    async def _deliver(self, packet: packet_router_packet_up_v1, record: RouteRecord) -> bool:
        match record.server:
            case GwmpServer() as server:
                return await self._gwmp.deliver(packet, server)
            case HttpServer() as server:
                return self.http.deliver(packet, server, net_id=record.route.net_id)
            case other:
                assert_never(other)
