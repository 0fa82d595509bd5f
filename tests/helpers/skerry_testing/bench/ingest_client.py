"""Many hotspots in one process: `python -m skerry_testing.bench.ingest_client ADDRESS STREAMS REPORTS yes|no`.

Signs everything first, says so, waits for a line, then streams and says how long it took: what it costs to make reports
is not part of what it takes to accept them. With `yes` it asks for receipts, as our agents do; with `no` it does as
gateway-rs. A stream ends well only after everything that was accepted from it is stored.
"""

import asyncio
import hashlib
import sys
from dataclasses import dataclass
from typing import Any

import grpc
from grpc.aio import EOF  # type: ignore[attr-defined]  # the stubs lack it

from skerry_core.clock import NS_PER_S, SystemClock
from skerry_keys.software import SoftwareSigner
from skerry_oracle.services.entropy import ENTROPY
from skerry_oracle.services.ingest import INGEST
from skerry_oracle.services.receipts import RECEIPTS_HEADER, decode_receipts
from skerry_testing.oracle import signer
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_request_v1,
    lora_stream_response_v1,
    lora_stream_session_init_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.signing import sign_message

__all__ = ["gateway"]

OPENING = 20
WITNESSES_PER_BEACON = 14  # as many as are selected
CONNECTION = (("grpc.use_local_subchannel_pool", 1),)  # one connection per hotspot, as in the field


def gateway(number: int) -> SoftwareSigner:
    """Return the key of one of the hotspots."""
    return signer(f"bench {number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hotspot:
    key: SoftwareSigner
    session: SoftwareSigner
    requests: list[bytes]


def _hotspot(number: int, reports: int, entropy: bytes, now_ns: int) -> _Hotspot:
    key, session = gateway(number), signer(f"session {number}")
    requests = []
    for index in range(reports):
        data = hashlib.shake_256(f"{number}/{index}".encode()).digest(51)
        request = lora_stream_request_v1()
        if index % (WITNESSES_PER_BEACON + 1):
            witness = lora_witness_report_req_v1(
                pub_key=key.public_key, data=data, timestamp=now_ns, tmst=index, signal=-1000, snr=55,
                frequency=868_100_000, datarate="SF12BW125",
            )  # fmt: skip
            request.witness_report.CopyFrom(sign_message(witness, session))
        else:
            beacon = lora_beacon_report_req_v1(
                pub_key=key.public_key, local_entropy=b"abcd", remote_entropy=entropy, data=data, tx_power=14,
                frequency=868_100_000, datarate="SF12BW125", timestamp=now_ns, tmst=index,
            )  # fmt: skip
            request.beacon_report.CopyFrom(sign_message(beacon, session))
        requests.append(request.SerializeToString())
    return _Hotspot(key=key, session=session, requests=requests)


async def _entropy(address: str) -> bytes:
    async with grpc.aio.insecure_channel(address) as opened:
        channel: Any = opened  # the stubs ask for more than grpcio does
        raw = await channel.unary_unary(f"/{ENTROPY}/entropy")(b"")
    return bytes(entropy_report_v1.FromString(raw).data)


class _Gates:
    """What the streams wait for: few open at once (an offer holds for five seconds), all begin together."""

    def __init__(self) -> None:
        self.opening = asyncio.Semaphore(OPENING)
        self.opened = asyncio.Semaphore(0)
        self.begin = asyncio.Event()


async def _stream(address: str, hotspot: _Hotspot, gates: _Gates, *, receipts: bool) -> int:
    """Open a session, wait for the word, send everything, wait for the end; return how many receipts came."""
    metadata = ((RECEIPTS_HEADER, "1"),) if receipts else ()
    async with grpc.aio.insecure_channel(address, options=CONNECTION) as made:
        channel: Any = made
        async with gates.opening:
            call = channel.stream_stream(f"/{INGEST}/stream_requests")(metadata=metadata)
            nonce = lora_stream_response_v1.FromString(await call.read()).offer.nonce
            init = lora_stream_session_init_v1(
                pub_key=hotspot.key.public_key, nonce=nonce, session_key=hotspot.session.public_key
            )
            request = lora_stream_request_v1(session_init=sign_message(init, hotspot.key))
            await call.write(request.SerializeToString())
        gates.opened.release()
        await gates.begin.wait()
        async with asyncio.TaskGroup() as group:
            counting = group.create_task(_receipts(call))
            for one in hotspot.requests:
                await call.write(one)
            await call.done_writing()
        assert await call.code() is grpc.StatusCode.OK
        return counting.result()


async def _receipts(call: Any) -> int:
    stored = 0
    while (raw := await call.read()) is not EOF:
        stored += sum(text.isdecimal() for text in decode_receipts(lora_stream_response_v1.FromString(raw)))
    return stored


async def main(address: str, streams: int, reports: int, *, receipts: bool) -> None:
    """Sign, wait for the word, stream; prints `ready`, then the receipts and the seconds."""
    clock = SystemClock()
    entropy = await _entropy(address)
    hotspots = [_hotspot(number, reports, entropy, clock.wall_ns()) for number in range(streams)]
    gates = _Gates()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_stream(address, one, gates, receipts=receipts)) for one in hotspots]
        for _ in tasks:
            await gates.opened.acquire()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        started_ns = clock.monotonic_ns()
        gates.begin.set()
    taken_s = (clock.monotonic_ns() - started_ns) / NS_PER_S
    print(sum(task.result() for task in tasks), taken_s, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), receipts=sys.argv[4] == "yes"))
