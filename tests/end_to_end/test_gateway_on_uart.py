"""A gateway on a serial line, its firmware written from the documentation only, and a whole agent at the other end."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from skerry_agent.background import Background
from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.radio import DeviceState
from skerry_testing import uart_firmware
from skerry_testing.runtime import FakeOperator, FakeSink, open_agent, open_runtime_stores
from skerry_testing.sockets import socat_pair
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, window_v1

LIMIT_S = 60.0
GATEWAY = f"gwmp:{uart_firmware.EUI.hex()}"
UPLINK = bytes.fromhex("4000010078000000010102030411223344")
ANSWER = bytes.fromhex("60000100780001000101020304aabbccdd")


async def until(done: Callable[[], bool], clock: SystemClock) -> None:
    while not done():
        await clock.sleep(0.02)


async def test_firmware_written_from_the_page_is_a_gateway_of_the_agent(tmp_path: Path) -> None:
    clock = SystemClock()
    operator = FakeOperator(clock, sink=FakeSink(clock))
    async with (
        socat_pair(tmp_path) as (near, far),
        open_runtime_stores(tmp_path / "state", clock) as stores,
        io_timeout(LIMIT_S),
    ):
        port = f"gwmp-serial:{near}"
        app = await open_agent(stores, tmp_path, clock, operator=operator, gwmp__listen="", serial__radios=port)
        async with Background() as background:
            background.start(app.agent.run(), name="agent")
            await until(lambda: port in app.agent.board.live(), clock)
            firmware = await asyncio.create_subprocess_exec(
                sys.executable, "-I", uart_firmware.__file__, far, stdout=asyncio.subprocess.PIPE
            )
            assert firmware.stdout is not None
            try:
                assert await firmware.stdout.readline() == b"pull_ack 02000104\n"
                assert await firmware.stdout.readline() == b"push_ack 02000201\n"
                await until(lambda: bool(operator.carried), clock)
                (frame,) = operator.carried
                assert (frame.phy, frame.source) == (UPLINK, f"serial {near}")
                live = app.agent.board.live()
                assert (live[port].state, live[GATEWAY].state) == (DeviceState.UP, DeviceState.UP)

                window = window_v1(frequency=868_100_000, datarate="SF7BW125", timestamp=frame.tmst_us + 1_000_000)
                assert operator.downlink is not None
                await operator.downlink(packet_router_packet_down_v1(payload=ANSWER, rx1=window))
                assert await firmware.stdout.readline() == b"sends YAABAHgAAQABAQIDBKq7zN0=\n"
            finally:
                firmware.kill()
                await firmware.wait()
        (row,) = (await stores.packets.page()).rows
        assert (row.device_id, row.source) == (GATEWAY, f"serial {near}")
