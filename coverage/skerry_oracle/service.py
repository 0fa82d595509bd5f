"""`skerry oracle run`: an oracle with its gRPC services, packet router and admin API, from start to stop."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from skerry_core.errors import UserError
from skerry_core.files import write_atomic
from skerry_oracle.admin.access import AdminTokens
from skerry_oracle.admin.app import admin_app
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.lns import LnsHub
from skerry_oracle.router.routes import RouteBook
from skerry_oracle.router.uplinks import UplinkRouter
from skerry_oracle.services.packets import PacketService
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate

__all__ = ["OracleService", "ServiceAddresses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddresses:
    """Where the service listens: `host:port`; port 0 takes a free one."""

    grpc: tuple[str, ...] = ("127.0.0.1:9080",)
    admin: str = "127.0.0.1:9081"


class OracleService:
    """Runs one oracle. `folder` gets two small files for the commands: the admin API's address and a private token."""

    def __init__(self, oracle: EmbeddedOracle, *, folder: Path, addresses: ServiceAddresses) -> None:
        self.oracle = oracle
        self._folder = folder
        self._addresses = addresses
        self.grpc_ports: list[int] = []
        self.admin_port = 0

    async def run(self, started: asyncio.Event) -> None:
        """Serve until cancelled; `started` is set once everything listens."""
        oracle = self.oracle
        async with AsyncExitStack() as stack:
            await oracle.open()
            stack.push_async_callback(oracle.close)
            book = RouteBook(oracle.database, clock=oracle.clock)
            await book.load()
            hub = LnsHub(clock=oracle.clock)
            stack.callback(hub.close)
            await self._start_grpc(stack, book, hub)
            await self._start_admin(stack, book)
            async with asyncio.TaskGroup() as group:
                group.create_task(oracle.run(), name="oracle")
                group.create_task(hub.run(), name="network servers")
                started.set()

    async def _start_grpc(self, stack: AsyncExitStack, book: RouteBook, hub: LnsHub) -> None:
        oracle, gate = self.oracle, StreamGate()
        router = UplinkRouter(
            oracle.database,
            clock=oracle.clock,
            calendar=oracle.network.calendar,
            registry=oracle.registry,
            book=book,
            deliver=hub.deliver,
        )
        packets = PacketService(oracle, router=router, hub=hub, gate=gate)
        server = OracleServer(oracle, addresses=self._addresses.grpc, handlers=[packets.handler()], gate=gate)
        self.grpc_ports = (await stack.enter_async_context(server)).ports

    async def _start_admin(self, stack: AsyncExitStack, book: RouteBook) -> None:
        tokens = AdminTokens(self.oracle.database, random_bytes=self.oracle.random_bytes)
        await tokens.load()
        host, _, port = self._addresses.admin.rpartition(":")
        app = admin_app(self.oracle, tokens=tokens, routes=book, hosts=frozenset({host, "127.0.0.1", "localhost"}))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, host, int(port))
        try:
            await site.start()
        except OSError as error:
            raise UserError(
                "E_ADDRESS_IN_USE", f"Cannot listen on {self._addresses.admin}: {error}.", remedy="Use --admin."
            ) from None
        self.admin_port = runner.addresses[0][1]
        write_atomic(self._folder / "admin.token", tokens.local().encode())
        write_atomic(self._folder / "admin.address", f"http://{host}:{self.admin_port}".encode())
