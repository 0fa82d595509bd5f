"""The radios that the settings name: each opened, told and opened again by itself."""

import socket
from pathlib import Path
from random import Random
from typing import Any

import pytest

from skerry_agent.background import Background
from skerry_agent.runtime.radio_set import RadioSet
from skerry_agent.runtime.radio_settings import radio_settings
from skerry_agent.runtime.radios import Radios
from skerry_agent.settings import load
from skerry_core.clock import Clock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.at_radio.radio import AtRadio
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, DeviceTrouble, FrameHeard, StateChanged
from skerry_firmware_bridge.sentinel.ladder import Repair
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.faults import Faults
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.forwarder_serial import SerialForwarderEmulator
from skerry_simulate.lone_radio import CELL, NEIGHBOUR_CELL
from skerry_simulate.medium import RfMedium, Station
from skerry_testing.runtime import UPLINK
from skerry_testing.simulated import simulated
from skerry_wire.frames import TransmitRequest, TransmitStatus

EUI = "aa555a0000000001"
DOWNLINK = TransmitRequest(
    phy=bytes(20), frequency_hz=868_100_000, datarate="SF9BW125", power_dbm=14, inverted_polarity=True
)


def made(clock: Clock, events: list[DeviceEvent], **flags: str) -> tuple[Radios, RadioSet]:
    settings = {"gwmp.listen": "127.0.0.1:0", "hotspot.region": "EU868"}
    settings |= {name.replace("__", "."): value for name, value in flags.items()}
    own = RadioSet()
    read = radio_settings(load(file=None, environ={}, flags=settings))
    return Radios(settings=read, clock=clock, sink=events.append, own=own, random=Random(1)), own


def test_a_packet_forwarder_comes_is_heard_and_goes() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        radios, own = made(clock, events)
        async with Background() as background:
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            assert radios.server is not None
            medium = RfMedium(clock=clock, seed=1)
            neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
            forwarder = PacketForwarderEmulator(
                eui=bytes.fromhex(EUI), cell=CELL, medium=medium, clock=clock, server=radios.server.address, seed=1
            )
            async with forwarder:
                await clock.sleep(15)
                assert own.first is not None
                assert own.first.device_id == f"gwmp:{EUI}"
                send(medium, neighbour)
                await clock.sleep(5)
                assert any(isinstance(event, FrameHeard) for event in events)
            await clock.sleep(90)
            assert own.first is None
            assert own.seen == (f"gwmp:{EUI}",)
            assert radios.repair.possible(f"gwmp:{EUI}") == set()  # no link of ours

    simulated(main)


def test_a_gateway_that_is_pinned_elsewhere_is_refused_and_reported() -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        radios, own = made(clock, events, gwmp__gateways=f"{EUI}@192.0.2.7")
        async with Background() as background:
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            assert radios.server is not None
            medium = RfMedium(clock=clock, seed=1)
            forwarder = PacketForwarderEmulator(
                eui=bytes.fromhex(EUI), cell=CELL, medium=medium, clock=clock, server=radios.server.address, seed=1
            )
            async with forwarder:
                await clock.sleep(15)
        assert own.first is None
        assert [event.code for event in events if isinstance(event, DeviceTrouble)] == ["not_pinned"]

    simulated(main)


