"""The GWMP server on a real UDP port: captured traffic, hostile links, and the fallback without `add_reader`."""

import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import h3.api.basic_str as h3
import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, FrameHeard, StateChanged
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.faults import Faults
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.forwarder_rules import Concentrator
from skerry_simulate.medium import RfMedium
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_testing.vectors import cases
from skerry_wire.frames import TransmitRequest, TransmitStatus

CELL = h3.cell_to_center_child(h3.latlng_to_cell(52.5, 13.4, 8), 12)
NEAR = sorted(h3.grid_disk(CELL, 40))[100]
ANSWER_S = 60.0


def request(number: int = 0, *, frequency_hz: int = 868_100_000, power_dbm: int = 14) -> TransmitRequest:
    return TransmitRequest(
        phy=bytes([0xE0]) + bytes([number]) * 51,
        frequency_hz=frequency_hz,
        datarate="SF7BW125",
        power_dbm=power_dbm,
        inverted_polarity=False,
    )


def in_time(main: Callable[[SimulatedClock], Coroutine[Any, Any, None]]) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main(clock))


@asynccontextmanager
async def two_gateways(
    clock: SimulatedClock, events: list[DeviceEvent], *, faults: Faults
) -> AsyncIterator[tuple[GwmpServer, PacketForwarderEmulator]]:
    """A gateway on a bad link and a good neighbour that hears it, each with a server of its own."""
    medium = RfMedium(clock=clock, seed=1)
    async with GwmpServer(clock=clock, sink=events.append, port=0) as server:
        bad = PacketForwarderEmulator(
            eui=EUI, cell=CELL, medium=medium, clock=clock, server=server.address, seed=1, faults=faults
        )
        good = PacketForwarderEmulator(
            eui=bytes.fromhex("aa555a0000000002"), cell=NEAR, medium=medium, clock=clock, server=server.address, seed=1
        )
        async with bad, good:
            yield server, bad


@pytest.mark.parametrize(
    ("faults", "least"),
    [
        (Faults(), 30),
        (Faults(loss=0.2), 15),
        (Faults(delay_s=0.7), 30),
        (Faults(duplicate=0.5), 30),
        (Faults(torn=0.3, junk=0.3), 12),
        (Faults(flood=5), 30),
    ],
)
def test_a_gateway_hears_and_sends_over_each_kind_of_link(faults: Faults, least: int) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with two_gateways(clock, events, faults=faults) as (server, bad):
            await clock.sleep(60)
            neighbour = server.radio(bytes.fromhex("aa555a0000000002"))
            sent = 0
            for number in range(30):
                assert (await neighbour.send(request(number))).status is TransmitStatus.SENT
                await clock.sleep(5)
                sent += (await server.radio(EUI).send(request(100 + number))).status is TransmitStatus.SENT
                await clock.sleep(10)
            heard = [event for event in events if isinstance(event, FrameHeard) and event.device_id.endswith("01")]
            assert len(heard) == len({event.frame.phy for event in heard})
            assert len(heard) >= least
            assert sent >= least
            assert bad.counts["sent"] == 30  # the way down is never faulty here

    in_time(main)


def test_a_transmission_beyond_the_radios_range_is_told_as_the_forwarder_tells_it() -> None:
    async def main(clock: SimulatedClock) -> None:
        async with GwmpServer(clock=clock, sink=lambda event: None, port=0) as server:
            settings = Concentrator(freq_min_hz=863_000_000, freq_max_hz=870_000_000, lut_dbm=(10, 12))
            medium = RfMedium(clock=clock, seed=1)
            gateway = PacketForwarderEmulator(
                eui=EUI, cell=CELL, medium=medium, clock=clock, server=server.address, seed=1, settings=settings
            )
            async with gateway:
                await clock.sleep(1)
                refused = await server.radio(EUI).send(request(frequency_hz=915_000_000))
                adjusted = await server.radio(EUI).send(request())
        assert (refused.status, refused.reason) == (TransmitStatus.FAILED, "tx_freq")
        assert (adjusted.status, adjusted.power_dbm) == (TransmitStatus.ADJUSTED, 12)

    in_time(main)


def test_a_forwarder_that_dies_is_down_and_cannot_send() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with GwmpServer(clock=clock, sink=events.append, port=0) as server:
            medium = RfMedium(clock=clock, seed=1)
            async with PacketForwarderEmulator(
                eui=EUI, cell=CELL, medium=medium, clock=clock, server=server.address, seed=1
            ):
                await clock.sleep(100)
            await clock.sleep(61)
            states = [event.state for event in events if isinstance(event, StateChanged)]
            assert states == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN]
            with pytest.raises(LinkLost):
                await server.radio(EUI).send(request())

    in_time(main)


