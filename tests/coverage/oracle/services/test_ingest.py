"""The ingest service against clients that break the protocol, and against a flood."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.limits import IngestLimits
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import make_oracle, signer, simulated, witness_report
from skerry_wire.generated.poc_lora_pb2 import (
    lora_stream_request_v1,
    lora_stream_response_v1,
    lora_stream_session_init_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message

GATEWAY, SESSION, OTHER = signer("gateway"), signer("session"), signer("other")
STREAM = "/helium.poc_lora.poc_lora/stream_requests"
UNARY = "/helium.poc_lora.poc_lora/submit_lora_witness"


@contextlib.asynccontextmanager
async def connected(
    folder: Path, clock: SimulatedClock, *, gate: StreamGate | None = None, limits: IngestLimits | None = None
) -> AsyncIterator[tuple[EmbeddedOracle, Any]]:
    oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock, limits=limits)
    await oracle.open()
    async with (
        OracleServer(oracle, addresses=["127.0.0.1:0"], gate=gate) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.ports[0]}") as channel,
    ):
        yield oracle, channel
    await oracle.close()


async def begin(channel: Any, clock: SimulatedClock) -> tuple[Any, bytes]:
    call = channel.stream_stream(STREAM)()
    with clock.hold("test"):
        offer = lora_stream_response_v1.FromString(await call.read())
    return call, offer.offer.nonce


def init(nonce: bytes, *, by: Any = GATEWAY) -> bytes:
    message = lora_stream_session_init_v1(pub_key=GATEWAY.public_key, nonce=nonce, session_key=SESSION.public_key)
    return lora_stream_request_v1(session_init=sign_message(message, by)).SerializeToString()


def witness(*, by: Any, gateway: bytes = GATEWAY.public_key) -> bytes:
    message = lora_witness_report_req_v1(pub_key=gateway, data=b"x" * 51, frequency=868_100_000)
    return lora_stream_request_v1(witness_report=sign_message(message, by)).SerializeToString()


async def ended(call: Any, clock: SimulatedClock) -> tuple[str, str]:
    with clock.hold("test"):
        code = await call.code()
        return code.name, await call.details()


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        (lambda nonce: [init(b"n" * 32)], "bad_nonce"),
        (lambda nonce: [init(nonce), init(nonce)], "bad_nonce"),
        (lambda nonce: [init(nonce, by=OTHER)], "bad_signature"),
        (lambda nonce: [witness(by=GATEWAY)], "no_session"),
        (lambda nonce: [init(nonce), witness(by=GATEWAY)], "bad_signature"),
        (lambda nonce: [init(nonce), witness(by=SESSION, gateway=OTHER.public_key)], "wrong_gateway"),
        (lambda nonce: [b"\xff\xff"], "empty_request"),
    ],
)
def test_a_client_that_breaks_the_protocol_is_cut_off_with_the_reason(
    tmp_path: Path, requests: Any, reason: str
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with connected(tmp_path, clock) as (oracle, channel):
            call, nonce = await begin(channel, clock)
            with clock.hold("requests"):  # while they are under way, no time passes
                for request in requests(nonce):
                    await call.write(request)
                assert await ended(call, clock) == ("INVALID_ARGUMENT", reason)
            assert (await oracle.counts())["stream"] == {reason: 1}

    simulated(main)


def test_a_silent_client_is_dropped_after_five_seconds_and_a_session_ends_after_half_an_hour(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with connected(tmp_path, clock) as (oracle, channel):
            start_s = clock.wall_s()
            silent, _ = await begin(channel, clock)
            assert await silent.read() is grpc.aio.EOF  # type: ignore[attr-defined]
            assert clock.wall_s() - start_s == 5
            call, nonce = await begin(channel, clock)
            with clock.hold("test"):
                await call.write(init(nonce))
                await call.write(witness(by=SESSION))
                while not await oracle.reports.counts():
                    await asyncio.to_thread(lambda: None)
            assert await call.read() is grpc.aio.EOF  # type: ignore[attr-defined]
            assert clock.wall_s() - start_s == 5 + 1_800
            (report,) = await oracle.reports.between(after_ms=0, until_ms=clock.wall_ms())
            assert report.session_id is not None
            session = await oracle.reports.session(report.session_id)
            assert session is not None
            assert (session.nonce, session.session_key) == (nonce, SESSION.public_key)

    simulated(main)


def test_streams_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with connected(tmp_path, clock, gate=StreamGate(total=2)) as (_, channel):
            open_calls = [await begin(channel, clock) for _ in range(2)]
            assert len(open_calls) == 2
            third = channel.stream_stream(STREAM)()
            assert await ended(third, clock) == ("RESOURCE_EXHAUSTED", "too_many_streams")

    simulated(main)


def test_a_flood_is_counted_and_stores_no_more_than_the_limits_allow(tmp_path: Path) -> None:
    limits = IngestLimits(unknown_reports_per_epoch=20, burst_per_peer=60, reports_per_s_per_peer=1)

    async def main(clock: SimulatedClock) -> None:
        async with connected(tmp_path, clock, limits=limits) as (oracle, channel):
            submit = channel.unary_unary(UNARY)
            codes: dict[str | None, int] = {}
            with clock.hold("test"):
                for number in range(100):
                    report = witness_report(signer(f"sybil {number}"))
                    try:
                        await submit(report)
                        codes["OK"] = codes.get("OK", 0) + 1
                    except grpc.aio.AioRpcError as error:
                        codes[error.details()] = codes.get(error.details(), 0) + 1
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    await submit(b"\x00" * 70_000)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert codes == {"OK": 20, "gateway_not_found": 40, "rate_limited": 40}
            assert await oracle.reports.counts() == {"witness": 20}
            assert (await oracle.counts())["witness"] == {"gateway_not_found": 40, "rate_limited": 40}

    simulated(main)
