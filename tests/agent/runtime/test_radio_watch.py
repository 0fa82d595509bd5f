"""A deaf radio is told from a quiet band, repaired once where that is possible, and then left to a person."""

import json
from pathlib import Path

import pytest

from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.radio_watch import MAX_BROKEN, RadioWatch
from skerry_agent.store import Facts
from skerry_firmware_bridge.radio import DeviceForgotten, DeviceState, StatusReported
from skerry_firmware_bridge.sentinel.ladder import Repair
from skerry_firmware_bridge.sentinel.normal import Normal
from skerry_simulate.clock import SimulatedClock
from skerry_testing.runtime import DEVICE, heard, state
from skerry_testing.simulated import simulated
from skerry_testing.stores import open_stores

OTHER = "gwmp:aa555a0000000002"
BUSY = Normal(
    of_day=dict.fromkeys(range(24), 120.0), of_week=dict.fromkeys(range(168), 120.0), longest=5.0, frames=5000
)


async def opened(facts: Facts, clock: SimulatedClock) -> tuple[RadioWatch, DeviceBoard, EventHub]:
    hub = EventHub(clock=clock)
    board = DeviceBoard(clock=clock, hub=hub, frame_heard=lambda _, __: None)
    return await RadioWatch.open(facts=facts, clock=clock, board=board), board, hub


