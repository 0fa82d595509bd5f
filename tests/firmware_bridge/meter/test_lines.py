"""Several meters on one line: turns are taken, a silent one harms nobody, no reading is a wrong meter's."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import groupby, pairwise
from random import Random
from typing import Any

import pytest

from skerry_core.clock import NS_PER_S, SystemClock, io_timeout
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.drivers import DRIVERS
from skerry_firmware_bridge.errors import FrameRejected, LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.lines import SETTLE_LIMIT_S, MeterLines
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, StateChanged, StatusReported
from skerry_firmware_bridge.supervise import supervise
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, Firmware, LineFaults
from skerry_simulate.devices.hosts import open_pty
from skerry_simulate.devices.optical_meter import MeterLineFirmware, OpticalMeterFirmware
from skerry_testing.simulated import LINES, Bench, simulated

NUMBERS = ("10000001", "10000002", "10000003")
Script = Callable[[SimulatedClock, Bench], Coroutine[Any, Any, None]]
Options = dict[str, str | int]
Timed = list[tuple[float, DeviceEvent]]


class Eager(OpticalMeterFirmware):
    """A meter that takes every number for its own."""

    def _is_meant(self, address: str | None) -> bool:
        return True


class Late(Firmware):
    """A line on which one meter's answers come seven seconds late, when its host has given it up."""

    period_s = 7.0

    def __init__(self, line: MeterLineFirmware, late: OpticalMeterFirmware) -> None:
        self._line, self._late = line, late
        self._waiting = b""

    def receive(self, data: bytes) -> bytes:
        self._waiting += self._late.receive(data)
        return self._line.receive(data)

    def tick(self) -> bytes:
        waiting, self._waiting = self._waiting, b""
        return waiting


def _line(clock: SimulatedClock, *meters: OpticalMeterFirmware) -> MeterLineFirmware:
    return MeterLineFirmware(meters or [OpticalMeterFirmware(clock=clock, serial=number) for number in NUMBERS])


def _supervised(
    make: Callable[[SimulatedClock], Firmware],
    script: Script,
    *,
    addresses: Sequence[str] = NUMBERS,
    faults: LineFaults = NO_LINE_FAULTS,
    options: Options | None = None,
) -> tuple[Timed, Bench]:
    """Run `script` beside one supervisor for each address; return the events with their times in seconds."""
    events: Timed = []
    benches: list[Bench] = []

    async def main(clock: SimulatedClock) -> None:
        bench = Bench(lambda *_: make(clock), clock=clock, faults=faults)
        benches.append(bench)
        around = bench.around

        def note(event: DeviceEvent) -> None:
            events.append((clock.monotonic_ns() / NS_PER_S, event))

        async with asyncio.TaskGroup() as group:
            tasks = []
            for address in addresses:
                config = DeviceConfig(
                    device_id=address,
                    kind="iec62056",
                    url="memory:line",
                    options={"address": address, **(options or {})},
                )
                tasks.append(group.create_task(supervise(config, around=around, events=note), name=address))
            await script(clock, bench)
            for task in tasks:
                task.cancel()

    simulated(main)
    return events, benches[0]


def _sleep(seconds: float) -> Script:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(seconds)

    return script


def _reports(events: Timed, device_id: str, *, after: float = 0) -> list[StatusReported]:
    return [e for at, e in events if isinstance(e, StatusReported) and e.device_id == device_id and at >= after]


def _states(events: Timed, device_id: str) -> list[DeviceState]:
    states = [event.state for _, event in events if isinstance(event, StateChanged) and event.device_id == device_id]
    return [state for state, _ in groupby(states)]  # the reason for one may change


@pytest.mark.parametrize("options", [{}, {"registers": "0.0.0,1.8.0"}], ids=["readout", "registers"])
@pytest.mark.parametrize("line", LINES)
def test_meters_on_one_line_are_read_over_four_lines(line: str, options: Options) -> None:
    events, bench = _supervised(_line, _sleep(600), faults=LINES[line], options={"poll_s": 10, **options})
    for number in NUMBERS:
        values = [report.values for report in _reports(events, number)]
        assert len(values) >= (5 if "loss" in line else 30)
        assert {one["meter_id"] for one in values} == {number}
        assert values[0]["imported_wh"] == 4_426_000
    assert "loss" in line or len(bench.opened) == 1


def test_a_silent_meter_costs_the_others_only_the_seconds_of_its_own_turn() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(30)
        assert isinstance(bench.firmware, MeterLineFirmware)
        bench.firmware.silent.add(NUMBERS[1])
        await clock.sleep(300)
        bench.firmware.silent.clear()
        await clock.sleep(60)

    events, _ = _supervised(_line, script, options={"poll_s": 5})
    for number in (NUMBERS[0], NUMBERS[2]):
        assert _states(events, number) == [DeviceState.UP]
        times = [at for at, e in events if isinstance(e, StatusReported) and e.device_id == number]
        assert max(after - before for before, after in pairwise(times)) < 5 + 5 + 3
    assert _states(events, NUMBERS[1]) == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN, DeviceState.UP]
    reason = next(e.reason for _, e in events if isinstance(e, StateChanged) and e.state is DeviceState.UNKNOWN)
    assert reason.startswith("Meter 10000002: no whole answer within 5 s, 0 bytes came.")
    assert "number" in reason


