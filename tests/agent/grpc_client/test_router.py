"""A hotspot's packet-router stream with servers that break off, lie or offer nothing; no uplink is sent twice."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import grpc

from skerry_agent.background import Background
from skerry_agent.grpc_client.router import METHOD, QUEUE, PacketRouterClient
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.lying_operator import Stream, serving, until
from skerry_testing.oracle import SeededRandom
from skerry_testing.runtime import frame
from skerry_testing.simulated import simulated
from skerry_wire.generated.packet_router_pb2 import (
    envelope_down_v1,
    envelope_up_v1,
    packet_router_packet_down_v1,
    packet_router_session_offer_v1,
)

OFFER = envelope_down_v1(session_offer=packet_router_session_offer_v1(nonce=b"n" * 32)).SerializeToString()


async def no_downlink(_: packet_router_packet_down_v1) -> None:
    raise AssertionError("nobody sent a downlink")


def routing(
    method: str, stream: Stream, check: Callable[[PacketRouterClient, SimulatedClock], Awaitable[None]]
) -> None:
    """Run `check` beside a hotspot that keeps a session with a packet router whose stream is `stream`."""

    async def main(clock: SimulatedClock) -> None:
        async with serving(method, stream) as address:
            client = PacketRouterClient(
                address, signer=signer_of(), clock=clock, random_bytes=SeededRandom("router"), random=Random(1),
                on_downlink=no_downlink,
            )  # fmt: skip
            async with Background() as background:
                background.start(client.run(), name="the hotspot's session")
                await check(client, clock)
            await client.close()

    simulated(main)


class Breaking:
    """A packet router that ends each session after one uplink, and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def stream(self, _: Any, context: Any) -> None:
        await context.read()  # the registration
        await context.write(OFFER)
        await context.read()  # the session's key
        if (raw := await context.read()) is not grpc.aio.EOF:  # type: ignore[attr-defined]  # the stubs lack it
            self.got.append(bytes(envelope_up_v1.FromString(raw).packet.payload))
        await context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")


def test_uplinks_of_a_broken_session_wait_for_the_next_and_none_raises() -> None:
    router = Breaking()

    async def check(client: PacketRouterClient, clock: SimulatedClock) -> None:
        await until(lambda: client.connected, clock)
        for number in range(6):
            if number % 2:
                await clock.sleep(7)  # the next session is open
            await client.send(frame(bytes([number]) * 12, clock=clock), region="EU868")
            if number and not number % 2:
                await clock.sleep(7)  # it waited for the next session
            await until(lambda: not client.connected, clock)
            assert client.last_error == "unavailable: restarting"
            assert router.got == [bytes([one]) * 12 for one in range(number + 1)]
        assert client.dropped == 0

    routing(METHOD, router.stream, check)


def test_while_there_is_no_router_the_newest_uplinks_are_kept_and_the_reason_is_readable() -> None:
    async def stream(_: Any, __: Any) -> None:
        raise AssertionError("nobody calls it")

    async def check(client: PacketRouterClient, clock: SimulatedClock) -> None:
        await until(lambda: client.last_error is not None, clock)
        assert client.last_error == "the server at this address does not offer this service"
        for number in range(QUEUE + 3):
            await client.send(frame(bytes([number]) * 12), region="EU868")
        assert client.dropped == 3

    routing("/some.other/service", stream, check)


def test_a_router_that_lies_is_left_and_asked_again() -> None:
    sessions: list[int] = []

    async def stream(_: Any, context: Any) -> None:
        await context.read()
        await context.write(OFFER if sessions else b"\xff\xff")
        sessions.append(1)
        await context.read()
        await context.read()

    async def check(client: PacketRouterClient, clock: SimulatedClock) -> None:
        await until(lambda: client.last_error is not None, clock)
        assert "cannot be read" in (client.last_error or "")
        await clock.sleep(7)
        await until(lambda: client.connected, clock)

    routing(METHOD, stream, check)
