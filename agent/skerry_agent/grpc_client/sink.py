"""One hotspot's way to an operator over gRPC: the `ReportSink` of a network that is not in this process.

While `run()` keeps a session open, reports go through the stream, signed by the session key, and count as delivered
when the oracle's receipt has come. An oracle that knows no receipts gets reports by single calls, signed by the gateway
key, whose answer is the receipt. Without either the report stays in the agent's outbox (`SinkUnavailable`).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import grpc

from skerry_agent.grpc_client.calls import parsed, receipt_ms, unary
from skerry_agent.grpc_client.pauses import ReconnectPauses
from skerry_agent.grpc_client.stream import IngestStreamClient, Report, SessionEvidence
from skerry_core.clock import Clock
from skerry_keys.signer import Signer
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.generated.iot_config_pb2 import gateway_region_params_req_v1, gateway_region_params_res_v1
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_beacon_report_resp_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.generated.region_pb2 import region
from skerry_wire.signing import sign_message, verify_message
from skerry_wire.sink import Entropy, Receipt, RegionAnswer, ReportSink, SinkUnavailable

__all__ = ["Endpoints", "GrpcSink", "SentReport"]

_log = logging.getLogger(__name__)

_CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 300_000),  # iot-poc 1.5
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_receive_message_length", 1 << 20),
    ("grpc.use_local_subchannel_pool", 1),  # each hotspot has its own connection, as separate devices would
    ("grpc.initial_reconnect_backoff_ms", 200),  # pauses between sessions are ours; the channel only redials
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 10_000),
    ("grpc.enable_http_proxy", 0),  # a proxy from the environment would see and could delay every report
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The settings that a hotspot joins a network with (iot-poc 1.6): `host:port` three times, and one public key."""

    ingest: str
    entropy: str
    config: str
    config_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReport:
    """A delivered report as it was signed for delivery; `session` None = signed by the gateway key."""

    body: bytes
    is_beacon: bool
    session: SessionEvidence | None
    receipt: Receipt


class GrpcSink(ReportSink):
    """One gateway key's connection. Run `run()` beside it; `close()` at the end.

    `on_session` and `on_sent` get the evidence that later proofs need: the signed session init and the bytes sent.
    """

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        signer: Signer,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        random: Random,
        on_session: Callable[[SessionEvidence], Awaitable[None]] | None = None,
        on_sent: Callable[[SentReport], Awaitable[None]] | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._signer = signer
        self._clock = clock
        self._random_bytes = random_bytes
        self._pauses = ReconnectPauses(random)
        self._on_session = on_session
        self._on_sent = on_sent
        self._ingest = _channel(endpoints.ingest)
        self._entropy = _channel(endpoints.entropy)
        self._config = _channel(endpoints.config)
        self._stream: IngestStreamClient | None = None
        self._session: SessionEvidence | None = None
        self._had_session = False
        self.last_error: str | None = None

    @property
    def between_sessions(self) -> bool:
        """Whether the operator ended the last session as usual and the next one has not failed."""
        return self._session is None and self._had_session and self.last_error is None

    @property
    def session(self) -> SessionEvidence | None:
        """The open session, None between sessions."""
        return self._session

    async def run(self) -> None:
        """Keep a session open until cancelled; log the first failure and the recovery."""
        while True:
            try:
                await self._run_session()
            except SinkUnavailable as error:
                if self.last_error is None:
                    _log.warning(
                        "%s: no ingest session (%s). Reports are kept, and it is tried again.",
                        self._endpoints.ingest,
                        error,
                    )
                self.last_error = str(error)
            await self._clock.sleep(self._pauses.next_s())

    async def submit_beacon(self, report: bytes) -> Receipt:
        message = lora_beacon_report_req_v1.FromString(report)
        return await self._submit(message, report, "/helium.poc_lora.poc_lora/submit_lora_beacon")

    async def submit_witness(self, report: bytes) -> Receipt:
        message = lora_witness_report_req_v1.FromString(report)
        return await self._submit(message, report, "/helium.poc_lora.poc_lora/submit_lora_witness")

    async def entropy(self) -> Entropy:
        with self._clock.hold("grpc"):
            raw = await unary(self._entropy, "/helium.poc_entropy.poc_entropy/entropy", b"")
        answer = parsed(entropy_report_v1, raw)
        return Entropy(data=answer.data, timestamp_s=answer.timestamp, version=answer.version)

    async def region(self, gateway: bytes) -> RegionAnswer:
        if gateway != self._signer.public_key:
            raise ValueError("a connection serves one gateway key")
        request = sign_message(gateway_region_params_req_v1(address=gateway, region="UNKNOWN"), self._signer)
        with self._clock.hold("grpc"):
            raw = await unary(self._config, "/helium.iot_config.gateway/region_params", request.SerializeToString())
        answer = parsed(gateway_region_params_res_v1, raw)
        # The configured key decides, not the signer that the answer names.
        if not verify_message(answer, self._endpoints.config_key):
            raise SinkUnavailable("the region parameters are not signed by the configured key")
        known = region.DESCRIPTOR.values_by_number.get(answer.region)
        return RegionAnswer(
            region=known.name if known else "UNKNOWN",
            params=answer.params.SerializeToString(),
            gain_ddbi=answer.gain,
            timestamp_s=answer.timestamp,
        )

    async def close(self) -> None:
        """Close the channels."""
        if self._stream is not None:
            self._stream.close("the agent stops")
        for channel in (self._ingest, self._entropy, self._config):
            await channel.close()

    async def _run_session(self) -> None:
        stream = IngestStreamClient(
            self._ingest, signer=self._signer, clock=self._clock, random_bytes=self._random_bytes
        )
        try:
            with self._clock.hold("grpc"):
                session = await stream.open()
                if self._on_session is not None:
                    await self._on_session(session)
            if self.last_error is not None:
                _log.info("%s: session is back", self._endpoints.ingest)
            self.last_error = None
            self._stream, self._session = stream, session
            self._had_session = True
            self._pauses.reset()
            await stream.read_all()
            _log.debug("%s: the operator ended the session as usual", self._endpoints.ingest)
        finally:
            self._stream = self._session = None
            stream.close("the session ended")

    async def _submit(self, message: Report, report: bytes, method: str) -> Receipt:
        stream, session = self._stream, self._session
        with self._clock.hold("grpc"):
            if stream is not None and stream.gives_receipts:
                receipt, body = await stream.submit(message)
            else:
                body, session = report, None
                answer = parsed(lora_beacon_report_resp_v1, await unary(self._ingest, method, report))
                received_ms = receipt_ms(answer.id)
                receipt = Receipt(received_ms=self._clock.wall_ms() if received_ms is None else received_ms)
            if self._on_sent is not None:
                await self._on_sent(
                    SentReport(
                        body=body,
                        is_beacon=isinstance(message, lora_beacon_report_req_v1),
                        session=session,
                        receipt=receipt,
                    )
                )
        return receipt


def _channel(address: str) -> Any:
    return grpc.aio.insecure_channel(address, options=_CHANNEL_OPTIONS)
