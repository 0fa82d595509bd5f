"""What the drivers say becomes each device's state, with its age; the sentinel's word stands beside it."""

from dataclasses import replace
from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.store import StoreUnavailable
from skerry_firmware_bridge.radio import DeviceState, DeviceTrouble, StatusReported
from skerry_firmware_bridge.sentinel.sentinel import Condition, Judgement
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import DEVICE, heard, state
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores
from skerry_wire.frames import ReceivedFrame


def made(clock: SimulatedClock) -> tuple[DeviceBoard, EventHub, list[ReceivedFrame]]:
    frames: list[ReceivedFrame] = []
    hub = EventHub(clock=clock)
    return DeviceBoard(clock=clock, hub=hub, frame_heard=lambda _, frame: frames.append(frame)), hub, frames


def test_states_frames_values_and_troubles_are_taken() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    board, hub, frames = made(clock)
    board.expect(DEVICE, "named in the settings")
    assert board.live()[DEVICE].state is DeviceState.UNKNOWN
    board.take(state(DeviceState.UP))
    board.take(heard(clock=clock))
    board.take(StatusReported(device_id=DEVICE, values={"temperature_c": 40}, wall_ns=5))
    board.take(DeviceTrouble(device_id=DEVICE, code="storm", detail="Too fast.", wall_ns=6))
    live = board.live()[DEVICE]
    trouble = {"trouble": "storm", "trouble_detail": "Too fast.", "trouble_at": "1970-01-01T00:00:00+00:00"}
    assert (live.state, live.as_of_ns, len(frames)) == (DeviceState.UP, 5, 1)
    assert live.values == {"temperature_c": 40} | trouble
    board.take(state(DeviceState.DOWN, reason="unplugged"))
    assert (board.live()[DEVICE].state, board.live()[DEVICE].reason) == (DeviceState.DOWN, "unplugged")
    board.take(state(DeviceState.UP))
    assert board.live()[DEVICE].values == {"temperature_c": 40}
    assert [event.data.get("trouble") for event in hub._ring] == [None, None, "storm", None, None]
    assert board.refused_lately() is None


def test_a_device_that_is_refused_is_remembered_for_five_minutes_and_no_row() -> None:
    async def main(clock: SimulatedClock) -> None:
        board, _, _ = made(clock)
        for number in range(3):
            wall_ns = clock.wall_ns()
            board.take(DeviceTrouble(device_id=f"gwmp:{number}", code="zero_eui", detail=str(number), wall_ns=wall_ns))
        assert (board.refused_lately(), board.live()) == ("2", {})
        await clock.sleep(301)
        assert board.refused_lately() is None

    simulated(main)


def test_a_busy_radio_is_noted_once_a_second() -> None:
    async def main(clock: SimulatedClock) -> None:
        board, _, _ = made(clock)
        board.take(heard(clock=clock))
        began_ns = board.live()[DEVICE].as_of_ns
        await clock.sleep(0.5)
        board.take(heard(clock=clock))
        assert board.live()[DEVICE].as_of_ns == began_ns
        await clock.sleep(0.6)
        board.take(heard(clock=clock))
        assert board.live()[DEVICE].as_of_ns == clock.wall_ns()

    simulated(main)


def test_a_frame_brings_an_unknown_radio_up() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    board, _, _ = made(clock)
    board.take(heard(clock=clock))
    assert board.live()[DEVICE].state is DeviceState.UP


def test_an_illness_becomes_the_reason_until_it_is_over_and_is_published_once() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    board, hub, _ = made(clock)
    deaf = Judgement(condition=Condition.DEAF, reason="Nothing for 20 minutes.")
    board.judged(DEVICE, deaf)
    assert board.live() == {}
    board.take(state(DeviceState.UP))
    before = hub.last_id
    board.judged(DEVICE, deaf)
    board.judged(DEVICE, deaf)
    live = board.live()[DEVICE]
    assert (live.reason, live.values["radio_condition"]) == ("Nothing for 20 minutes.", "deaf")
    assert hub.last_id == before + 1
    board.judged(DEVICE, replace(deaf, condition=Condition.HEALTHY, reason="As usual."))
    live = board.live()[DEVICE]
    assert (live.reason, live.values["radio_finding"]) == ("The radio hears as usual again.", "As usual.")


def test_devices_are_stored_as_they_come_and_none_is_forgotten_by_a_full_disk(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        board, _, _ = made(clock)
        async with open_stores(tmp_path, clock=clock) as stores:
            seen = stores.devices.seen

            async def full(_: object) -> None:
                raise StoreUnavailable("E_DISK_FULL", "the disk is full")

            stores.devices.seen = full  # type: ignore[method-assign, assignment]
            async with Background() as background:
                background.start(board.run(stores.devices), name="board")
                board.take(state(DeviceState.UP))
                await clock.sleep(1)
                stores.devices.seen = seen  # type: ignore[method-assign]
                board.take(state(DeviceState.UP, device_id="wio-e5:/dev/x"))
                await clock.sleep(1)
            rows = await stores.devices.all()
            assert [(row.id, row.kind, row.name) for row in rows] == [
                (DEVICE, "gwmp", "aa555a0000000001"),
                ("wio-e5:/dev/x", "wio-e5", "/dev/x"),
            ]

    simulated(main)