def test_a_meter_whose_answer_has_no_end_gives_the_line_back() -> None:
    class Endless(OpticalMeterFirmware):
        def _next_block(self) -> bytes:
            self._waiting = self._blocks()[:1] * 2
            return super()._next_block()

    def make(clock: SimulatedClock) -> Firmware:
        endless = Endless(clock=clock, serial=NUMBERS[0], blocks=4)
        return _line(clock, endless, OpticalMeterFirmware(clock=clock, serial=NUMBERS[1]))

    slow = LineFaults(delay_s=4.0)  # each block takes its time, and never too much of it
    events, _ = _supervised(make, _sleep(3000), addresses=NUMBERS[:2], faults=slow, options={"poll_s": 5})
    assert len(_reports(events, NUMBERS[1])) >= 5
    assert _reports(events, NUMBERS[0]) == []
    reasons = [e.reason for _, e in events if isinstance(e, StateChanged) and e.device_id == NUMBERS[0]]
    assert "its answer had no end within 300 s" in reasons[-1]


def test_a_meter_that_answers_to_anothers_number_is_found_out() -> None:
    events, _ = _supervised(
        lambda clock: _line(clock, Eager(clock=clock, serial=NUMBERS[0])), _sleep(120), addresses=NUMBERS[:2]
    )
    assert _states(events, NUMBERS[0]) == [DeviceState.UP]
    assert _reports(events, NUMBERS[1]) == []
    assert _states(events, NUMBERS[1]) == [DeviceState.UNKNOWN, DeviceState.DOWN]
    reason = next(e.reason for _, e in events if isinstance(e, StateChanged) and e.device_id == NUMBERS[1])
    assert reason.startswith("Meter 10000001 answered to the number 10000002. It is asked anew")
    assert "give every meter on the line its own address" in reason


def test_numbers_that_are_not_the_addresses_are_told_apart_by_who_told_them_first() -> None:
    class Renamed(OpticalMeterFirmware):
        def _registers(self) -> dict[str, str]:
            return super()._registers() | {"0.0.0": "A777"}

    events, _ = _supervised(
        lambda clock: _line(clock, *(Renamed(clock=clock, serial=number) for number in NUMBERS[:2])),
        _sleep(60),
        addresses=NUMBERS[:2],
    )
    assert {report.values["meter_id"] for report in _reports(events, NUMBERS[0])} == {"A777"}
    assert _reports(events, NUMBERS[1]) == []


def test_leading_zeros_do_not_count() -> None:
    events, _ = _supervised(_line, _sleep(30), addresses=["0010000001", "10000002"])
    assert _reports(events, "0010000001")[0].values["meter_id"] == "10000001"


@pytest.mark.parametrize("options", [{}, {"registers": "0.0.0,1.8.0"}], ids=["readout", "registers"])
def test_answers_that_come_too_late_are_never_taken_for_another_meters(options: Options) -> None:
    def make(clock: SimulatedClock) -> Firmware:
        return Late(
            _line(clock, *(OpticalMeterFirmware(clock=clock, serial=number) for number in NUMBERS[1:])),
            OpticalMeterFirmware(clock=clock, serial=NUMBERS[0], blocks=4),
        )

    events, _ = _supervised(make, _sleep(900), options={"poll_s": 5, **options})
    for number in NUMBERS:
        assert {report.values["meter_id"] for report in _reports(events, number)} <= {number}
    assert all(len(_reports(events, number, after=600)) > 5 for number in NUMBERS[1:])


def test_losing_the_line_is_noticed_by_all_at_once_and_it_is_opened_once_again() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(60)
        bench.unplug()
        await clock.sleep(30)
        bench.plugged = True
        await clock.sleep(60)

    events, bench = _supervised(_line, script, options={"poll_s": 3600})
    for number in NUMBERS:
        assert _states(events, number) == [DeviceState.UP, DeviceState.UNKNOWN, DeviceState.DOWN, DeviceState.UP]
        lost = next(at for at, e in events if isinstance(e, StateChanged) and e.state is DeviceState.UNKNOWN)
        assert lost == 60
    assert len(bench.links) == 2


def test_another_meter_in_place_of_the_one_that_was_read_is_told_and_then_read() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        await clock.sleep(30)
        assert isinstance(bench.firmware, MeterLineFirmware)
        bench.firmware.meters = [OpticalMeterFirmware(clock=clock, serial="20000001")]
        await clock.sleep(60)

    events, _ = _alone(script)
    assert [report.values["meter_id"] for report in _reports(events, "m")][-1] == "20000001"
    reasons = [event.reason for _, event in events if isinstance(event, StateChanged)]
    assert any("Meter 20000001 answered in place of 10000001" in reason for reason in reasons)
    troubles = [event for _, event in events if isinstance(event, DeviceTrouble)]
    assert [event.code for event in troubles] == ["meter_changed"]


