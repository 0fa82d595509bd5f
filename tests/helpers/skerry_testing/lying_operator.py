"""A real gRPC server on loopback that serves one bidirectional stream in any wrong way a test can think of."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_simulate.clock import SimulatedClock

__all__ = ["Stream", "serving", "until"]

Stream = Callable[[Any, Any], Awaitable[None]]  # (requests, context)
GIVE_UP_S = 60  # real seconds: for a program that hangs, not for one that is slow


@contextlib.asynccontextmanager
async def serving(method: str, stream: Stream) -> AsyncIterator[str]:
    """Serve `/package.service/method` by `stream`, everything else by UNIMPLEMENTED; yield `host:port`."""
    service, _, name = method.strip("/").partition("/")
    server = grpc.aio.server()
    handlers = {name: grpc.stream_stream_rpc_method_handler(stream)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def until(condition: Callable[[], bool], clock: SimulatedClock) -> None:
    """Return when a condition holds that only real I/O can bring about; simulated time stands still meanwhile."""
    real = SystemClock()
    end_ns = real.monotonic_ns() + GIVE_UP_S * NS_PER_S
    with clock.hold("test"):
        while not condition():
            assert real.monotonic_ns() < end_ns, "it never came to be"
            await asyncio.to_thread(lambda: None)
