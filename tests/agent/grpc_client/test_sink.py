"""A hotspot's ingest session with operators that stop, refuse, lie or fall silent: it goes on and says so."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import grpc
import pytest

from skerry_agent.background import Background
from skerry_agent.grpc_client import stream as stream_module
from skerry_agent.grpc_client.sink import Endpoints, GrpcSink
from skerry_agent.grpc_client.stream import STREAM_METHOD
from skerry_oracle.services.receipts import RECEIPTS_HEADER, encode_receipts
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.lying_operator import Stream, serving, until
from skerry_testing.oracle import SeededRandom
from skerry_testing.simulated import simulated
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_response_v1,
    lora_stream_session_offer_v1,
)
from skerry_wire.sink import SinkUnavailable

OFFER = lora_stream_response_v1(offer=lora_stream_session_offer_v1(nonce=b"n" * 32)).SerializeToString()
REPORT = lora_beacon_report_req_v1(pub_key=signer_of().public_key, data=b"b" * 51).SerializeToString()


def joining(stream: Stream, check: Callable[[GrpcSink, SimulatedClock], Any]) -> None:
    """Run `check` beside a hotspot that keeps a session with an operator whose stream is `stream`."""

    async def main(clock: SimulatedClock) -> None:
        async with serving(STREAM_METHOD, stream) as address:
            sink = GrpcSink(
                endpoints=Endpoints(ingest=address, entropy=address, config=address, config_key=b""),
                signer=signer_of(), clock=clock, random_bytes=SeededRandom("sink"), random=Random(1),
            )  # fmt: skip
            async with Background() as background:
                background.start(sink.run(), name="the hotspot's session")
                await check(sink, clock)
            await sink.close()

    simulated(main)


async def offering(context: Any) -> None:
    await context.send_initial_metadata(((RECEIPTS_HEADER, "1"),))
    await context.write(OFFER)
    await context.read()


def answering(answer: Callable[[], bytes]) -> Stream:
    """Return an operator that answers every report with `answer()`."""

    async def stream(_: Any, context: Any) -> None:
        await offering(context)
        while await context.read() is not grpc.aio.EOF:  # type: ignore[attr-defined]  # the stubs lack it
            await context.write(answer())

    return stream


async def submitted(sink: GrpcSink, clock: SimulatedClock) -> str:
    await until(lambda: sink.session is not None, clock)
    with pytest.raises(SinkUnavailable) as caught:
        await sink.submit_beacon(REPORT)
    return str(caught.value)


def test_an_operator_that_forgets_a_receipt_costs_that_report_a_delay_and_the_hotspot_one_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "RECEIPT_TIMEOUT_S", 0.05)

    async def check(sink: GrpcSink, clock: SimulatedClock) -> None:
        await until(lambda: sink.session is not None, clock)
        first = sink.session
        assert await submitted(sink, clock) == "the oracle gave no receipt in time"
        await until(lambda: sink.session is None, clock)
        assert sink.last_error == "the oracle gave no receipt in time"
        await clock.sleep(7)  # the pause between sessions
        await until(lambda: sink.session is not None, clock)
        assert sink.session != first
        assert sink.last_error is None

    joining(answering(lambda: b""), check)


@pytest.mark.parametrize(
    "answer", [b"\xff\xff\xff", encode_receipts(["1"])[:1] + b"\x02\xff\xff"], ids=["no protobuf", "no receipt"]
)
def test_an_answer_that_cannot_be_read_ends_the_session_and_not_the_hotspot(answer: bytes) -> None:
    async def check(sink: GrpcSink, clock: SimulatedClock) -> None:
        await submitted(sink, clock)
        await until(lambda: sink.session is None, clock)
        assert "cannot be read" in (sink.last_error or "")
        await clock.sleep(7)
        await until(lambda: sink.session is not None, clock)

    joining(answering(lambda: answer), check)


def test_a_receipt_whose_number_no_clock_shows_is_a_refusal() -> None:
    async def check(sink: GrpcSink, clock: SimulatedClock) -> None:
        await until(lambda: sink.session is not None, clock)
        with pytest.raises(Exception, match="9999") as caught:
            await sink.submit_beacon(REPORT)
        assert type(caught.value).__name__ == "SinkRefused"

    joining(answering(lambda: encode_receipts(["9" * 100])), check)


def test_a_session_that_the_operator_ends_as_usual_is_no_failure() -> None:
    go_on = asyncio.Event()

    async def stream(_: Any, context: Any) -> None:
        await offering(context)
        await go_on.wait()

    async def check(sink: GrpcSink, clock: SimulatedClock) -> None:
        assert not sink.between_sessions  # there was none yet
        await until(lambda: sink.session is not None, clock)
        go_on.set()
        await until(lambda: sink.session is None, clock)
        assert sink.between_sessions
        assert sink.last_error is None

    joining(stream, check)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "resource_exhausted: too many"),
        (grpc.StatusCode.UNIMPLEMENTED, "the server at this address does not offer this service"),
    ],
)
def test_an_operator_that_refuses_a_session_is_quoted(code: grpc.StatusCode, said: str) -> None:
    async def stream(_: Any, context: Any) -> None:
        await context.abort(code, "too many")

    async def check(sink: GrpcSink, clock: SimulatedClock) -> None:
        await until(lambda: sink.last_error is not None, clock)
        assert sink.last_error == said
        assert not sink.between_sessions

    joining(stream, check)
