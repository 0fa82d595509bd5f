"""An emulated station over a real websocket: frames up, downlinks down, confirmations, loss of the connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.basic_station.server import BasicStationServer
from skerry_firmware_bridge.errors import LinkLost, TransmitRefused
from skerry_firmware_bridge.guests import NEWCOMERS
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, FrameHeard, StateChanged
from skerry_firmware_bridge.transmit import GatewayRegion, Purpose, TransmitGate
from skerry_simulate.lone_radio import CELL, NEIGHBOUR_CELL
from skerry_simulate.medium import AirFrame, Reception, RfMedium
from skerry_simulate.station import BasicStationEmulator
from skerry_testing.radio import FileDutyStore
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus

EUI = bytes.fromhex("aa555a0000005e11")
UPLINK = b"\x40" + (0x7800_0100).to_bytes(4, "little") + b"\0\x01\0\x01" + b"payload!"
CHANNEL_HZ = 868_100_000
LIMIT_S = 60.0
EU868 = GatewayRegion(name="EU868", confirmed=True)


class Town:
    """A station, a device next to it that hears downlinks, and the server under test."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.medium = RfMedium(clock=self.clock, seed=1)
        self.answers: list[Reception] = []
        self.events: asyncio.Queue[DeviceEvent] = asyncio.Queue()
        self.device = self.medium.add(
            name="device", cell=NEIGHBOUR_CELL, listens=_downlinks, on_frame=self.answers.append
        )

    async def heard(self) -> FrameHeard:
        """Return the next frame that the server tells of."""
        while not isinstance(event := await self.events.get(), FrameHeard):
            pass
        return event

    def speak(self) -> None:
        self.medium.transmit(
            self.device, phy=UPLINK, frequency_hz=CHANNEL_HZ, datarate="SF7BW125", power_dbm=14, inverted=False
        )


def _downlinks(frame: AirFrame) -> bool:
    return frame.inverted


@asynccontextmanager
async def connected(town: Town) -> AsyncIterator[tuple[BasicStationServer, BasicStationEmulator]]:
    server = BasicStationServer(clock=town.clock, sink=town.events.put_nowait, region="EU868", port=0)
    async with io_timeout(LIMIT_S), server:
        station = BasicStationEmulator(
            eui=EUI, cell=CELL, medium=town.medium, clock=town.clock, server=server.address, seed=1
        )
        async with station:
            await station.configured.wait()
            yield server, station


def request(tmst_us: int | None, *, inverted: bool = True) -> TransmitRequest:
    return TransmitRequest(
        phy=b"\x60" + bytes(12), frequency_hz=CHANNEL_HZ, datarate="SF7BW125", power_dbm=14,
        inverted_polarity=inverted, tmst_us=tmst_us,
    )  # fmt: skip


async def sent(gate: TransmitGate, server: BasicStationServer, asked: TransmitRequest) -> TransmitOutcome:
    return await gate.transmit(
        server.radio(EUI), asked, gateway_region=EU868, antenna_gain_ddbi=12,
        purpose=Purpose.DOWNLINK if asked.inverted_polarity else Purpose.BEACON, commit=True,
    )  # fmt: skip


async def made_gate(town: Town, folder: Path) -> TransmitGate:
    gate = TransmitGate(clock=town.clock, store=FileDutyStore(folder / "duty"))
    await gate.load()
    return gate


async def test_an_uplink_is_answered_a_second_later_and_confirmed(tmp_path: Path) -> None:
    town = Town()
    gate = await made_gate(town, tmp_path)
    async with connected(town) as (server, station):
        town.speak()
        frame = (await town.heard()).frame
        assert frame.phy == UPLINK
        outcome = await sent(gate, server, request((frame.tmst_us + 1_000_000) % (1 << 32)))
        assert outcome == TransmitOutcome(status=TransmitStatus.SENT, tmst_us=(frame.tmst_us + 1_000_000) % (1 << 32))
        assert station.counts["sent"] == 1
        await town.clock.sleep(0.1)
    assert [reception.frame.phy for reception in town.answers] == [b"\x60" + bytes(12)]


async def test_class_c_goes_out_at_once_and_its_air_time_is_booked(tmp_path: Path) -> None:
    town = Town()
    gate = await made_gate(town, tmp_path)
    async with connected(town) as (server, _):
        outcome = await sent(gate, server, request(None))
        permit = gate.check(
            server.radio(EUI), request(None), gateway_region=EU868, antenna_gain_ddbi=12, purpose=Purpose.DOWNLINK
        )
    assert outcome.status is TransmitStatus.SENT
    assert permit.spent_us == permit.airtime_us > 0


async def test_what_the_station_drops_in_silence_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.basic_station.downlink.CONFIRM_S", 0.2)
    monkeypatch.setattr("skerry_firmware_bridge.basic_station.downlink.CLASS_C_S", 0.0)
    town = Town()
    async with connected(town) as (server, station):
        outside = TransmitRequest(
            phy=b"x", frequency_hz=900_000_000, datarate="SF7BW125", power_dbm=14, inverted_polarity=True
        )
        outcome = await server.radio(EUI).send(outside)
        assert station.counts["dropped"] == 1
    assert outcome == TransmitOutcome(status=TransmitStatus.FAILED, reason="timeout")


