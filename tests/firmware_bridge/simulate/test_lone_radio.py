"""A radio for people to try: it is heard by the real server or driver, with its neighbour's frames."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from skerry_agent.runtime.radios import _listening
from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.at_radio.dialect import Tuning
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.basic_station.server import BasicStationServer
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.hardware_reset import pulse, read_reset
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import Pin, SerialSettings
from skerry_firmware_bridge.radio import DeviceEvent, FrameHeard, StatusReported
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.lone_radio import LONE_RADIOS, lone_radio


def in_time(main: Callable[[SimulatedClock], Coroutine[Any, Any, None]]) -> None:
    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        runner.run(main(clock))


def frames(events: list[DeviceEvent]) -> list[bytes]:
    return [event.frame.phy for event in events if isinstance(event, FrameHeard)]


def test_a_packet_forwarder_hears_its_neighbour() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with (
            GwmpServer(clock=clock, sink=events.append, port=0) as server,
            lone_radio("packet-forwarder", clock=clock, seed=1, server=server.address),
        ):
            await clock.sleep(65)
        assert [phy[6] for phy in frames(events)] == [0, 1, 2]

    in_time(main)


@pytest.mark.parametrize(
    ("kind", "region"),  # the RN2483 is made for 433 and 868 MHz
    [
        (kind, region)
        for kind in DIALECTS
        for region in (None, "EU868", "US915")
        if (kind, region) != ("rn2483", "US915")
    ],
)
def test_a_module_hears_its_neighbour_wherever_the_agent_tunes_it_to(
    kind: str, region: str | None, tmp_path: Path
) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        frequency_hz, datarate = _listening(region)
        tuning = Tuning(frequency_hz=frequency_hz, datarate=datarate)
        radio = AtRadio(device_id="module", dialect=DIALECTS[kind](), tuning=tuning, clock=clock, sink=events.append)
        async with lone_radio(kind, clock=clock, seed=1, folder=tmp_path) as running, asyncio.TaskGroup() as group:
            link = await open_link(running.address, clock=clock)
            task = group.create_task(radio.run(link))
            await clock.sleep(65)
            task.cancel()
            await link.close()
        assert len(frames(events)) == 3

    in_time(main)


def test_every_kind_of_module_can_be_tried() -> None:
    assert set(LONE_RADIOS) == {"packet-forwarder", "basic-station", "gwmp-serial", *DIALECTS}


async def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        async with lone_radio("toaster", clock=SimulatedClock(start_s=0), seed=1):
            pass


async def test_a_basic_station_connects_to_its_server() -> None:
    clock, up = SystemClock(), asyncio.Event()

    def take(event: DeviceEvent) -> None:
        if isinstance(event, StatusReported):
            up.set()

    async with (
        io_timeout(60),
        BasicStationServer(clock=clock, sink=take, region="EU868", port=0) as server,
        lone_radio("basic-station", clock=clock, seed=1, server=server.address),
    ):
        await up.wait()


async def test_a_module_hangs_until_its_line_is_pulsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_firmware_bridge.hardware_reset.PULSE_S", 0.01)
    clock = SystemClock()
    async with io_timeout(60), lone_radio("wio-e5", clock=clock, seed=1, hangs_after_s=0.05) as module:
        link = await open_link(module.address, clock=clock, settings=SerialSettings(dtr=Pin.HIGH))
        await clock.sleep(0.1)
        await link.write(b"AT\r\n")
        with pytest.raises(TimeoutError):
            async with io_timeout(0.2):
                await link.read()
        await pulse(read_reset("dtr-low@wio-e5:x"), link, clock=clock)
        await link.write(b"AT\r\n")
        assert await link.read() == b"+AT: OK\r\n"
        await link.close()
