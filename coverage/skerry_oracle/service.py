"""`skerry oracle run`: an oracle with its gRPC services, packet router and admin API, from start to stop."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from skerry_oracle.admin.server import AdminServer, serving
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.limits import RateLimiter
from skerry_oracle.router.roaming_listener import BURST, MESSAGES_PER_S, roaming_app
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.services.packets import PacketService
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate

__all__ = ["OracleService", "ServiceAddresses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddresses:
    """Where the service listens: `host:port`; port 0 takes a free one."""

    grpc: tuple[str, ...] = ("127.0.0.1:9080",)
    admin: str = "127.0.0.1:9081"
    roaming: str | None = None  # downlinks of network servers that are reached by HTTP


class OracleService:
    """Runs one oracle. `folder` gets the files by which commands find it."""

    def __init__(self, oracle: EmbeddedOracle, *, folder: Path, addresses: ServiceAddresses) -> None:
        self.oracle = oracle
        self._folder = folder
        self._addresses = addresses
        self.grpc_ports: list[int] = []
        self.roaming_port = 0

    async def run(self, started: asyncio.Event) -> None:
        """Serve until cancelled; `started` is set once everything listens."""
        oracle = self.oracle
        async with AsyncExitStack() as stack:
            await oracle.open()
            stack.push_async_callback(oracle.close)
            router = PacketRouter(oracle)
            await router.open()
            stack.callback(router.close)
            gate = StreamGate()
            packets = PacketService(oracle, router=router, gate=gate)
            server = OracleServer(oracle, addresses=self._addresses.grpc, handlers=[packets.handler()], gate=gate)
            self.grpc_ports = (await stack.enter_async_context(server)).ports
            admin = AdminServer(oracle, router=router, folder=self._folder, address=self._addresses.admin)
            await stack.enter_async_context(admin)
            if self._addresses.roaming is not None:
                limiter = RateLimiter(clock=oracle.clock, per_s=MESSAGES_PER_S, burst=BURST, max_keys=1)
                app = roaming_app(router.downlinks, secret=router.http.secret, limiter=limiter)
                self.roaming_port = await stack.enter_async_context(serving(app, self._addresses.roaming, "--roaming"))
            async with asyncio.TaskGroup() as group:
                group.create_task(oracle.run(), name="oracle")
                group.create_task(router.run(), name="packet router")
                started.set()
