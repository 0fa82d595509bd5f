"""GWMP over a serial link: framing, noise, and the same conversation as over UDP."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.checksums import fcs16
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.gwmp.hdlc import MAX_FRAME_BYTES, Deframer, frame
from skerry_firmware_bridge.gwmp.serial import GwmpSerial
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.radio import DeviceEvent, FrameHeard
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_wire.frames import TransmitRequest, TransmitStatus

LIMIT_S = 5.0
REQUEST = TransmitRequest(
    phy=bytes(52), frequency_hz=868_100_000, datarate="SF12BW125", power_dbm=14, inverted_polarity=False
)


def test_the_check_sequence_is_the_published_one() -> None:
    assert fcs16(b"123456789") == 0x906E


def test_the_examples_of_the_documentation() -> None:
    assert frame(bytes.fromhex("02000102aa555a0000000001")).hex() == "7e02000102aa555a0000000001f3747e"
    assert frame(bytes.fromhex("027e7d04")).hex() == "7e027d5e7d5d04f3537e"


@settings(max_examples=100)
@given(datagrams=st.lists(st.binary(min_size=1, max_size=80), max_size=6), size=st.integers(1, 40))
def test_frames_survive_tearing(datagrams: list[bytes], size: int) -> None:
    stream = b"".join(frame(datagram) for datagram in datagrams)
    deframer = Deframer()
    found = [got for at in range(0, len(stream), size) for got in deframer.feed(stream[at : at + size])]
    assert found == datagrams
    assert deframer.rejected == 0


@settings(max_examples=100)
@given(noise=st.binary(max_size=300), datagram=st.binary(min_size=1, max_size=80))
def test_noise_costs_only_itself(noise: bytes, datagram: bytes) -> None:
    assert Deframer().feed(noise + frame(datagram))[-1] == datagram


@pytest.mark.parametrize("at", range(14))
def test_every_changed_byte_is_noticed(at: int) -> None:
    whole = bytearray(frame(bytes.fromhex("02000102aa555a0000000001")))
    whole[1 + at] ^= 0x01
    deframer = Deframer()
    assert deframer.feed(bytes(whole)) == []
    assert deframer.rejected == 1


def test_a_run_without_an_end_is_thrown_away() -> None:
    deframer = Deframer()
    for _ in range(20):
        deframer.feed(bytes(MAX_FRAME_BYTES))
    assert deframer.feed(frame(b"good")) == [b"good"]
    assert deframer.rejected == 1


class Gateway:
    """The far end of the link."""

    def __init__(self, link: LoopbackLink) -> None:
        self.link = link
        self._deframer = Deframer()
        self._ready: list[bytes] = []

    async def receive(self) -> bytes:
        async with io_timeout(LIMIT_S):
            while not self._ready:
                self._ready += self._deframer.feed(await self.link.read())
        return self._ready.pop(0)


async def test_a_gateway_on_a_uart_is_heard_and_sends() -> None:
    near, far = LoopbackLink.pair("uart")
    events: list[DeviceEvent] = []
    server, gateway = GwmpSerial(clock=SystemClock(), sink=events.append), Gateway(far)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_until_lost(server, near))
        await far.write(frame(pull_data()) + b"\x7e\x7enoise" + frame(push_data({"rxpk": [rxpk()]})))
        assert await gateway.receive() == bytes.fromhex("02000804")
        assert await gateway.receive() == bytes.fromhex("02000701")
        sending = group.create_task(server.radio(EUI).send(REQUEST))
        question = await gateway.receive()
        await far.write(frame(tx_ack(int.from_bytes(question[1:3], "big"))))
        assert (await sending).status is TransmitStatus.SENT
        waiting = group.create_task(server.radio(EUI).send(REQUEST))
        await gateway.receive()
        await far.close()
    assert running.result()
    assert waiting.result().reason == "gateway_lost"
    (heard,) = [event for event in events if isinstance(event, FrameHeard)]
    assert heard.frame.source == "serial uart"
    assert server.rejected_frames == 1


async def _until_lost(server: GwmpSerial, link: LoopbackLink) -> bool:
    try:
        await server.run(link)
    except LinkLost:
        return True
    return False