async def test_a_beacon_is_refused_because_the_protocol_has_none(tmp_path: Path) -> None:
    town = Town()
    gate = await made_gate(town, tmp_path)
    async with connected(town) as (server, station):
        with pytest.raises(TransmitRefused, match="E_TX_POLARITY"):
            await sent(gate, server, request(None, inverted=False))
    assert station.counts["dnmsg"] == 0


async def test_losing_the_station_ends_its_downlinks_at_once() -> None:
    town = Town()
    async with connected(town) as (server, station):
        async with asyncio.TaskGroup() as group:
            town.speak()
            frame = (await town.heard()).frame
            radio = server.radio(EUI)
            waiting = group.create_task(radio.send(request((frame.tmst_us + 5_000_000) % (1 << 32))), name="downlink")
            await town.clock.sleep(0.05)
            await station.__aexit__(None, None, None)
        assert waiting.result() == TransmitOutcome(status=TransmitStatus.FAILED, reason="gateway_lost")
        with pytest.raises(LinkLost):
            await radio.send(request(None))


async def test_a_station_comes_back_when_the_server_does() -> None:
    town = Town()
    server = BasicStationServer(clock=town.clock, sink=town.events.put_nowait, region="EU868", port=0)
    async with io_timeout(LIMIT_S):
        async with server:
            address = server.address
            station = BasicStationEmulator(
                eui=EUI, cell=CELL, medium=town.medium, clock=town.clock, server=address, seed=1
            )
            await station.__aenter__()
            await station.configured.wait()
        again = BasicStationServer(
            clock=town.clock, sink=town.events.put_nowait, region="EU868", host=address[0], port=address[1]
        )
        async with again:
            await station.configured.wait()
            town.speak()
            assert (await town.heard()).frame.phy == UPLINK
            await station.__aexit__(None, None, None)


async def test_a_station_pinned_elsewhere_is_refused_and_reported_once() -> None:
    town = Town()
    pins = {EUI: "192.0.2.7"}
    server = BasicStationServer(clock=town.clock, sink=town.events.put_nowait, region="EU868", port=0, pins=pins)
    async with io_timeout(LIMIT_S), server, aiohttp.ClientSession() as client:
        for _ in range(2):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await client.ws_connect(f"http://{server.address[0]}:{server.address[1]}/traffic/{EUI.hex()}")
    told = [town.events.get_nowait() for _ in range(town.events.qsize())]
    assert [event.code for event in told if isinstance(event, DeviceTrouble)] == ["not_pinned"]
    assert server.counts["not_pinned"] == 2


async def introduce(client: aiohttp.ClientSession, url: str) -> None:
    """Say what a station says first, wait for the answer, leave."""
    await (await introduced(client, url)).close()


async def introduced(client: aiohttp.ClientSession, url: str) -> aiohttp.ClientWebSocketResponse:
    """Say what a station says first and wait for the answer."""
    socket = await client.ws_connect(url)
    await socket.send_json({"msgtype": "version", "station": "2.0.6(test/std)"})
    assert (await socket.receive_json())["msgtype"] == "router_config"
    return socket


async def test_stations_that_nobody_has_named_are_few_and_one_that_is_named_comes_in() -> None:
    town = Town()
    server = BasicStationServer(
        clock=town.clock, sink=town.events.put_nowait, region="EU868", port=0, pins={EUI: "127.0.0.1"}
    )
    async with io_timeout(LIMIT_S), server, aiohttp.ClientSession() as client:
        place = f"http://{server.address[0]}:{server.address[1]}/traffic"
        for number in range(1, NEWCOMERS + 3):
            if number <= NEWCOMERS:
                await introduce(client, f"{place}/{number:016x}")
            else:
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await client.ws_connect(f"{place}/{number:016x}")
        await introduce(client, f"{place}/{EUI.hex()}")
    told = [town.events.get_nowait() for _ in range(town.events.qsize())]
    assert [event.code for event in told if isinstance(event, DeviceTrouble)] == ["too_many_gateways"]
    assert len({event.device_id for event in told if isinstance(event, StateChanged)}) == NEWCOMERS + 1


async def test_stations_that_do_not_answer_the_end_do_not_hold_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.basic_station.server.CLOSE_S", 0.05)
    town = Town()
    server = BasicStationServer(clock=town.clock, sink=town.events.put_nowait, region="EU868", port=0)
    async with (
        io_timeout(LIMIT_S),
        aiohttp.ClientSession() as client,
    ):  # one after the other they would be waited for longer than that
        async with server:
            place = f"http://{server.address[0]}:{server.address[1]}/traffic"
            sockets = [await introduced(client, f"{place}/{number:016x}") for number in range(1, 9)]
        gone = 0
        while gone < len(sockets):
            event = await town.events.get()
            gone += isinstance(event, StateChanged) and event.state is DeviceState.DOWN
        for socket in sockets:
            await socket.close()
