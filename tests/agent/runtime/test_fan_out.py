"""An uplink goes to the operator and to every further network; one that fails costs the others nothing."""

from pathlib import Path

from skerry_agent.background import Background
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, FrameHeard
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import FakeOperator, heard, open_agent, open_runtime_stores, state
from skerry_testing.simulated import simulated
from skerry_wire.frames import ReceivedFrame
from skerry_wire.sink import SinkUnavailable


def test_the_row_of_an_uplink_names_every_network_that_took_it(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        operator = FakeOperator(clock)
        async with (
            GwmpServer(clock=clock, sink=events.append, port=0) as lns,
            open_runtime_stores(tmp_path, clock) as stores,
            Background() as background,
        ):
            name = f"127.0.0.1:{lns.address[1]}"
            app = await open_agent(stores, tmp_path, clock, operator=operator, forward__gwmp=name)
            background.start(app.agent.run(), name="agent")
            await clock.sleep(1)
            app.agent.board.take(state(DeviceState.UP))
            app.agent.board.take(heard(clock=clock, tmst_us=1))
            await clock.sleep(1)

            async def away(*_: object, **__: object) -> bool:
                raise SinkUnavailable("away")

            operator.carry = away  # type: ignore[method-assign]
            app.agent.board.take(heard(clock=clock, tmst_us=2))
            await clock.sleep(11)
            rows = (await stores.packets.page()).rows
            assert [row.sent_to for row in rows] == [[name], ["test-net", name]]
            frames: list[ReceivedFrame] = [event.frame for event in events if isinstance(event, FrameHeard)]
            assert len(frames) == 1  # the second is the same frame to a network server, within ten seconds

    simulated(main)