class Peer:
    """A bare UDP socket that plays a forwarder."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._loop = asyncio.get_running_loop()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(address)

    def send(self, raw: bytes) -> None:
        self.socket.send(raw)

    async def receive(self) -> bytes:
        async with io_timeout(ANSWER_S):
            return await self._loop.sock_recv(self.socket, 2048)


async def test_every_captured_datagram_replays_without_a_word_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="skerry_firmware_bridge")
    captured = [bytes.fromhex(case["in"]["datagram_hex"]) for case in cases("gwmp.captured")["cases"]]
    captured += [bytes.fromhex(case["in"]["datagram_hex"]) for case in cases("gwmp.decode")["cases"]]
    events: list[DeviceEvent] = []
    async with GwmpServer(clock=SystemClock(), sink=events.append, port=0) as server:
        peer = Peer(server.address)
        for raw in captured:
            if raw:
                peer.send(raw)
        peer.send(pull_data(token=4711))
        while (await peer.receive()) != bytes.fromhex("02126704"):
            pass
        assert server.session.counts.total() >= len(captured)
        peer.socket.close()
    assert len([event for event in events if isinstance(event, FrameHeard)]) >= 5
    assert caplog.records == []


class _NoReaderLoop(asyncio.SelectorEventLoop):
    """As on Windows: no `add_reader` for callers, though asyncio itself still uses its own."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]  # simpler is enough
        raise NotImplementedError


def test_without_add_reader_the_datagram_protocol_serves() -> None:
    async def main() -> None:
        events: list[DeviceEvent] = []
        async with GwmpServer(clock=SystemClock(), sink=events.append, port=0) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.connect(server.address)
                peer.settimeout(ANSWER_S)
                loop = asyncio.get_running_loop()
                peer.send(pull_data())
                peer.send(push_data({"rxpk": [rxpk()]}))
                answers = [await loop.run_in_executor(None, peer.recv, 100) for _ in range(2)]
                assert answers == [bytes.fromhex("02000804"), bytes.fromhex("02000701")]
                async with asyncio.TaskGroup() as group:
                    sending = group.create_task(server.radio(EUI).send(request()))
                    raw = await loop.run_in_executor(None, peer.recv, 1000)
                    peer.send(tx_ack(int.from_bytes(raw[1:3], "big")))
                assert sending.result().status is TransmitStatus.SENT
        assert any(isinstance(event, FrameHeard) for event in events)

    with asyncio.Runner(loop_factory=_NoReaderLoop) as runner:
        runner.run(main())


async def test_every_datagram_is_acknowledged_before_the_agent_sees_the_first_event() -> None:
    answers: list[bytes] = []
    seen = asyncio.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:

        def take_all_answers(event: DeviceEvent) -> None:
            del event
            while len(answers) < 5:
                answers.append(peer.recv(100))
            seen.set()

        async with GwmpServer(clock=SystemClock(), sink=take_all_answers, port=0) as server:
            peer.connect(server.address)
            peer.settimeout(ANSWER_S)
            for number in range(5):
                peer.send(push_data({"rxpk": [rxpk(freq=868 + number / 10)]}, token=number))
            async with io_timeout(ANSWER_S):
                await seen.wait()
    assert answers == [bytes((2, 0, number, 1)) for number in range(5)]


async def test_a_port_in_use_is_refused_with_a_remedy() -> None:
    async with GwmpServer(clock=SystemClock(), sink=lambda event: None, port=0) as server:
        with pytest.raises(LinkRefused) as caught:
            async with GwmpServer(clock=SystemClock(), sink=lambda event: None, port=server.address[1]):
                pass
    assert caught.value.code == "E_UDP_BIND"


async def test_a_name_is_looked_up_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    main_thread = threading.get_ident()
    known = socket.getaddrinfo

    def slow(host: str, *rest: object, **flags: object) -> object:
        if host == "roof.invalid":
            assert threading.get_ident() != main_thread
            asked.append(host)
            raise socket.gaierror(socket.EAI_NONAME, "unknown name")
        return known(host, *rest, **flags)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(LinkRefused) as caught:
        async with GwmpServer(clock=SystemClock(), sink=lambda event: None, host="roof.invalid", port=0):
            pass
    assert (caught.value.code, asked) == ("E_UDP_HOST", ["roof.invalid"])
    async with GwmpServer(clock=SystemClock(), sink=lambda event: None, host="localhost", port=0) as server:
        assert server.address[0] in {"127.0.0.1", "::1"}


async def test_stopping_the_server_fails_what_is_being_sent() -> None:
    async with asyncio.TaskGroup() as group:
        async with GwmpServer(clock=SystemClock(), sink=lambda event: None, port=0) as server:
            peer = Peer(server.address)
            peer.send(pull_data())
            await peer.receive()
            sending = group.create_task(server.radio(EUI).send(request()))
            await peer.receive()
        peer.socket.close()
    assert sending.result().reason == "gateway_lost"
