"""A supervised device tells honestly whether it is up, unknown or down, and comes back."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Never

import pytest

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.device import DeviceConfig
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, StateChanged, StatusReported
from skerry_firmware_bridge.supervise import DOWN_AFTER_S, KEEP_ALIVE_S, supervise
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import LineFaults
from skerry_simulate.devices.meter import Household, P1Firmware
from skerry_simulate.devices.registry import EMULATORS
from skerry_testing.simulated import Bench, simulated

SILENT = {
    "iec62056": "head sits straight",
    "modem": "AT port",
    "p1": "P1 port is switched on",
    "p1-v2": "Check the cable",
    "picogw": "Unplug the concentrator",
    "sx1302-usb": "Unplug the concentrator",
}
Script = Callable[[SimulatedClock, Bench], Coroutine[Any, Any, None]]


def _supervised(name: str, script: Script, **options: str | int) -> tuple[list[tuple[float, DeviceEvent]], Bench]:
    """Run `script` beside a supervised emulator; return the events with their times in seconds."""
    events: list[tuple[float, DeviceEvent]] = []
    benches: list[Bench] = []

    async def main(clock: SimulatedClock) -> None:
        emulator = EMULATORS[name]
        bench = Bench(emulator.make, clock=clock, faults=LineFaults())
        benches.append(bench)
        config = DeviceConfig(device_id="d1", kind=emulator.kind, url="memory:d1", options=options)

        def note(event: DeviceEvent) -> None:
            events.append((clock.monotonic_ns() / NS_PER_S, event))

        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervise(config, around=bench.around, events=note), name="d1")
            await script(clock, bench)
            task.cancel()

    simulated(main)
    return events, benches[0]


def _states(events: list[tuple[float, DeviceEvent]]) -> list[tuple[float, DeviceState]]:
    """Return each new state with its time; the same again, for another reason, is left out."""
    found: list[tuple[float, DeviceState]] = []
    for at, event in events:
        if isinstance(event, StateChanged) and (not found or found[-1][1] is not event.state):
            found.append((at, event.state))
    return found


def test_a_modem_reports_its_cell_within_five_seconds() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(5)

    events, _ = _supervised("quectel-rm520n", script)
    reports = [event for _, event in events if isinstance(event, StatusReported)]
    assert reports
    assert reports[0].values["nr_band"] == 78
    assert reports[0].values["model"] == "RM520N-GL"


def test_an_unplugged_device_is_unknown_then_down_and_returns_within_three_seconds() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(60)
        bench.unplug()
        await clock.sleep(60)
        bench.plugged = True
        await clock.sleep(10)

    events, _ = _supervised("quectel-rm520n", script)
    states = _states(events)
    assert [state for _, state in states] == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN, DeviceState.UP]
    assert 60 <= states[1][0] < 61
    # the age of what is told about a lost device counts from its last reading
    down = next(event for _, event in events if isinstance(event, StateChanged) and event.state is DeviceState.DOWN)
    last_read_ns = max(event.wall_ns for at, event in events if isinstance(event, StatusReported) and at < 61)
    assert down.wall_ns == last_read_ns
    assert states[2][0] - states[1][0] <= DOWN_AFTER_S + 1
    assert 120 < states[3][0] < 123


def test_a_down_device_says_why_in_words_for_people() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.plugged = False
        await clock.sleep(30)

    events, _ = _supervised("p1-v5", script)
    last = [event for _, event in events if isinstance(event, StateChanged)][-1]
    assert last.state is DeviceState.DOWN
    assert last.reason == "There is no serial port memory:d1. Plug it in."


def test_a_dead_modem_port_climbs_the_ladder_to_the_secondary_port_and_a_restart() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.faults = LineFaults(stuck=True)
        await clock.sleep(120)

    events, bench = _supervised("quectel-rm520n", script, secondary_url="memory:d2")
    # three timeouts each: reopened, then the secondary port, then the restart by whichever port takes it
    assert bench.opened[:5] == ["memory:d1", "memory:d1", "memory:d2", "memory:d2", "memory:d1"]
    assert [link.written for link in bench.links[3:5]] == [b"AT+CFUN=1,1\r"] * 2
    troubles = [event for _, event in events if isinstance(event, DeviceTrouble)]
    assert [event.code for event in troubles] == ["modem_restart"]


def test_a_secondary_port_that_is_gone_gives_way_to_the_first() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.faults = LineFaults(stuck=True)
        bench.missing.add("memory:d2")
        await clock.sleep(60)
        bench.faults = LineFaults()
        await clock.sleep(60)

    events, bench = _supervised("quectel-rm520n", script, secondary_url="memory:d2")
    assert "memory:d2" in bench.opened
    assert _states(events)[-1][1] is DeviceState.UP


def test_a_device_read_seldom_is_asked_for_a_sign_of_life_between_readings() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(90)
        bench.faults = LineFaults(stuck=True)
        bench.links[-1].stage.faults = bench.faults
        await clock.sleep(60)

    for name in ("quectel-ec25", "corecell-usb", "picocell"):
        events, _ = _supervised(name, script, poll_s=3600)
        states = _states(events)
        assert [state for _, state in states] == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN], name
        assert 90 < states[1][0] < 90 + KEEP_ALIVE_S + 12, name


def test_what_a_device_no_longer_tells_is_none_and_not_the_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(5)
        firmware = bench.firmware
        assert isinstance(firmware, P1Firmware)
        monkeypatch.setattr(firmware, "gas", False)
        await clock.sleep(5)

    events, _ = _supervised("p1-v5", script)
    reports = [event for _, event in events if isinstance(event, StatusReported)]
    assert reports[0].values["mbus1_unit"] == "m3"
    assert reports[-1].values["mbus1_unit"] is None


def test_another_meter_on_the_same_port_is_told_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(5)
        firmware = bench.firmware
        assert isinstance(firmware, P1Firmware)
        monkeypatch.setattr(firmware, "_serial", "SKRY0000000002")
        monkeypatch.setattr(firmware, "_household", Household(clock, imported_wh=17, exported_wh=0))
        await clock.sleep(5)

    events, _ = _supervised("p1-v5", script)
    troubles = [event for _, event in events if isinstance(event, DeviceTrouble)]
    assert [event.code for event in troubles] == ["meter_changed"]
    assert "SKRY0000000002 answers in place of SKRY0000000001" in troubles[0].detail
    last = [event for _, event in events if isinstance(event, StatusReported)][-1].values
    assert (last["serial"], last["meter_id"]) == ("SKRY0000000002", "SKRY0000000002")


def test_a_counter_that_steps_back_is_told_once_even_after_the_link_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(5)
        firmware = bench.firmware
        assert isinstance(firmware, P1Firmware)
        bench.unplug()
        monkeypatch.setattr(firmware, "_household", Household(clock, imported_wh=17_001))
        await clock.sleep(5)
        bench.plugged = True
        await clock.sleep(10)

    events, _ = _supervised("p1-v5", script)
    troubles = [event for _, event in events if isinstance(event, DeviceTrouble)]
    assert [event.code for event in troubles] == ["counter_back"]
    assert "imported_wh went back from 4426000 to 17001 Wh" in troubles[0].detail


@pytest.mark.parametrize("name", ["optical-meter", "picocell", "corecell-usb", "quectel-ec25", "p1-v2"])
def test_an_unplugged_device_that_is_read_seldom_is_noticed_at_once(name: str) -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(25)
        bench.unplug()
        await clock.sleep(30)

    options = {} if name == "p1-v2" else {"poll_s": 3600}
    states = _states(_supervised(name, script, **options)[0])
    assert [state for _, state in states] == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN]
    assert states[1][0] == 25


def test_a_silent_device_is_down_on_time_although_the_next_attempt_waits_long() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(10)
        bench.faults = LineFaults(stuck=True)
        bench.links[-1].stage.faults = bench.faults
        await clock.sleep(60)

    events, _ = _supervised("p1-v5", script)
    (_, unknown), (_, down) = [(state, at) for at, state in _states(events)][1:]
    assert down - unknown == DOWN_AFTER_S


@pytest.mark.parametrize("name", sorted(name for name, emulator in EMULATORS.items() if emulator.kind in SILENT))
def test_a_silent_device_says_what_happened_and_what_to_do(name: str) -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.faults = LineFaults(stuck=True)
        await clock.sleep(300)

    events, _ = _supervised(name, script)
    last = [event for _, event in events if isinstance(event, StateChanged)][-1]
    assert last.state is DeviceState.DOWN
    assert "within" in last.reason
    assert SILENT[EMULATORS[name].kind] in last.reason


def test_a_device_that_is_down_for_another_reason_says_so_once() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.plugged = False
        await clock.sleep(30)
        bench.plugged = True
        bench.faults = LineFaults(stuck=True)
        await clock.sleep(300)

    events, _ = _supervised("corecell-usb", script)
    reasons = [event.reason for _, event in events if isinstance(event, StateChanged)]
    assert len(reasons) == 4
    assert reasons[0] == reasons[1] == "There is no serial port memory:d1. Plug it in."  # unknown, then down
    assert reasons[2] == "It is connected again and has not answered yet."
    assert "Unplug the concentrator" in reasons[3]


def test_the_reason_is_of_now_while_a_lost_device_is_opened_again_and_its_age_that_of_the_last_reading() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(3)
        bench.unplug()
        await clock.sleep(5)

    events, _ = _supervised("quectel-ec25", script)
    read_ns = [event.wall_ns for _, event in events if isinstance(event, StatusReported)][-1]
    gone, missing = [event for _, event in events if isinstance(event, StateChanged)][1:]
    assert (gone.state, missing.state) == (DeviceState.UNKNOWN, DeviceState.UNKNOWN)
    assert gone.reason.endswith("Check its cable and power; it is opened again as soon as it is back.")
    assert missing.reason == "There is no serial port memory:d1. Plug it in."
    assert gone.wall_ns == missing.wall_ns == read_ns


def test_a_refusal_that_a_person_has_to_mend_is_named_and_a_missing_port_is_none() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.plugged = False
        await clock.sleep(5)
        bench.code = "E_PORT_PERMISSION"
        await clock.sleep(5)

    events, _ = _supervised("quectel-ec25", script)
    refusals = [event.refusal for _, event in events if isinstance(event, StateChanged)]
    assert refusals[0] == ""
    assert refusals[-1] == "E_PORT_PERMISSION"


def test_a_flapping_cable_is_named() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        for _ in range(5):
            await clock.sleep(20)
            bench.unplug()
            await clock.sleep(3)
            bench.plugged = True
        await clock.sleep(5)

    events, _ = _supervised("p1-v5", script)
    assert any(isinstance(event, StateChanged) and "check cable" in event.reason for _, event in events)


def test_a_supervised_device_leaves_no_task_behind_when_cancelled() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(5)

    _, bench = _supervised("quectel-ec25", script)
    assert bench.links


def test_a_mistake_in_a_driver_is_reported_and_does_not_end_the_supervisor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(values: object) -> Never:
        raise ZeroDivisionError

    monkeypatch.setattr("skerry_firmware_bridge.meter.p1_device.read_telegram", broken)

    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(30)

    events, bench = _supervised("p1-v5", script)
    last = [event for _, event in events if isinstance(event, StateChanged)][-1]
    assert last.state is DeviceState.DOWN
    assert last.reason.startswith("The driver made a mistake of its own. Please report it")
    assert len(bench.opened) > 2
    assert "the driver failed" in caplog.text


def test_a_mistake_while_a_modem_is_restarted_does_not_end_the_supervisor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(session: object) -> Never:
        raise ZeroDivisionError

    monkeypatch.setattr("skerry_firmware_bridge.cellular.modem.ModemSession.reboot", broken)

    async def script(clock: SimulatedClock, bench: Bench) -> None:
        bench.faults = LineFaults(stuck=True)
        await clock.sleep(120)
        bench.faults = LineFaults()
        await clock.sleep(60)

    events, _ = _supervised("quectel-rm520n", script)
    assert "the driver failed" in caplog.text
    assert _states(events)[-1][1] is DeviceState.UP
