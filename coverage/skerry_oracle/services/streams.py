"""What the stream services share: the peer's name, limits on open streams, reads with a deadline."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import grpc
from grpc.aio import EOF  # type: ignore[attr-defined]  # the stubs lack it

from skerry_core.clock import NS_PER_MS, Clock
from skerry_oracle.errors import OracleError

__all__ = [
    "Context",
    "ServiceHandler",
    "StreamGate",
    "TooManyStreams",
    "limited",
    "monotonic_ms",
    "peer_name",
    "read",
    "read_until",
]

if TYPE_CHECKING:
    ServiceHandler: TypeAlias = grpc.GenericRpcHandler[Any, Any]
else:
    ServiceHandler = grpc.GenericRpcHandler  # generic in the stubs only

MAX_STREAMS = 5_000
MAX_STREAMS_PER_PEER = 2_500  # many hotspots may stand behind one address


class Context(Protocol):
    """The part of a server call that the services use; grpcio has no annotations of its own."""

    def peer(self) -> str: ...

    def invocation_metadata(self) -> Any: ...

    async def send_initial_metadata(self, metadata: Any) -> None: ...

    async def read(self) -> Any: ...

    async def write(self, message: bytes) -> None: ...

    async def abort(self, code: grpc.StatusCode, details: str) -> None: ...


class TooManyStreams(OracleError):
    """The peer or all peers together have too many streams open."""


class StreamGate:
    """Counts open streams."""

    def __init__(self, *, total: int = MAX_STREAMS, per_peer: int = MAX_STREAMS_PER_PEER) -> None:
        self._total = total
        self._per_peer = per_peer
        self._open: Counter[str] = Counter()

    @contextmanager
    def enter(self, peer: str) -> Iterator[None]:
        """Hold one stream open. Raises `TooManyStreams`."""
        if self._open.total() >= self._total or self._open[peer] >= self._per_peer:
            raise TooManyStreams(peer)
        self._open[peer] += 1
        try:
            yield
        finally:
            self._open[peer] -= 1
            if not self._open[peer]:
                del self._open[peer]


def peer_name(context: Context) -> str:
    """Return the client's address without its port: `ipv4:127.0.0.1:4711` becomes `127.0.0.1`."""
    kind, _, rest = context.peer().partition(":")
    return rest.rpartition(":")[0] if kind.startswith("ipv") else kind


def monotonic_ms(clock: Clock) -> int:
    """Return monotonic time in milliseconds, which the protocol machines count in."""
    return clock.monotonic_ns() // NS_PER_MS


@asynccontextmanager
async def limited(clock: Clock, deadline_ms: int) -> AsyncIterator[None]:
    """Raise `TimeoutError` out of the block at a deadline in `monotonic_ms`; one limit serves many reads."""
    async with clock.timeout(max(0, deadline_ms - monotonic_ms(clock)) / 1000):
        yield


async def read(context: Context) -> bytes | None:
    """Return the next request, None when the client is done."""
    request = await context.read()
    return None if request is EOF else cast(bytes, request)


async def read_until(context: Context, clock: Clock, deadline_ms: int) -> bytes | None:
    """Return the next request, None when the client is done. Raises `TimeoutError` at the deadline."""
    async with limited(clock, deadline_ms):
        return await read(context)