def test_a_serial_radio_is_opened_again_on_request_and_hears_on(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        medium = RfMedium(clock=clock, seed=1)
        neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
        emulator = AtRadioEmulator(
            kind="wio-e5", name="radio", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path
        )
        async with emulator, Background() as background:
            radios, own = made(clock, events, gwmp__listen="", serial__radios=f"wio-e5:{emulator.path}")
            device = f"wio-e5:{emulator.path}"
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            await clock.sleep(5)
            assert own.first is not None
            assert radios.repair.possible(device) == {Repair.SOFT_RESET, Repair.RESTART_LINK}
            assert radios.repair.begin(device, Repair.RESTART_LINK)
            await clock.sleep(10)
            states = [event.state for event in events if isinstance(event, StateChanged)]
            assert states.count(DeviceState.UP) == 2
            assert DeviceState.DOWN in states
            assert isinstance(own.first, AtRadio)
            tuning = own.first.tuning
            send(medium, neighbour, frequency_hz=tuning.frequency_hz, datarate=str(tuning.datarate))
            await clock.sleep(5)
            assert any(isinstance(event, FrameHeard) for event in events)

    simulated(main)


def test_a_port_that_cannot_be_opened_is_said_once_and_stops_nobody(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        radios, own = made(clock, events, serial__radios=f"wio-e5:{tmp_path}/nothing")
        async with Background() as background:
            background.start(radios.run(), name="radios")
            await clock.sleep(120)
            assert radios.server is not None
        downs = [event for event in events if isinstance(event, StateChanged)]
        assert [(event.state, str(tmp_path) in event.reason) for event in downs] == [(DeviceState.DOWN, True)]
        assert own.seen == (f"wio-e5:{tmp_path}/nothing",)

    simulated(main)


@pytest.mark.parametrize("kind", ["gwmp", "station"])
def test_a_port_that_another_server_has_is_told_and_taken_once_it_is_free(kind: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        how = socket.SOCK_DGRAM if kind == "gwmp" else socket.SOCK_STREAM
        async with Background() as background:
            other = socket.socket(socket.AF_INET, how)
            other.bind(("127.0.0.1", 0))
            if kind == "station":
                other.listen()
            listen = {f"{kind}__listen": f"127.0.0.1:{other.getsockname()[1]}"}
            radios, _ = made(clock, events, **listen)
            background.start(radios.run(), name="radios")
            await clock.sleep(65)
            troubles = [event for event in events if isinstance(event, DeviceTrouble)]
            assert [event.code for event in troubles] == ["cannot_listen"] * 2
            assert "Stop" in troubles[0].detail
            assert (radios.server if kind == "gwmp" else radios.stations) is None
            other.close()
            await clock.sleep(10)
            assert (radios.server if kind == "gwmp" else radios.stations) is not None

    simulated(main)


def test_a_port_that_is_named_twice_is_refused_under_either_name(tmp_path: Path) -> None:
    for texts in ("wio-e5:/dev/x,wio-e5:/dev/x", "wio-e5:/dev/x,rn2483:/dev/x"):
        with pytest.raises(UsageError, match="twice"):
            radio_settings(load(file=None, environ={}, flags={"serial.radios": texts}))

    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        medium = RfMedium(clock=clock, seed=1)
        emulator = AtRadioEmulator(
            kind="wio-e5", name="radio", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path
        )
        async with emulator, Background() as background:
            other = tmp_path / "by-id"
            other.symlink_to(emulator.path)
            radios, own = made(clock, events, gwmp__listen="", serial__radios=f"wio-e5:{emulator.path},wio-e5:{other}")
            background.start(radios.run(), name="radios")
            await clock.sleep(5)
            assert own.first is not None
            assert own.first.device_id == f"wio-e5:{emulator.path}"
        (reason,) = [one.reason for one in events if isinstance(one, StateChanged) and one.device_id.endswith("by-id")]
        assert reason == f"{other} and {emulator.path} are the same port. Name it once in serial.radios."

    simulated(main)


LINES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one byte at a time": {"single_bytes": True},
    "20 % loss": {"faults": Faults(loss=0.2)},
    "delayed": {"faults": Faults(delay_s=0.7)},
    "torn and noisy": {"faults": Faults(torn=0.2, junk=0.3)},
}


@pytest.mark.parametrize("line", LINES)
def test_a_gateway_on_a_uart_is_heard_sends_and_comes_back(tmp_path: Path, line: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        medium = RfMedium(clock=clock, seed=1)
        neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=lambda _: True, on_frame=None)
        emulator = SerialForwarderEmulator(
            eui=bytes.fromhex(EUI), name="uart", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path,
            **LINES[line],
        )  # fmt: skip
        async with emulator, Background() as background:
            port = f"gwmp-serial:{emulator.port.path}"
            radios, own = made(clock, events, serial__radios=port)
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            await clock.sleep(60)
            assert own.first is not None
            assert own.first.device_id == f"gwmp:{EUI}"
            for _ in range(10):
                send(medium, neighbour)
                await clock.sleep(11)
            heard = [event.frame for event in events if isinstance(event, FrameHeard)]
            assert len(heard) >= 5
            assert {frame.source for frame in heard} == {f"serial {emulator.port.path}"}
            assert radios.repair.possible(f"gwmp:{EUI}") == {Repair.RESTART_LINK}
            outcomes = [(await own.first.send(DOWNLINK)).status for _ in range(5)]
            assert TransmitStatus.SENT in outcomes
            emulator.port.unplug()
            await clock.sleep(2)
            assert own.first is None
            emulator.port.plug()
            await clock.sleep(60)
            assert own.first is not None
        states = {event.device_id: event.state for event in events if isinstance(event, StateChanged)}
        assert set(states) == {port, f"gwmp:{EUI}"}
        reasons = [event.reason for event in events if isinstance(event, StateChanged) and event.device_id == port]
        assert reasons[0].startswith("The port is open, but no gateway speaks on it: ")
        assert reasons[1] == "A gateway speaks on the port."

    simulated(main)


def test_two_modules_of_one_kind_are_two_radios(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        medium = RfMedium(clock=clock, seed=1)
        neighbour = medium.add(name="neighbour", cell=NEIGHBOUR_CELL, listens=None)
        first, second = (
            AtRadioEmulator(kind="rak3172", name=name, cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path)
            for name in ("roof", "shed")
        )
        async with first, second, Background() as background:
            texts = ",".join(f"rak3172:{one.path}" for one in (first, second))
            radios, own = made(clock, events, gwmp__listen="", serial__radios=texts)
            background.start(radios.run(), name="radios")
            await clock.sleep(5)
            assert isinstance(own.first, AtRadio)
            tuning = own.first.tuning
            second.unplug()
            await clock.sleep(5)
            send(medium, neighbour, frequency_hz=tuning.frequency_hz, datarate=str(tuning.datarate))
            await clock.sleep(5)
            second.replug()
            await clock.sleep(5)
            send(medium, neighbour, frequency_hz=tuning.frequency_hz, datarate=str(tuning.datarate))
            await clock.sleep(5)
        heard = [event.device_id.rpartition("/")[2] for event in events if isinstance(event, FrameHeard)]
        assert sorted(heard) == ["roof", "roof", "shed"]

    simulated(main)


def test_a_module_is_asked_at_its_other_speed_when_it_is_silent_at_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds: list[int] = []
    monkeypatch.setattr("skerry_firmware_bridge.at_radio.exchange.ATTEMPTS", 1)
    monkeypatch.setattr("skerry_firmware_bridge.at_radio.exchange.io_timeout", lambda seconds: io_timeout(seconds / 20))

    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        medium = RfMedium(clock=clock, seed=1)
        emulator = AtRadioEmulator(
            kind="wio-e5", name="radio", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path
        )

        async def opened(url: str, *, clock: Clock, settings: SerialSettings) -> Link:
            speeds.append(settings.baudrate)
            emulator._hung = settings.baudrate != 115_200  # as good as mute
            return await open_link(url, clock=clock, settings=settings)

        monkeypatch.setattr("skerry_firmware_bridge.links.open.open_link", opened)
        async with emulator, Background() as background:
            radios, own = made(clock, events, gwmp__listen="", serial__radios=f"wio-e5:{emulator.path}")
            background.start(radios.run(), name="radios")
            await clock.sleep(8)
            assert own.first is not None
        assert speeds == [9600, 115_200]

    simulated(main)


def test_a_gateway_is_let_in_at_one_place_only(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        eui, medium = bytes.fromhex(EUI), RfMedium(clock=clock, seed=1)
        on_uart = SerialForwarderEmulator(
            eui=eui, name="uart", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path
        )
        async with on_uart, Background() as background:
            radios, own = made(clock, events, serial__radios=f"gwmp-serial:{on_uart.port.path}")
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            assert radios.server is not None
            await clock.sleep(15)
            other = PacketForwarderEmulator(
                eui=eui, cell=CELL, medium=RfMedium(clock=clock, seed=2), clock=clock, server=radios.server.address,
                seed=2,
            )  # fmt: skip
            async with other:
                await clock.sleep(55)
                assert radios.server.radios == []
                (trouble,) = [event.detail for event in events if isinstance(event, DeviceTrouble)]
                assert trouble.startswith(f"127.0.0.1 also claims EUI {EUI}, which belongs to serial ")
                on_uart.port.unplug()
                await clock.sleep(15)
                assert own.first is not None  # the first is gone
                assert radios.repair.possible(f"gwmp:{EUI}") == set()  # and its port helps the other no more

    simulated(main)


def test_a_gateway_that_is_refused_on_a_uart_does_not_make_that_port_the_others(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        events: list[DeviceEvent] = []
        eui, medium = bytes.fromhex(EUI), RfMedium(clock=clock, seed=1)
        on_uart = SerialForwarderEmulator(
            eui=eui, name="uart", cell=CELL, medium=medium, clock=clock, seed=1, folder=tmp_path
        )
        async with on_uart, Background() as background:
            port = on_uart.port.path
            on_uart.port.unplug()
            radios, _ = made(clock, events, serial__radios=f"gwmp-serial:{port}")
            background.start(radios.run(), name="radios")
            await radios.listening.wait()
            assert radios.server is not None
            first = PacketForwarderEmulator(
                eui=eui, cell=CELL, medium=RfMedium(clock=clock, seed=2), clock=clock, server=radios.server.address,
                seed=2,
            )  # fmt: skip
            async with first:
                await clock.sleep(15)
                on_uart.port.plug()
                await clock.sleep(55)
                told = [event.detail for event in events if isinstance(event, DeviceTrouble)]
                assert any(detail.startswith("serial ") for detail in told)
                assert radios.repair.possible(f"gwmp:{EUI}") == set()

    simulated(main)


def send(medium: RfMedium, station: Station, *, frequency_hz: int = 868_100_000, datarate: str = "SF9BW125") -> None:
    medium.transmit(
        station,
        phy=UPLINK,
        frequency_hz=frequency_hz,
        datarate=datarate,
        power_dbm=14.0,
        inverted=False,
    )
