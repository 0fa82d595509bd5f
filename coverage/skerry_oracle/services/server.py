"""The gRPC server of `skerry oracle run`: all services of one oracle on one or more addresses."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import grpc

from skerry_core.errors import UserError
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.services.config import ConfigService
from skerry_oracle.services.entropy import EntropyService
from skerry_oracle.services.ingest import IngestService
from skerry_oracle.services.streams import ServiceHandler, StreamGate

__all__ = ["OracleServer"]

STOP_GRACE_S = 1.0  # for calls in progress; streams are cut, their clients reconnect
MAX_MESSAGE_BYTES = 65_536  # the largest request is a packet with its metadata, well under 1 kB
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_concurrent_streams", 64),  # per connection; a hotspot uses two
    ("grpc.so_reuseport", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 60_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class OracleServer:
    """Serves while entered: `async with OracleServer(oracle, addresses=["127.0.0.1:9080"]) as server`."""

    def __init__(
        self,
        oracle: EmbeddedOracle,
        *,
        addresses: Sequence[str],
        handlers: Sequence[ServiceHandler] = (),
        gate: StreamGate | None = None,
    ) -> None:
        self._oracle = oracle
        self._addresses = addresses
        self._handlers = handlers
        self._gate = gate or StreamGate()
        self._server: grpc.aio.Server | None = None
        self.ports: list[int] = []

    async def __aenter__(self) -> Self:
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers(
            (
                IngestService(self._oracle, gate=self._gate).handler(),
                EntropyService(self._oracle).handler(),
                ConfigService(self._oracle).handler(),
                *self._handlers,
            )
        )
        for address in self._addresses:
            try:
                self.ports.append(self._server.add_insecure_port(address))
            except RuntimeError as error:
                raise UserError(
                    "E_ADDRESS_IN_USE", f"Cannot listen on {address}: {error}.", remedy="Choose another address."
                ) from None
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        await self._server.stop(STOP_GRACE_S)
