"""`helium.poc_entropy.poc_entropy`: the entropy that the next beacons are built from."""

import grpc

from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.services.streams import Context, ServiceHandler
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.sink import SinkUnavailable

__all__ = ["ENTROPY", "EntropyService"]

ENTROPY = "helium.poc_entropy.poc_entropy"


class EntropyService:
    """Serves one oracle's entropy."""

    def __init__(self, oracle: EmbeddedOracle) -> None:
        self._oracle = oracle

    def handler(self) -> ServiceHandler:
        """Return the handler to register with a server."""
        return grpc.method_handlers_generic_handler(
            ENTROPY, {"entropy": grpc.unary_unary_rpc_method_handler(self._entropy)}
        )

    async def _entropy(self, _request: bytes, context: Context) -> bytes:
        try:
            entropy = await self._oracle.entropy.current()
        except SinkUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            raise AssertionError("abort raises") from None
        return entropy_report_v1(
            data=entropy.data, timestamp=entropy.timestamp_s, version=entropy.version
        ).SerializeToString()
