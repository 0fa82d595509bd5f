"""One network's packet router: its stored routes, its network servers, its uplinks.

The gRPC service and an operator inside an agent use the same one, so both carry, count and charge packets alike.
"""

from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.lns import LnsHub
from skerry_oracle.router.routes import RouteBook
from skerry_oracle.router.uplinks import UplinkRouter

__all__ = ["PacketRouter"]


class PacketRouter:
    """Made beside an open oracle; `open()` before use, `run()` beside it, `close()` at the end."""

    def __init__(self, oracle: EmbeddedOracle) -> None:
        self.book = RouteBook(oracle.database, clock=oracle.clock)
        self.servers = LnsHub(clock=oracle.clock)
        self.uplinks = UplinkRouter(
            oracle.database,
            clock=oracle.clock,
            calendar=oracle.network.calendar,
            registry=oracle.registry,
            book=self.book,
            deliver=self.servers.deliver,
        )

    async def open(self) -> None:
        """Read the stored routes."""
        await self.book.load()

    async def run(self) -> None:
        """Keep the ways back from the network servers open until cancelled."""
        await self.servers.run()

    def close(self) -> None:
        """Close every socket."""
        self.servers.close()
