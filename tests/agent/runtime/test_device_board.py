"""What the drivers say becomes each device's state, with its age; the sentinel's word stands beside it."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.store import StoreUnavailable
from skerry_firmware_bridge.radio import DeviceForgotten, DeviceState, DeviceTrouble, StateChanged, StatusReported
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


def test_a_radio_that_is_back_is_not_called_gone_until_it_is_judged_again() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    board, _, _ = made(clock)
    board.take(state(DeviceState.UP))
    board.take(StatusReported(device_id=DEVICE, values={"temperature_c": 40}, wall_ns=5))
    for condition, kept in ((Condition.GONE, False), (Condition.WEAK, True)):
        board.take(state(DeviceState.DOWN))
        board.judged(DEVICE, Judgement(condition=condition, reason="so it is", repair=None))
        board.take(state(DeviceState.UP))
        values = board.live()[DEVICE].values
        assert (values["temperature_c"], "radio_condition" in values, "radio_finding" in values) == (40, kept, kept)


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


def down(
    reason: str, *, refusal: str = "", is_echo: bool = False, state: DeviceState = DeviceState.DOWN
) -> StateChanged:
    return StateChanged(
        device_id=DEVICE, state=state, reason=reason, wall_ns=2 * 10**18, refusal=refusal, is_echo=is_echo
    )


def test_what_follows_from_another_device_is_shown_and_gets_no_line(caplog: pytest.LogCaptureFixture) -> None:
    board, _, _ = made(SimulatedClock(start_s=1_790_000_000))
    with caplog.at_level(logging.INFO):
        board.take(down("Its serial port was lost.", is_echo=True))
    assert board.live()[DEVICE].reason == "Its serial port was lost."
    assert caplog.records == []


def test_the_reason_is_of_now_and_the_age_that_of_the_last_sign_of_life() -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    board, _, _ = made(clock)
    board.take(replace(down("It is gone."), state=DeviceState.UP, wall_ns=10**18))
    board.take(replace(down("It is gone."), wall_ns=10**18 + 1))  # it was there until now
    board.take(replace(down("There is no port."), wall_ns=10**18 + 2))
    live = board.live()[DEVICE]
    assert (live.reason, live.as_of_ns) == ("There is no port.", 10**18 + 1)
    board.take(heard(clock=clock))
    assert (board.live()[DEVICE].state, board.live()[DEVICE].reason) == (DeviceState.UP, "It hears frames.")


def test_a_device_that_is_forgotten_leaves_nothing_unless_its_owner_has_named_it(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        gone: list[str] = []
        board = DeviceBoard(
            clock=clock, hub=EventHub(clock=clock), frame_heard=lambda _, __: None, forgotten=gone.append
        )
        async with open_stores(tmp_path, clock=clock) as stores:
            for device in (DEVICE, "gwmp:named"):
                board.take(state(DeviceState.UP, device_id=device))
                board.take(DeviceTrouble(device_id=device, code="storm", detail="Too fast.", wall_ns=0))
                board.take(replace(down("Silent."), device_id=device))
            await board.save(stores.devices)
            await stores.devices.change("gwmp:named", name="roof")
            for device in (DEVICE, "gwmp:named"):
                board.take(DeviceForgotten(device_id=device))
            await board.save(stores.devices)
            assert gone == [DEVICE, "gwmp:named"]
            assert [row.name for row in await stores.devices.all()] == ["roof"]
        for kept in (
            board.live(),
            board._lines._outages,
            board._lines._troubles,
            board._noted_ns,
            board._unsaved,
            board._gone,
        ):
            assert not kept

    simulated(main)


def test_a_device_that_stays_up_is_seen_every_hour(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        board, _, _ = made(clock)
        async with open_stores(tmp_path, clock=clock) as stores:
            board.take(state(DeviceState.UP))
            await board.save(stores.devices)
            for seconds, hours in ((3599, 0), (1, 1), (3599, 1), (1, 2)):
                await clock.sleep(seconds)
                await board.save(stores.devices)
                (row,) = await stores.devices.all()
                assert row.last_seen_ns - row.first_seen_ns == hours * 3600 * 10**9

    simulated(main)


def test_what_is_forgotten_is_deleted_once_although_two_store_at_a_time_and_a_disk_fails(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        board, _, _ = made(clock)
        async with open_stores(tmp_path, clock=clock) as stores:
            for device in ("gwmp:a", "gwmp:b", "gwmp:c"):
                board.take(state(DeviceState.UP, device_id=device))
            await board.save(stores.devices)
            for device in ("gwmp:a", "gwmp:b", "gwmp:c"):
                board.take(DeviceForgotten(device_id=device))
            forget = stores.devices.forget

            async def full(_: str) -> None:
                raise StoreUnavailable("E_DISK_FULL", "the disk is full")

            stores.devices.forget = full  # type: ignore[method-assign, assignment]
            with pytest.raises(StoreUnavailable):
                await board.save(stores.devices)
            stores.devices.forget = forget  # type: ignore[method-assign]
            async with asyncio.TaskGroup() as group:
                for number in range(2):
                    group.create_task(board.save(stores.devices), name=f"save {number}")
            assert await stores.devices.all() == []

    simulated(main)
