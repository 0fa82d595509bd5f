"""Twelve hotspots in one event loop on simulated time: ten packet forwarders by UDP, two AT modules by pty."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import h3.api.basic_str as h3

from skerry_firmware_bridge.at_radio.dialect import Dialect, Tuning
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.at_radio.rak3172 import Rak3172
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5
from skerry_firmware_bridge.gwmp.server import GwmpServer
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.reconnect import Reconnector
from skerry_firmware_bridge.radio import DeviceEvent, FrameHeard, Radio
from skerry_radio.lora import Datarate
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import RfMedium
from skerry_wire.frames import TransmitRequest, TransmitStatus

CHANNEL_HZ = 868_100_000
CENTRE = h3.latlng_to_cell(52.5, 13.4, 8)
CELLS = [h3.cell_to_center_child(cell, 12) for cell in sorted(h3.grid_disk(CENTRE, 4))][::5]


def beacon(number: int) -> TransmitRequest:
    return TransmitRequest(
        phy=bytes([0xE0]) + bytes([number]) * 51,
        frequency_hz=CHANNEL_HZ,
        datarate="SF12BW125",
        power_dbm=14,
        inverted_polarity=False,
    )


async def neighbourhood(clock: SimulatedClock, folder: Path) -> dict[str, list[tuple[str, int, int, float]]]:
    """Let each of twelve hotspots send one beacon; return what each heard: payload, time, RSSI, SNR."""
    heard: dict[str, list[tuple[str, int, int, float]]] = {}

    def sink(event: DeviceEvent) -> None:
        if isinstance(event, FrameHeard):
            frame = event.frame
            entry = (frame.phy.hex()[2:4], frame.received_monotonic_ns, frame.rssi_dbm, frame.snr_db)
            heard.setdefault(event.device_id, []).append(entry)

    medium = RfMedium(clock=clock, seed=7)
    async with AsyncExitStack() as stack:
        radios: list[Radio] = []
        for number in range(10):
            server = await stack.enter_async_context(GwmpServer(clock=clock, sink=sink, port=0))
            eui = (number + 1).to_bytes(8, "big")
            forwarder = PacketForwarderEmulator(
                eui=eui, cell=CELLS[number], medium=medium, clock=clock, server=server.address, seed=7
            )
            await stack.enter_async_context(forwarder)
            radios.append(server.radio(eui))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = []
        dialects: list[Dialect] = [WioE5(), Rak3172()]
        for number, dialect in enumerate(dialects, start=10):
            emulator = AtRadioEmulator(
                kind=dialect.kind,
                name=dialect.kind,
                cell=CELLS[number],
                medium=medium,
                clock=clock,
                seed=7,
                folder=folder,
            )
            await stack.enter_async_context(emulator)
            tuning = Tuning(frequency_hz=CHANNEL_HZ, datarate=Datarate.parse("SF12BW125"))
            module = AtRadio(device_id=f"serial:{number}", dialect=dialect, tuning=tuning, clock=clock, sink=sink)
            reconnector = Reconnector(
                name=module.device_id,
                open_link=lambda path=emulator.path: open_link(path, clock=clock),  # type: ignore[misc]
                use=module.run,
                clock=clock,
                random=Random(7),
                on_change=lambda change: None,
            )
            tasks.append(group.create_task(reconnector.run(), name=module.device_id))
            radios.append(module)
        await clock.sleep(5)
        for number, radio in enumerate(radios):
            outcome = await radio.send(beacon(number))
            assert outcome.status is TransmitStatus.SENT, (number, outcome)
            await clock.sleep(600)
        for task in tasks:
            task.cancel()
    return heard


def run(folder: Path) -> dict[str, list[tuple[str, int, int, float]]]:
    folder.mkdir(exist_ok=True)
    clock = SimulatedClock(start_s=1_790_000_000)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(neighbourhood(clock, folder))


def test_beacons_of_every_radio_are_heard_by_the_others(tmp_path: Path) -> None:
    heard = run(tmp_path)
    assert len(heard) == 12
    for number in range(12):
        witnesses = [device for device, frames in heard.items() if f"{number:02x}" in {frame[0] for frame in frames}]
        assert len(witnesses) >= 8, (number, witnesses)
    assert max(rssi for frames in heard.values() for _, _, rssi, _ in frames) < -40


def test_the_same_seed_gives_the_same_frames_at_the_same_times(tmp_path: Path) -> None:
    assert run(tmp_path / "first") == run(tmp_path / "second")
