"""Emulated devices are unplugged and restarted again and again, and spoil whole messages, as their faults say."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import NS_PER_S, SystemClock, io_timeout
from skerry_firmware_bridge.at_radio.dialect import Tuning
from skerry_firmware_bridge.at_radio.dialects import DIALECTS
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5
from skerry_firmware_bridge.basic_station.server import BasicStationServer
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.reconnect import Reconnector
from skerry_firmware_bridge.radio import DeviceEvent, FrameHeard
from skerry_radio.lora import Datarate
from skerry_simulate.accidents import UNPLUGGED_S, Accidents
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import LineFaults, parse_faults
from skerry_simulate.devices.hosts import open_pty, open_tcp
from skerry_simulate.devices.registry import EMULATORS
from skerry_simulate.faults import Faults
from skerry_simulate.lone_radio import CELL, EUI, lone_radio
from skerry_simulate.medium import RfMedium
from skerry_simulate.station import BasicStationEmulator
from skerry_testing.simulated import simulated

TUNING = Tuning(frequency_hz=868_100_000, datarate=Datarate.parse("SF12BW125"))


def test_accidents_happen_in_their_time_and_not_after_the_end() -> None:
    async def main(clock: SimulatedClock) -> None:
        told: list[tuple[str, float]] = []

        def note(what: str) -> None:
            told.append((what, clock.monotonic_ns() / NS_PER_S))

        accidents = Accidents(
            Faults(reset_s=7, unplug_s=10), clock=clock,
            reset=lambda: note("reset"), unplug=lambda: note("unplug"), plug=lambda: note("plug"),
        )  # fmt: skip
        accidents.start()
        await clock.sleep(23)
        accidents.stop()
        await clock.sleep(60)
        assert told == [
            ("reset", 7), ("unplug", 10), ("plug", 10 + UNPLUGGED_S), ("reset", 14), ("reset", 21),
            ("unplug", 20 + UNPLUGGED_S),
        ]  # fmt: skip

    simulated(main)


def test_a_device_at_a_pseudo_terminal_goes_and_comes_back(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        make = EMULATORS["generic-lte"].make
        assert make is not None
        faults = parse_faults("unplug_s=30")
        firmware = make(clock, Random(1))
        async with open_pty(firmware, clock=clock, random=Random(1), name="modem", faults=faults, folder=tmp_path):
            there = []
            for _ in range(64):
                await clock.sleep(1)
                there.append((tmp_path / "modem").exists())
        assert there.count(False) in range(2, 6)
        assert not (tmp_path / "modem").exists()

    simulated(main)


async def test_a_device_at_a_network_port_throws_its_clients_out_and_lets_them_in_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("skerry_simulate.accidents.UNPLUGGED_S", 0.2)
    clock = SystemClock()
    make = EMULATORS["sunspec-inverter"].make
    assert make is not None
    faults = parse_faults("unplug_s=0.2")
    told: list[bool] = []
    async with (
        io_timeout(60),
        open_tcp(lambda: make(clock, Random(1)), clock=clock, random=Random(1), faults=faults) as host,
    ):
        for _ in range(12):
            reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
            begin_ns = clock.monotonic_ns()
            with suppress(ConnectionError):
                assert await reader.read(1) == b"", "thrown out"
            told.append(clock.monotonic_ns() - begin_ns > 0.05 * NS_PER_S)
            writer.close()
            await clock.sleep(0.05)
    assert {True, False} == set(told), "let in and sent away"


@pytest.mark.parametrize(
    ("faults", "sent"),
    [
        (Faults(), {b"message"}),
        (Faults(stuck=True), set()),
        (LineFaults(stuck=True), set()),
        (Faults(flood=3), {b"message"}),
    ],
)
def test_whole_messages_are_spoiled_as_told(faults: Faults, sent: set[bytes]) -> None:
    assert {piece.data for piece in faults.pieces(b"message", Random(1))} == sent
    assert len(faults.pieces(b"message", Random(1))) == (0 if faults.stuck else faults.flood)


def test_a_corrupt_message_has_one_wrong_byte() -> None:
    (piece,) = Faults(corrupt=1.0).pieces(b"message", Random(2))
    assert sum(one != other for one, other in zip(piece.data, b"message", strict=True)) == 1


@pytest.mark.parametrize("kind", ["packet-forwarder", "wio-e5", "rak3172", "rn2483"])
def test_a_radio_for_people_takes_every_fault_and_goes_on(kind: str, tmp_path: Path) -> None:
    faults = parse_faults("unplug_s=90,reset_s=130,loss=0.05,torn=0.05,junk=0.05,duplicate=0.1")

    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        async with (
            GwmpServer(clock=clock, sink=events.append, port=0) as server,
            lone_radio(kind, clock=clock, seed=1, server=server.address, folder=tmp_path, faults=faults) as running,
        ):
            opened = partial(open_link, running.address, clock=clock)
            radio = AtRadio(
                device_id="module", dialect=DIALECTS.get(kind, WioE5)(), tuning=TUNING, clock=clock,
                sink=events.append, patience=0.03,
            )  # fmt: skip
            reconnector = Reconnector(
                name="module", open_link=opened, use=radio.run, clock=clock, random=Random(1),
                on_change=lambda change: None,
            )  # fmt: skip
            async with asyncio.TaskGroup() as group:
                task = group.create_task(reconnector.run()) if kind in DIALECTS else None
                await clock.sleep(600)
                if task is not None:
                    task.cancel()
        assert sum(isinstance(event, FrameHeard) for event in events) >= 12

    simulated(main)


async def test_a_basic_station_that_loses_its_connection_comes_back_with_a_new_session() -> None:
    clock = SystemClock()
    sessions: set[int] = set()
    medium = RfMedium(clock=clock, seed=1)
    async with io_timeout(60), BasicStationServer(clock=clock, sink=lambda _: None, region="EU868", port=0) as server:
        station = BasicStationEmulator(
            eui=EUI, cell=CELL, medium=medium, clock=clock, server=server.address, seed=1, faults=Faults(unplug_s=0.3)
        )
        async with station:
            while len(sessions) < 3:
                await station.configured.wait()
                sessions.add(station.xtime() >> 48)
                await clock.sleep(0.02)
