"""Many reports of one stream are on their way at once: acknowledged in order, once each, and stored when it ends."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc.aio import EOF  # type: ignore[attr-defined]  # the stubs lack it

from skerry_coverage.iot.signed_report import SignedReport
from skerry_oracle.errors import StoreFailed
from skerry_oracle.ingest import Arrival
from skerry_oracle.limits import IngestLimits
from skerry_oracle.services.receipt_writer import WINDOW, ReceiptWriter
from skerry_oracle.services.receipts import RECEIPTS_HEADER, decode_receipts
from skerry_oracle.services.server import OracleServer
from skerry_oracle.store.reports import SessionRow
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import make_oracle, registration, signer, simulated
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_request_v1,
    lora_stream_response_v1,
    lora_stream_session_init_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message
from skerry_wire.sink import SinkUnavailable

GATEWAY, SESSION = signer("gateway"), signer("session")
STREAM = "/helium.poc_lora.poc_lora/stream_requests"
REPORTS = 200


def witness(number: int) -> lora_witness_report_req_v1:
    data = number.to_bytes(2, "big") * 25 + b"."
    report = lora_witness_report_req_v1(pub_key=GATEWAY.public_key, data=data, frequency=868_100_000)
    return sign_message(report, SESSION)


def stray_beacon() -> lora_beacon_report_req_v1:
    report = lora_beacon_report_req_v1(pub_key=GATEWAY.public_key, data=b"b" * 51, remote_entropy=b"of another network")
    return sign_message(report, SESSION)


def session() -> SessionRow:
    return SessionRow(
        session_id=b"s" * 32, gateway=GATEWAY.public_key, session_key=SESSION.public_key, nonce=b"", init=b"",
        opened_ms=0, service="test", peer="test",
    )  # fmt: skip


def test_receipts_come_in_the_order_of_the_reports_and_the_end_comes_after_the_last(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        async with (
            OracleServer(oracle, addresses=["127.0.0.1:0"]) as server,
            grpc.aio.insecure_channel(f"127.0.0.1:{server.ports[0]}") as opened,
        ):
            channel: Any = opened  # the stubs ask for more than grpcio does
            with clock.hold("test"):
                call = channel.stream_stream(STREAM)(metadata=((RECEIPTS_HEADER, "1"),))
                nonce = lora_stream_response_v1.FromString(await call.read()).offer.nonce
                init = lora_stream_session_init_v1(
                    pub_key=GATEWAY.public_key, nonce=nonce, session_key=SESSION.public_key
                )
                init = sign_message(init, GATEWAY)
                await call.write(lora_stream_request_v1(session_init=init).SerializeToString())
                for number in range(REPORTS):
                    request = lora_stream_request_v1(witness_report=witness(number))
                    if number == 70:
                        request = lora_stream_request_v1(beacon_report=stray_beacon())
                    await call.write(request.SerializeToString())
                await call.done_writing()
                texts = []
                while (raw := await call.read()) is not EOF:
                    texts += decode_receipts(lora_stream_response_v1.FromString(raw))
                assert await call.code() is grpc.StatusCode.OK
        assert [index for index, text in enumerate(texts) if not text.isdecimal()] == [70]
        assert texts[70] == "refused bad_entropy"
        assert len(texts) == REPORTS
        assert await oracle.reports.counts() == {"witness": REPORTS - 1}
        await oracle.close()

    simulated(main)


def test_a_report_that_is_sent_again_while_it_is_being_stored_is_one_report(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        arrivals = [
            await oracle.ingest.accept(SignedReport.take(witness(1)), peer="test", session=session()) for _ in range(2)
        ]
        assert arrivals[0] is arrivals[1]
        receipts = [await arrival.receipt() for arrival in arrivals]
        assert receipts[0] == receipts[1]
        assert await oracle.reports.counts() == {"witness": 1}
        await oracle.close()

    simulated(main)


def test_hotspots_behind_one_address_have_a_rate_each_once_they_are_admitted(tmp_path: Path) -> None:
    limits = IngestLimits(reports_per_s_per_peer=1, burst_per_peer=3)

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, limits=limits)
        await oracle.open()

        async def stored(count: int) -> int:
            done = 0
            for number in range(count):
                try:
                    report = SignedReport.take(witness(number))
                    await oracle.ingest.accept(report, peer="one address", session=session())
                    done += 1
                except SinkUnavailable:
                    break
            return done

        assert await stored(10) == 3  # a stranger shares its address's
        record, by_gateway, by_owner = registration(GATEWAY, signer("owner"))
        await oracle.registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
        await oracle.registry.admit(GATEWAY.public_key, by="test")
        assert await stored(10) == 3
        await oracle.close()

    simulated(main)


async def test_reading_waits_while_a_window_of_reports_is_on_its_way() -> None:
    written: list[bytes] = []

    async def write(message: bytes) -> None:
        written.append(message)

    loop = asyncio.get_running_loop()
    storing = [loop.create_future() for _ in range(WINDOW + 1)]
    writer = ReceiptWriter(write)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        for number in range(WINDOW):
            await writer.put(Arrival(number, storing[number]))
        late = group.create_task(writer.put(Arrival(WINDOW, storing[WINDOW])))
        for _ in range(5):
            await asyncio.to_thread(lambda: None)
        assert not late.done()
        assert not written
        storing[0].set_result([1])
        await late
        for future in storing[1:]:
            future.set_result([1])
        writer.finish()
        await running
    texts = [text for raw in written for text in decode_receipts(lora_stream_response_v1.FromString(raw))]
    assert texts == [str(number) for number in range(WINDOW + 1)]
    assert len(written) < 5


async def test_a_report_that_cannot_be_stored_ends_the_stream_and_may_come_again() -> None:
    storing: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
    storing.set_exception(StoreFailed("disk full"))
    arrival = Arrival(1, storing)
    assert arrival.has_failed
    writer = ReceiptWriter(None)
    await writer.put(arrival)
    with pytest.raises(SinkUnavailable, match="disk full"):
        await writer.run()


def test_a_stream_that_sends_too_fast_ends_as_unavailable_after_its_receipts(tmp_path: Path) -> None:
    limits = IngestLimits(reports_per_s_per_peer=1, burst_per_peer=3)

    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, limits=limits)
        await oracle.open()
        async with (
            OracleServer(oracle, addresses=["127.0.0.1:0"]) as server,
            grpc.aio.insecure_channel(f"127.0.0.1:{server.ports[0]}") as opened,
        ):
            channel: Any = opened
            with clock.hold("test"):
                call = channel.stream_stream(STREAM)(metadata=((RECEIPTS_HEADER, "1"),))
                nonce = lora_stream_response_v1.FromString(await call.read()).offer.nonce
                init = lora_stream_session_init_v1(
                    pub_key=GATEWAY.public_key, nonce=nonce, session_key=SESSION.public_key
                )
                init = sign_message(init, GATEWAY)
                await call.write(lora_stream_request_v1(session_init=init).SerializeToString())
                for number in range(5):
                    request = lora_stream_request_v1(witness_report=witness(number))
                    await call.write(request.SerializeToString())
                texts: list[str] = []

                async def read_on() -> None:
                    while True:
                        texts.extend(decode_receipts(lora_stream_response_v1.FromString(await call.read())))

                with pytest.raises(grpc.aio.AioRpcError, match="rate_limited") as ended:
                    await read_on()
                assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
                assert len(texts) == 3
        assert await oracle.reports.counts() == {"witness": 3}
        await oracle.close()

    simulated(main)
