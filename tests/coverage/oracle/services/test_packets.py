"""The packet router's stream as gateway-rs opens it."""

import asyncio
from pathlib import Path
from typing import Any

import grpc

from skerry_oracle.router.router import PacketRouter
from skerry_oracle.services.packets import ROUTER, PacketService
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import make_oracle, simulated


def test_headers_come_before_the_client_has_sent_anything(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        router = PacketRouter(oracle)
        service = PacketService(oracle, router=router, gate=StreamGate())
        async with (
            OracleServer(oracle, addresses=["127.0.0.1:0"], handlers=[service.handler()]) as server,
            grpc.aio.insecure_channel(f"127.0.0.1:{server.ports[0]}") as opened,
        ):
            channel: Any = opened  # the stubs ask for more than grpcio does
            call = channel.stream_stream(f"/{ROUTER}/route")()
            with clock.hold("test"):
                headers = asyncio.ensure_future(call.initial_metadata())
                done, _ = await asyncio.wait({headers}, timeout=10)
            assert headers in done
            call.cancel()
        router.close()
        await oracle.close()

    simulated(main)
