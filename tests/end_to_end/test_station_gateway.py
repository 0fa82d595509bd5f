"""A whole agent whose only gateway speaks Basic Station: it witnesses, takes a downlink, says why it cannot beacon."""

from collections.abc import Callable
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.store import ReportState
from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.errors import TransmitRefused
from skerry_firmware_bridge.radio import DeviceState
from skerry_simulate.lone_radio import CELL, EUI, NEIGHBOUR_CELL
from skerry_simulate.medium import Reception, RfMedium
from skerry_simulate.station import BasicStationEmulator
from skerry_testing.runtime import UPLINK, FakeOperator, FakeSink, beacon_of, open_agent, open_runtime_stores
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, window_v1

LIMIT_S = 60.0
DEVICE = f"station:{EUI.hex()}"
ANSWER = bytes.fromhex("60000100780001000101020304aabbccdd")


async def until(done: Callable[[], bool], clock: SystemClock) -> None:
    while not done():
        await clock.sleep(0.02)


async def test_a_hotspot_with_a_basic_station_only(tmp_path: Path) -> None:
    clock = SystemClock()
    medium = RfMedium(clock=clock, seed=1)
    answers: list[Reception] = []
    neighbour = medium.add(
        name="neighbour", cell=NEIGHBOUR_CELL, listens=lambda frame: frame.inverted, on_frame=answers.append
    )
    sink = FakeSink(clock)
    operator = FakeOperator(clock, sink=sink)
    async with open_runtime_stores(tmp_path, clock) as stores, io_timeout(LIMIT_S):
        app = await open_agent(stores, tmp_path, clock, operator=operator, station__listen="127.0.0.1:0")
        hotspot = app.agent.hotspots[0]
        async with Background() as background:
            background.start(app.agent.run(), name="agent")
            (radios,) = app.agent.radios
            await until(lambda: radios.stations is not None, clock)
            assert radios.stations is not None
            station = BasicStationEmulator(
                eui=EUI, cell=CELL, medium=medium, clock=clock, server=radios.stations.address, seed=1
            )
            async with station:
                await station.configured.wait()
                assert app.agent.board.live()[DEVICE].state is DeviceState.UP

                beacon = beacon_of()
                medium.transmit(
                    neighbour, phy=beacon.phy, frequency_hz=beacon.frequency_hz, datarate="SF7BW125", power_dbm=14,
                    inverted=False,
                )  # fmt: skip
                while not (rows := (await stores.witnesses.page()).rows) or rows[0].state is not ReportState.DELIVERED:
                    await clock.sleep(0.02)
                assert sink.witnesses == [rows[0].report]

                medium.transmit(
                    neighbour, phy=UPLINK, frequency_hz=868_300_000, datarate="SF7BW125", power_dbm=14, inverted=False
                )
                await until(lambda: bool(operator.carried), clock)
                window = window_v1(
                    frequency=868_300_000,
                    datarate="SF7BW125",
                    timestamp=(operator.carried[0].tmst_us + 1_000_000) % (1 << 32),
                )
                assert operator.downlink is not None
                await operator.downlink(packet_router_packet_down_v1(payload=ANSWER, rx1=window))
                await until(lambda: bool(answers), clock)
                assert [reception.frame.phy for reception in answers] == [ANSWER]

                assert hotspot.beaconer is not None
                with pytest.raises(TransmitRefused, match="no message for a beacon"):
                    await hotspot.beaconer.send_now()
            await until(lambda: app.agent.board.live()[DEVICE].state is DeviceState.DOWN, clock)