def _alone(script: Script) -> tuple[Timed, Bench]:
    """Run one meter whose host does not name it."""
    events: Timed = []

    async def main(clock: SimulatedClock) -> Bench:
        bench = Bench(
            lambda *_: _line(clock, OpticalMeterFirmware(clock=clock, serial=NUMBERS[0])),
            clock=clock,
            faults=LineFaults(),
        )

        def note(event: DeviceEvent) -> None:
            events.append((clock.monotonic_ns() / NS_PER_S, event))

        config = DeviceConfig(device_id="m", kind="iec62056", url="memory:line", options={"poll_s": 10})
        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervise(config, around=bench.around, events=note), name="m")
            await script(clock, bench)
            task.cancel()
        return bench

    return events, simulated(main)


def test_two_meters_asked_at_once_without_a_number_spoil_each_other_and_give_no_value() -> None:
    async def script(clock: SimulatedClock, bench: Bench) -> None:
        assert isinstance(bench.firmware, MeterLineFirmware)
        bench.firmware.meters.append(OpticalMeterFirmware(clock=clock, serial=NUMBERS[1]))
        await clock.sleep(60)

    events, _ = _alone(script)
    assert _reports(events, "m") == []


class Opened:
    """A line opened for two users by hand."""

    def __init__(self, clock: SimulatedClock) -> None:
        self.bench = Bench(lambda *_: _line(clock), clock=clock, faults=LineFaults())
        self.around = self.bench.around

    def config(self, address: str) -> DeviceConfig:
        return DeviceConfig(device_id=address, kind="iec62056", url="memory:l", options={"address": address})


def test_when_the_first_user_leaves_the_next_one_listens_and_the_last_closes_the_line() -> None:
    async def main(clock: SimulatedClock) -> None:
        opened = Opened(clock)
        open_meter = DRIVERS["iec62056"].open
        first = open_meter(opened.config(NUMBERS[0]), opened.around)
        session = await first.__aenter__()
        await session.identify()
        leave, left = asyncio.Event(), asyncio.Event()

        async def second() -> None:
            async with open_meter(opened.config(NUMBERS[1]), opened.around) as other:
                await other.identify()
                leave.set()
                await left.wait()
                await other.read()
                assert (await other.read())["meter_id"] == NUMBERS[1]

        async with asyncio.TaskGroup() as group:
            group.create_task(second(), name="second")
            await leave.wait()
            await first.__aexit__(None, None, None)
            left.set()
        assert len(opened.bench.links) == 1
        assert opened.bench.links[0].written.count(b"SKY") == 0

    simulated(main)


@pytest.mark.parametrize(("one", "other"), [("", "1"), ("1", ""), ("1", "01"), ("", "")])
def test_meters_that_cannot_be_told_apart_are_refused(one: str, other: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        opened = Opened(clock)
        lines = MeterLines()
        async with lines.use("memory:l", address=one, open_link=opened.bench.open_link, clock=clock):
            with pytest.raises(LinkRefused, match="option address") as raised:
                async with lines.use("memory:l", address=other, open_link=opened.bench.open_link, clock=clock):
                    raise AssertionError
            assert raised.value.code == "E_METER_ADDRESS"

    simulated(main)


def test_somebody_who_speaks_without_end_is_told_and_does_not_hold_the_line_for_ever() -> None:
    class Babbler(Firmware):
        period_s = 0.5

        def receive(self, data: bytes) -> bytes:
            return b""

        def tick(self) -> bytes:
            return b"x"

    async def main(clock: SimulatedClock) -> None:
        bench = Bench(lambda *_: Babbler(), clock=clock, faults=LineFaults())
        async with MeterLines().use("memory:l", address="1", open_link=bench.open_link, clock=clock) as line:
            with pytest.raises(RuntimeError):
                async with line.turn():
                    raise RuntimeError
            began_ns = clock.monotonic_ns()
            with pytest.raises(FrameRejected, match="speaks without being asked"):
                async with line.turn():
                    raise AssertionError
            assert clock.monotonic_ns() - began_ns == SETTLE_LIMIT_S * NS_PER_S

    simulated(main)


async def test_meters_on_one_real_port_are_read_at_the_same_time() -> None:
    clock = SystemClock()
    meters = MeterLineFirmware([OpticalMeterFirmware(clock=clock, serial=number) for number in NUMBERS])

    async def opener(url: str, settings: SerialSettings) -> Link:
        return await open_link(url, clock=clock, settings=settings)

    async with open_pty(meters, clock=clock, random=Random(1)) as host:
        around = Surroundings(clock=clock, random=Random(1), open_link=opener)

        async def read(number: str) -> object:
            config = DeviceConfig(device_id=number, kind="iec62056", url=host.path, options={"address": number})
            async with DRIVERS["iec62056"].open(config, around) as session:
                return (await session.identify() | await session.read())["meter_id"]

        async with io_timeout(60):
            assert await asyncio.gather(*map(read, NUMBERS)) == list(NUMBERS)