class NotingRepairs:
    """Can do everything for one radio, and nothing for others."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Repair]] = []

    def possible(self, device_id: str) -> set[Repair]:
        return set(Repair) if device_id == DEVICE else set()

    def begin(self, device_id: str, repair: Repair) -> str:
        self.begun.append((device_id, repair))
        return "It is being repaired."


async def learn(facts: Facts, *devices: str) -> None:
    for device in devices:
        await facts.set(f"radio_normal {device}", json.dumps(BUSY.to_json()))


def test_a_deaf_radio_is_shown_repaired_in_stages_and_then_told(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        repairs = NotingRepairs()
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE, OTHER)
            watch, board, hub = await opened(stores.facts, clock)
            watch.repair_with(repairs)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                for device in (DEVICE, OTHER):
                    watch.pass_on(state(DeviceState.UP, device_id=device))
                    watch.pass_on(heard(clock=clock, device_id=device))
                for minute in range(180):
                    watch.pass_on(heard(clock=clock, device_id=OTHER, tmst_us=minute * 60_000_000))
                    await clock.sleep(60)
                sick, well = board.live()[DEVICE], board.live()[OTHER]
                assert sick.values["radio_condition"] == "deaf"
                assert sick.reason.startswith("Nothing for ")
                assert "The other radios here heard " in sick.reason
                assert well.values["radio_condition"] == "healthy"
                stages = [Repair.SOFT_RESET, Repair.HARD_RESET, Repair.RESTART_LINK]
                assert repairs.begun == [(DEVICE, stage) for stage in stages]
                told = [event.data["trouble"] for event in hub._ring if "trouble" in event.data]
                assert told == ["radio_deaf"]
                watch.pass_on(heard(clock=clock))
                await clock.sleep(61)
                assert board.live()[DEVICE].values["radio_condition"] == "healthy"

    simulated(main)


def test_a_quiet_band_makes_nobody_sick(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE, OTHER)
            watch, board, hub = await opened(stores.facts, clock)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                for device in (DEVICE, OTHER):
                    watch.pass_on(heard(clock=clock, device_id=device))
                await clock.sleep(7200)
            assert board.live()[OTHER].values["radio_condition"] == "quiet"
            assert not any("trouble" in event.data for event in hub._ring)

    simulated(main)


def test_what_was_learned_outlives_a_restart_and_rubbish_is_learned_again(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await stores.facts.set(f"radio_normal {OTHER}", "{rubbish")
            watch, board, _ = await opened(stores.facts, clock)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                for number in range(8):
                    watch.pass_on(heard(clock=clock, tmst_us=number))
                    await clock.sleep(3600)
            assert board.live()[DEVICE].values["radio_condition"] == "learning"
            kept = json.loads(await stores.facts.get(f"radio_normal {DEVICE}") or "")
            assert kept["frames"] == 8
            assert len(kept["of_day"]) == 6  # the first hour was not seen from its beginning
            again, _, _ = await opened(stores.facts, clock)
            again.take(heard(clock=clock))
            again.judge()
            assert again._radios[DEVICE].sentinel.normal.frames == 9

    simulated(main)


def test_broken_frames_that_a_forwarder_only_counts_are_heard_of(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            watch, _, _ = await opened(stores.facts, clock)
            watch.take(heard(clock=clock))
            for values in (
                {"received": 10, "received_ok": 4, "forwarded": 4},
                {"received": 10, "received_ok": 4, "forwarded": 10},  # these came as frames
                {"received": 10**9, "received_ok": 0, "forwarded": 0},
                {"received": None, "received_ok": 0, "forwarded": 0},
            ):
                watch.take(StatusReported(device_id=DEVICE, values=dict(values), wall_ns=clock.wall_ns()))
            assert watch._radios[DEVICE].sentinel._broken == 6 + MAX_BROKEN

    simulated(main)


def test_a_gateway_that_gives_way_is_forgotten_with_what_was_learned_and_no_frame_is_counted_twice(
    tmp_path: Path,
) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, OTHER)
            watch, board, _ = await opened(stores.facts, clock)
            for device in (DEVICE, OTHER):
                watch.pass_on(state(DeviceState.UP, device_id=device))
                watch.pass_on(heard(clock=clock, device_id=device))
            watch.judge()
            before = watch._others_heard(DEVICE)
            watch.pass_on(DeviceForgotten(device_id=OTHER))
            assert watch._others_heard(DEVICE) == before
            await watch.store()
            assert set(watch._radios) == set(board.live()) == {DEVICE}
            assert list(await stores.facts.starting_with("radio_normal")) == [f"radio_normal {DEVICE}"]

    simulated(main)


def test_of_too_many_radios_that_were_learned_those_heard_least_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skerry_agent.runtime.radio_watch.MAX_LEARNED", 2)

    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            for number, frames in enumerate((7, 1, 9)):
                await stores.facts.set(f"radio_normal gwmp:{number}", json.dumps(Normal(frames=frames).to_json()))
            watch, _, _ = await opened(stores.facts, clock)
            assert set(watch._normal) == {"gwmp:0", "gwmp:2"}
            assert len(await stores.facts.starting_with("radio_normal")) == 2

    simulated(main)


def test_a_radio_that_is_deaf_when_the_agent_starts_is_found_too(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE)
            watch, board, hub = await opened(stores.facts, clock)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                watch.pass_on(state(DeviceState.UP))
                await clock.sleep(1800)
            assert board.live()[DEVICE].values["radio_condition"] == "deaf"
            (trouble,) = [event.data for event in hub._ring if "trouble" in event.data]
            assert trouble["detail"].endswith("restart the packet forwarder, or the whole gateway.")

    simulated(main)


def test_a_radio_that_is_down_is_not_called_deaf_and_keeps_its_reason(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        repairs = NotingRepairs()
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE)
            watch, board, _ = await opened(stores.facts, clock)
            watch.repair_with(repairs)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                watch.pass_on(state(DeviceState.UP))
                watch.pass_on(heard(clock=clock))
                watch.pass_on(state(DeviceState.DOWN, reason="No datagram for 180 s."))
                await clock.sleep(7200)
            live = board.live()[DEVICE]
            assert (live.reason, live.values["radio_condition"]) == ("No datagram for 180 s.", "gone")
            assert repairs.begun == [(DEVICE, Repair.HARD_RESET)]

    simulated(main)


def test_a_second_radio_that_is_unplugged_does_not_make_the_band_quiet(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE, OTHER)
            watch, board, _ = await opened(stores.facts, clock)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                for device in (DEVICE, OTHER):
                    watch.pass_on(state(DeviceState.UP, device_id=device))
                    watch.pass_on(heard(clock=clock, device_id=device))
                watch.pass_on(state(DeviceState.DOWN, device_id=OTHER))
                await clock.sleep(1800)
            assert board.live()[DEVICE].values["radio_condition"] == "deaf"

    simulated(main)


def test_while_the_clock_is_not_believed_nothing_is_learned_and_nobody_is_deaf(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            await learn(stores.facts, DEVICE)
            board = DeviceBoard(clock=clock, hub=EventHub(clock=clock), frame_heard=lambda _, __: None)
            watch = await RadioWatch.open(facts=stores.facts, clock=clock, board=board, clock_is_right=lambda: False)
            async with Background() as background:
                background.start(watch.run(), name="watch")
                watch.pass_on(state(DeviceState.UP))
                for _ in range(4):
                    watch.pass_on(heard(clock=clock))
                    await clock.sleep(3600)
            assert board.live()[DEVICE].values["radio_condition"] == "healthy"
            assert set(watch._radios[DEVICE].sentinel.normal.of_day.values()) == {120.0}

    simulated(main)


def test_a_radio_that_comes_while_others_are_stored_ends_nothing(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_stores(tmp_path, clock=clock) as stores:
            watch, _, _ = await opened(stores.facts, clock)
            watch.take(state(DeviceState.UP))
            put = stores.facts.set

            async def slow(name: str, value: str) -> None:
                watch.take(state(DeviceState.UP, device_id=OTHER))
                await put(name, value)

            stores.facts.set = slow  # type: ignore[method-assign]
            await watch.store()
            await watch.store()
            assert {f"radio_normal {DEVICE}", f"radio_normal {OTHER}"} <= set(await stores.facts.starting_with("radio"))

    simulated(main)
