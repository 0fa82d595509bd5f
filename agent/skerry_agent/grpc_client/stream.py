"""The ingest stream from the client's side: session-key handshake, reports in order, their receipts (iot-poc 2.3)."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from grpc.aio import EOF  # type: ignore[attr-defined]  # the stubs lack it

from skerry_agent.grpc_client.calls import ENDED, parsed, receipt_ms, stream_failures
from skerry_core.clock import Clock, io_timeout
from skerry_keys.signer import Signer
from skerry_keys.software import SoftwareSigner
from skerry_oracle.services.receipts import RECEIPTS_HEADER, decode_receipts
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_request_v1,
    lora_stream_response_v1,
    lora_stream_session_init_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message
from skerry_wire.sink import Receipt, SinkRefused, SinkUnavailable

__all__ = ["STREAM_METHOD", "IngestStreamClient", "SessionEvidence"]

STREAM_METHOD = "/helium.poc_lora.poc_lora/stream_requests"
HANDSHAKE_TIMEOUT_S = 10.0  # iot-poc 1.5, connect timeout
RECEIPT_TIMEOUT_S = 10.0  # the oracle commits within milliseconds; longer means a broken connection
NONCE_BYTES = 32

Report = lora_beacon_report_req_v1 | lora_witness_report_req_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvidence:
    """What proves that a session key speaks for a gateway: the signed init as sent, which holds the server's nonce."""

    session_id: bytes  # SHA-256 of `init`
    init: bytes
    nonce: bytes
    session_key: bytes
    opened_ms: int


class IngestStreamClient:
    """One stream, from connecting to its end. `open`, then `read_all` while `submit` is called."""

    def __init__(self, channel: Any, *, signer: Signer, clock: Clock, random_bytes: Callable[[int], bytes]) -> None:
        self._signer = signer
        self._clock = clock
        self._session_signer = SoftwareSigner.generate(random_bytes)  # a fresh mainnet Ed25519 key per session
        self._call = channel.stream_stream(STREAM_METHOD)(metadata=((RECEIPTS_HEADER, "1"),))
        self._waiting: deque[asyncio.Future[Receipt]] = deque()
        self._sending = asyncio.Lock()  # receipts come in the order of the reports
        self.gives_receipts = False
        self.is_open = False
        self._given_up: str | None = None  # why our own side ended it

    async def open(self) -> SessionEvidence:
        """Answer the server's offer. Raises `SinkUnavailable`, also when the server breaks the protocol."""
        try:
            async with io_timeout(HANDSHAKE_TIMEOUT_S):
                with stream_failures():
                    init = await self._handshake()
        except TimeoutError:
            raise SinkUnavailable("the server did not offer a session") from None
        self.is_open = True
        encoded = init.SerializeToString()
        return SessionEvidence(
            session_id=hashlib.sha256(encoded).digest(),
            init=encoded,
            nonce=init.nonce,
            session_key=init.session_key,
            opened_ms=self._clock.wall_ms(),
        )

    async def _handshake(self) -> lora_stream_session_init_v1:
        raw = await self._call.read()
        if raw is EOF:
            raise SinkUnavailable(ENDED)
        nonce = parsed(lora_stream_response_v1, raw).offer.nonce
        if len(nonce) != NONCE_BYTES:
            raise SinkUnavailable(f"the server offered a nonce of {len(nonce)} bytes")
        self.gives_receipts = any(name == RECEIPTS_HEADER for name, _ in await self._call.initial_metadata())
        init = lora_stream_session_init_v1(
            pub_key=self._signer.public_key, nonce=nonce, session_key=self._session_signer.public_key
        )
        sign_message(init, self._signer)
        await self._call.write(lora_stream_request_v1(session_init=init).SerializeToString())
        return init

    async def read_all(self) -> None:
        """Hand out receipts until the server ends the session. Reports without receipt fail then.

        Raises `SinkUnavailable` when the stream breaks or the server refuses to go on.
        """
        try:
            with stream_failures():
                while (raw := await self._call.read()) is not EOF:
                    for receipt in _receipts(raw):
                        if self._waiting:
                            _settle(self._waiting.popleft(), receipt)
        except SinkUnavailable as error:
            raise SinkUnavailable(self._given_up or str(error)) from error
        finally:
            self.close("the stream ended")

    async def submit(self, report: Report) -> tuple[Receipt, bytes]:
        """Sign a report with the session key, send it, wait for its receipt; return it and the bytes sent.

        Raises `SinkUnavailable`, `SinkRefused`.
        """
        signed = type(report)()
        signed.CopyFrom(report)  # type: ignore[arg-type]  # both sides have the same type
        sign_message(signed, self._session_signer)
        request = lora_stream_request_v1()
        if isinstance(signed, lora_beacon_report_req_v1):
            request.beacon_report.CopyFrom(signed)
        else:
            request.witness_report.CopyFrom(signed)
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        try:
            async with io_timeout(RECEIPT_TIMEOUT_S):
                async with self._sending:
                    if not self.is_open:
                        raise SinkUnavailable("the stream ended")
                    self._waiting.append(receipt)
                    with stream_failures():
                        await self._call.write(request.SerializeToString())
                return await receipt, signed.SerializeToString()
        except TimeoutError:
            self.close("the oracle gave no receipt in time")
            raise SinkUnavailable("the oracle gave no receipt in time") from None
        except SinkUnavailable:
            self.close("the stream broke")
            raise

    def close(self, reason: str) -> None:
        """End the stream and fail what waits for a receipt: those reports stay with their sender."""
        if self.is_open:
            self._given_up = reason
        self.is_open = False
        self._call.cancel()
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_exception(SinkUnavailable(reason))
                waiting.exception()  # its sender may be gone already


def _receipts(raw: bytes) -> list[str]:
    try:
        return decode_receipts(parsed(lora_stream_response_v1, raw))
    except (DecodeError, UnicodeDecodeError) as error:
        raise SinkUnavailable(f"a receipt cannot be read: {error}") from error


def _settle(waiting: "asyncio.Future[Receipt]", receipt: str) -> None:
    if waiting.done():
        return
    received_ms = receipt_ms(receipt)
    if received_ms is not None:
        waiting.set_result(Receipt(received_ms=received_ms))
    else:
        waiting.set_exception(SinkRefused(receipt.removeprefix("refused ")))
