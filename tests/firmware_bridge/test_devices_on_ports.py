"""The whole path in real time: emulator behind a real pseudo-terminal, serial link, driver, supervisor."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge import supervise as supervisor
from skerry_firmware_bridge.device import DeviceConfig, Surroundings
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, StateChanged, StatusReported
from skerry_firmware_bridge.supervise import supervise
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.registry import run_emulator
from skerry_testing.simulated import simulated

CLOCK = SystemClock()


def _open(url: str, settings: SerialSettings) -> Awaitable[Link]:
    return open_link(url, clock=CLOCK, settings=settings)


AROUND = Surroundings(clock=CLOCK, random=Random(1), open_link=_open)

LIMIT_S = 60.0


class Watch:
    """Collects events and waits for one."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[DeviceEvent] = asyncio.Queue()

    def __call__(self, event: DeviceEvent) -> None:
        self._events.put_nowait(event)

    async def state(self, wanted: DeviceState) -> StateChanged:
        async with io_timeout(LIMIT_S):
            while True:
                event = await self._events.get()
                if isinstance(event, StateChanged) and event.state is wanted:
                    return event

    async def status(self) -> StatusReported:
        async with io_timeout(LIMIT_S):
            while True:
                event = await self._events.get()
                if isinstance(event, StatusReported):
                    return event


async def test_a_killed_modem_goes_unknown_then_down_and_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DOWN_AFTER_S", 1.0)
    watch = Watch()
    config = DeviceConfig(device_id="modem", kind="modem", url=str(tmp_path / "quectel-rm520n"))

    async with asyncio.TaskGroup() as group:
        async with run_emulator("quectel-rm520n", clock=CLOCK, random=Random(2), announce=tmp_path):
            task = group.create_task(supervise(config, around=AROUND, events=watch), name="modem")
            report = await watch.status()
            assert report.values["nr_band"] == 78
        await watch.state(DeviceState.UNKNOWN)
        down = await watch.state(DeviceState.DOWN)
        assert "quectel-rm520n" in down.reason
        async with run_emulator("quectel-rm520n", clock=CLOCK, random=Random(2), announce=tmp_path):
            await watch.state(DeviceState.UP)
        task.cancel()


@pytest.mark.parametrize(
    "name", ["corecell-usb", "optical-meter", "p1-v5", "picocell", "quectel-ec25", "sunspec-meter-rtu"]
)
async def test_every_serial_device_reports_over_a_real_port(name: str) -> None:
    watch = Watch()
    async with run_emulator(name, clock=CLOCK, random=Random(2)) as running, asyncio.TaskGroup() as group:
        config = DeviceConfig(device_id=name, kind=running.kind, url=running.url)
        task = group.create_task(supervise(config, around=AROUND, events=watch), name=name)
        report = await watch.status()
        task.cancel()
    assert any(value is not None for value in report.values.values())


def test_a_minute_of_a_meter_passes_in_simulated_time_over_a_real_port() -> None:
    reports: list[StatusReported] = []

    def note(event: DeviceEvent) -> None:
        if isinstance(event, StatusReported):
            reports.append(event)

    async def main(clock: SimulatedClock) -> None:
        def opener(url: str, settings: SerialSettings) -> Awaitable[Link]:
            return open_link(url, clock=clock, settings=settings)

        around = Surroundings(clock=clock, random=Random(1), open_link=opener)
        async with run_emulator("p1-v5", clock=clock, random=Random(2)) as running, asyncio.TaskGroup() as group:
            config = DeviceConfig(device_id="p1", kind=running.kind, url=running.url)
            task = group.create_task(supervise(config, around=around, events=note), name="p1")
            await clock.sleep(60)
            task.cancel()

    simulated(main)
    assert 55 <= len(reports) <= 60
    times = [report.values["meter_time_s"] for report in reports]
    assert times == sorted(set(times), key=str)
