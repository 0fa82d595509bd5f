"""gRPC calls and what their failures and their answers mean for a report."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.message import Message

from skerry_wire.errors import MessageRejected
from skerry_wire.messages import parse
from skerry_wire.sink import SinkRefused, SinkUnavailable

__all__ = ["ENDED", "RPC_TIMEOUT_S", "parsed", "raise_as_sink_error", "receipt_ms", "said", "stream_failures", "unary"]

ENDED = "the server ended the call without an answer"
_MS_DIGITS = 15  # enough for thirty thousand years

M = TypeVar("M", bound=Message)

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
    if error.code() in _FINAL:
        raise SinkRefused((error.details() or "").strip() or said(error.code(), None)) from error
    raise SinkUnavailable(said(error.code(), error.details())) from error


@contextmanager
def stream_failures() -> Iterator[None]:
    """Turn each way in which a stream fails into `SinkUnavailable`; a task that is being stopped is stopped."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise SinkUnavailable(said(error.code(), error.details())) from error
    except asyncio.InvalidStateError:
        raise SinkUnavailable("the stream has ended") from None
    except asyncio.CancelledError:
        # gRPC raises this also in a reader whose stream another task of ours gave up, which must not end the reader.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise SinkUnavailable("the stream was given up") from None


def parsed(kind: type[M], raw: bytes) -> M:
    """Decode a server's message. Raises `SinkUnavailable`."""
    try:
        return parse(kind, raw)
    except MessageRejected as error:
        raise SinkUnavailable(f"the answer cannot be read: {error}") from error


def receipt_ms(text: str) -> int | None:
    """Return a receipt's time, None for a text that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MS_DIGITS else None


def said(code: grpc.StatusCode, details: str | None) -> str:
    """Return what a server's status says, as a part of a sentence for the owner."""
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return "the server at this address does not offer this service"
    return ": ".join(filter(None, (code.name.lower(), (details or "").strip())))
