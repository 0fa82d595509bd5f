"""`helium.poc_lora.poc_lora`: reports by single calls, and by a stream with a session key (iot-poc 2.3)."""

import asyncio
import hashlib
from typing import Any

import grpc

from skerry_coverage.iot.signed_report import SignedReport
from skerry_coverage.iot.stream import Accepted, Closed, IngestStream, SessionStarted
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.ingest import Arrival
from skerry_oracle.services.receipt_writer import ReceiptWriter
from skerry_oracle.services.receipts import RECEIPTS_HEADER
from skerry_oracle.services.streams import (
    Context,
    ServiceHandler,
    StreamGate,
    TooManyStreams,
    limited,
    monotonic_ms,
    peer_name,
    read,
)
from skerry_oracle.store.reports import BEACON, WITNESS, SessionRow
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_resp_v1,
    lora_stream_response_v1,
    lora_stream_session_init_v1,
    lora_stream_session_offer_v1,
)
from skerry_wire.sink import SinkRefused, SinkUnavailable

__all__ = ["INGEST", "IngestService"]

INGEST = "helium.poc_lora.poc_lora"
NONCE_BYTES = 32
OFFER_TIMEOUT_MS = 5_000
SESSION_TIMEOUT_MS = 1_800_000
STREAM = "stream"  # the kind under which broken streams are counted


class IngestService:
    """Serves one oracle's ingest. Requests come as bytes, so that limits apply before anything is parsed."""

    def __init__(
        self,
        oracle: EmbeddedOracle,
        *,
        gate: StreamGate,
        offer_timeout_ms: int = OFFER_TIMEOUT_MS,
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        self._oracle = oracle
        self._gate = gate
        self._offer_timeout_ms = offer_timeout_ms
        self._session_timeout_ms = session_timeout_ms

    def handler(self) -> ServiceHandler:
        """Return the handler to register with a server."""
        return grpc.method_handlers_generic_handler(
            INGEST,
            {
                "submit_lora_beacon": grpc.unary_unary_rpc_method_handler(self._beacon),
                "submit_lora_witness": grpc.unary_unary_rpc_method_handler(self._witness),
                "stream_requests": grpc.stream_stream_rpc_method_handler(self._stream),
            },
        )

    async def _beacon(self, body: bytes, context: Context) -> bytes:
        return await self._submit(BEACON, body, context)

    async def _witness(self, body: bytes, context: Context) -> bytes:
        return await self._submit(WITNESS, body, context)

    async def _submit(self, kind: str, body: bytes, context: Context) -> bytes:
        try:
            receipt = await self._oracle.ingest.submit(kind, body, peer=peer_name(context))
        except SinkRefused as refusal:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, refusal.reason)
            raise AssertionError("abort raises") from None
        except SinkUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
            raise AssertionError("abort raises") from None
        return lora_beacon_report_resp_v1(id=str(receipt.received_ms)).SerializeToString()

    async def _stream(self, _requests: Any, context: Context) -> None:
        peer = peer_name(context)
        try:
            with self._gate.enter(peer):
                closed = await self._serve(context, peer)
        except TooManyStreams:
            self._oracle.refusals.note(kind=STREAM, reason="too_many_streams", peer=peer)
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams")
            return
        if closed is not None and not closed.reason.endswith("_timeout"):
            self._oracle.refusals.note(kind=STREAM, reason=closed.reason, peer=peer)
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, closed.reason)

    async def _serve(self, context: Context, peer: str) -> Closed | None:
        """Run one stream; return why the server closed it, None when the client did."""
        clock = self._oracle.clock
        wants_receipts = any(name == RECEIPTS_HEADER for name, _ in context.invocation_metadata() or ())
        if wants_receipts:
            await context.send_initial_metadata(((RECEIPTS_HEADER, "1"),))
        nonce = self._oracle.random_bytes(NONCE_BYTES)
        offer = lora_stream_response_v1(offer=lora_stream_session_offer_v1(nonce=nonce))
        await context.write(offer.SerializeToString())
        stream = IngestStream(
            network=self._oracle.network.key_network,
            nonce=nonce,
            offered_at_ms=monotonic_ms(clock),
            offer_timeout_ms=self._offer_timeout_ms,
            session_timeout_ms=self._session_timeout_ms,
        )
        receipts = ReceiptWriter(context.write if wants_receipts else None)
        closed: Closed | None = None
        unavailable: SinkUnavailable | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(receipts.run(), name=f"{peer}: receipts")
                try:
                    closed = await self._read(stream, context, peer, receipts)
                except SinkUnavailable as error:
                    unavailable = error
                receipts.finish()  # what was accepted before the end is acknowledged before the end
        except* SinkUnavailable as failed:
            unavailable = SinkUnavailable(str(failed.exceptions[0]))
        if unavailable is not None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(unavailable))
        return closed

    async def _read(self, stream: IngestStream, context: Context, peer: str, receipts: ReceiptWriter) -> Closed | None:
        """Read until the stream ends: first for the time of the offer, then for that of the session."""
        clock = self._oracle.clock
        session: SessionRow | None = None
        while stream.deadline_ms is not None:
            try:
                async with limited(clock, stream.deadline_ms):
                    while (request := await read(context)) is not None:
                        match stream.receive(request, monotonic_ms(clock)):
                            case Closed() as closed:
                                return closed
                            case SessionStarted(init=init):
                                session = await self._open_session(init, peer)
                                break  # to the session's own deadline
                            case Accepted(report=report):
                                await receipts.put(await self._accept(report, session, peer))
                    else:
                        return None
            except TimeoutError:
                return stream.expire(monotonic_ms(clock))
        return None

    async def _accept(self, report: SignedReport, session: SessionRow | None, peer: str) -> Arrival | str:
        """Return a report on its way to disk, or why it is refused. Raises `SinkUnavailable`."""
        assert session is not None  # the stream machine accepts reports of a session only
        try:
            return await self._oracle.ingest.accept(report, peer=peer, session=session)
        except SinkRefused as refusal:
            return f"refused {refusal.reason}"

    async def _open_session(self, init: lora_stream_session_init_v1, peer: str) -> SessionRow:
        """Keep the signed init and its nonce: without them no report of the session could be proved."""
        encoded = init.SerializeToString()
        session = SessionRow(
            session_id=hashlib.sha256(encoded).digest(),
            gateway=init.pub_key,
            session_key=init.session_key,
            nonce=init.nonce,
            init=encoded,
            opened_ms=self._oracle.clock.wall_ms(),
            service=INGEST,
            peer=peer,
        )
        await self._oracle.database.apply([self._oracle.reports.insert_session(session)])
        return session
