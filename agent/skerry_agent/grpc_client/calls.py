"""Single gRPC calls and what their failures mean for a report."""

from typing import Any, NoReturn

import grpc

from skerry_wire.sink import SinkRefused, SinkUnavailable

__all__ = ["RPC_TIMEOUT_S", "raise_as_sink_error", "unary"]

RPC_TIMEOUT_S = 5.0  # iot-poc 1.5

# The server read the request and will never accept it; every other status may pass.
_FINAL = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.FAILED_PRECONDITION,
    }
)


async def unary(channel: Any, method: str, request: bytes) -> bytes:
    """Make one call on a `grpc.aio.Channel`. Raises `SinkRefused` with the server's reason, or `SinkUnavailable`."""
    try:
        return bytes(await channel.unary_unary(method)(request, timeout=RPC_TIMEOUT_S))
    except grpc.aio.AioRpcError as error:
        raise_as_sink_error(error)


def raise_as_sink_error(error: grpc.aio.AioRpcError) -> NoReturn:
    """Raise what a failed call means."""
    details = (error.details() or "").strip()
    if error.code() in _FINAL:
        raise SinkRefused(details or error.code().name.lower()) from error
    raise SinkUnavailable(f"{error.code().name.lower()}: {details}") from error
