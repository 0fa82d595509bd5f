"""GWMP over a serial link: framing, noise, and the same conversation as over UDP."""

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.checksums import fcs16
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.gwmp.datagram import Kind
from skerry_firmware_bridge.gwmp.hdlc import MAX_FRAME_BYTES, Deframer, frame
from skerry_firmware_bridge.gwmp.serial import NOISE_FRAMES, GwmpSerial
from skerry_firmware_bridge.gwmp.session import DownlinkConcluded, GwmpSession
from skerry_firmware_bridge.links.loopback import LoopbackLink
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, FrameHeard, StateChanged
from skerry_testing.gwmp import EUI, pull_data, push_data, rxpk, tx_ack
from skerry_wire.frames import TransmitRequest, TransmitStatus

LIMIT_S = 60.0
PAGE = Path(__file__).resolve().parents[3] / "docs" / "gwmp-over-serial.md"
HEX = r"((?:[0-9a-f]{2}\s+)*[0-9a-f]{2})"
EXAMPLE = re.compile(rf"^    datagram {HEX}\n    frame    {HEX}$", re.MULTILINE)
PORT = "gwmp-serial:uart"
GATEWAY = "gwmp:aa555a0000000001"
REQUEST = TransmitRequest(
    phy=bytes(52), frequency_hz=868_100_000, datarate="SF12BW125", power_dbm=14, inverted_polarity=False
)


def test_the_check_sequence_is_the_published_one() -> None:
    assert fcs16(b"123456789") == 0x906E


def examples() -> list[tuple[bytes, bytes]]:
    return [(bytes.fromhex(content), bytes.fromhex(whole)) for content, whole in EXAMPLE.findall(PAGE.read_text())]


def example(kind: Kind) -> bytes:
    return next(content for content, _ in examples() if content[3] == kind)


def test_every_byte_example_of_the_documentation_is_what_we_send_and_read() -> None:
    assert len(examples()) == 8
    for content, whole in examples():
        assert frame(content) == whole
        assert Deframer().feed(whole) == [content]


def test_the_documented_conversation_takes_place() -> None:
    session, port = GwmpSession(random_token=lambda: 3), ("serial uart", 0)
    for kind, answer in ((Kind.PULL_DATA, Kind.PULL_ACK), (Kind.PUSH_DATA, Kind.PUSH_ACK)):
        events = session.receive(example(kind), port, now_ns=0, wall_ns=0)
        assert session.to_send() == [(example(answer), port)]
    (heard,) = [event for event in events if isinstance(event, FrameHeard)]
    assert (heard.frame.phy.hex(), heard.frame.rssi_dbm, heard.frame.snr_db) == ("40040302", -60, 9.5)
    asked = TransmitRequest(
        phy=heard.frame.phy, frequency_hz=868_500_000, datarate="SF9BW125", power_dbm=14, inverted_polarity=True,
        tmst_us=6_000_000,
    )  # fmt: skip
    outcomes = []
    for acknowledgement in [content for content, _ in examples() if content[3] == Kind.TX_ACK]:
        session.transmit(EUI, asked, now_ns=0)
        assert session.to_send() == [(example(Kind.PULL_RESP), port)]
        (done,) = session.receive(acknowledgement, port, now_ns=0, wall_ns=0)
        assert isinstance(done, DownlinkConcluded)
        outcomes.append((done.outcome.status, done.outcome.reason))
    assert outcomes == [(TransmitStatus.SENT, None), (TransmitStatus.FAILED, "too_late")]


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
    server, gateway = GwmpSerial(device_id=PORT, clock=SystemClock(), sink=events.append), Gateway(far)
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
    states = [(event.device_id, event.state) for event in events if isinstance(event, StateChanged)]
    assert states == [
        (PORT, DeviceState.UNKNOWN), (GATEWAY, DeviceState.UP), (PORT, DeviceState.UP), (GATEWAY, DeviceState.DOWN),
    ]  # fmt: skip


@pytest.mark.parametrize("noise", [b"\x7e\x55\xaa\x55" * NOISE_FRAMES, bytes(9000)])
async def test_a_line_full_of_noise_is_told_once_with_what_to_check(noise: bytes) -> None:
    near, far = LoopbackLink.pair("uart")
    events: list[DeviceEvent] = []
    server = GwmpSerial(device_id=PORT, clock=SystemClock(), sink=events.append)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(_until_lost(server, near))
        for _ in range(3):
            await far.write(noise)
        gateway = Gateway(far)
        await far.write(frame(pull_data()))
        assert await gateway.receive() == bytes.fromhex("02000804")  # and is still there for a frame
        await far.close()
    assert running.result()
    (trouble,) = [event for event in events if isinstance(event, DeviceTrouble)]
    assert (trouble.device_id, trouble.code) == (PORT, "serial_noise")
    assert "115200 baud" in trouble.detail


async def _until_lost(server: GwmpSerial, link: LoopbackLink) -> bool:
    try:
        await server.run(link)
    except LinkLost:
        return True
    return False
