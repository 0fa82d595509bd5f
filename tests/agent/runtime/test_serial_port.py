"""A serial radio's port: a loss is one line in the log, its return another; what it says in between is of now."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.radio_set import RadioSet
from skerry_agent.runtime.radio_settings import radio_settings
from skerry_agent.runtime.radios import Radios
from skerry_agent.settings import load
from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.open import open_link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.radio import DeviceState
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.forwarder_serial import SerialForwarderEmulator
from skerry_simulate.lone_radio import CELL
from skerry_simulate.medium import RfMedium
from skerry_testing.simulated import simulated


def shown(clock: SimulatedClock, **flags: str) -> tuple[Radios, DeviceBoard]:
    """Return the radios of some settings with the board that shows them."""
    board = DeviceBoard(clock=clock, hub=EventHub(clock=clock), frame_heard=lambda _, __: None)
    settings = load(file=None, environ={}, flags={name.replace("__", "."): value for name, value in flags.items()})
    read = radio_settings(settings)
    return Radios(settings=read, clock=clock, sink=board.take, own=RadioSet(), random=Random(1)), board


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.name.startswith("skerry_")]
    caplog.clear()
    return found


def module(clock: SimulatedClock, folder: Path) -> AtRadioEmulator:
    return AtRadioEmulator(
        kind="wio-e5", name="radio", cell=CELL, medium=RfMedium(clock=clock, seed=1), clock=clock, seed=1,
        folder=folder,
    )  # fmt: skip


def test_a_lost_module_is_one_line_and_one_when_it_is_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main(clock: SimulatedClock) -> None:
        emulator = module(clock, tmp_path)
        async with emulator, Background() as background:
            device = f"wio-e5:{emulator.path}"
            radios, board = shown(clock, gwmp__listen="", serial__radios=device)
            background.start(radios.run(), name="radios")
            await clock.sleep(5)
            assert lines(caplog) == [f"{device}: up (A wio-e5 is listening.)"]
            lost_ns = clock.wall_ns()
            emulator.unplug()
            await clock.sleep(30)
            (lost,) = lines(caplog)
            assert lost.startswith(f"{device}: down (The serial port is gone (")
            assert lost.endswith("). Check its cable and power; it is opened again as soon as it is back.)")
            live = board.live()[device]
            assert live.reason.startswith(f"There is no serial port {emulator.path}. Plug the device in")
            assert (live.as_of_ns - lost_ns) // NS_PER_S == 0  # when it was there last
            emulator.replug()
            await clock.sleep(5)
            assert lines(caplog) == [f"{device}: up (A wio-e5 is listening.)"]

    with caplog.at_level(logging.INFO):
        simulated(main)


def test_a_lost_gateway_on_a_uart_is_one_line_and_one_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main(clock: SimulatedClock) -> None:
        eui = bytes.fromhex("aa555a0000000001")
        emulator = SerialForwarderEmulator(
            eui=eui, name="uart", cell=CELL, medium=RfMedium(clock=clock, seed=1), clock=clock, seed=1, folder=tmp_path
        )
        async with emulator, Background() as background:
            device = f"gwmp-serial:{emulator.port.path}"
            radios, board = shown(clock, gwmp__listen="", serial__radios=device)
            background.start(radios.run(), name="radios")
            await clock.sleep(20)
            *_, here = lines(caplog)
            assert here == f"gwmp:{eui.hex()}: up (A packet forwarder speaks from serial {emulator.port.path}.)"
            emulator.port.unplug()
            await clock.sleep(30)
            (lost,) = lines(caplog)
            assert lost.startswith(f"{device}: down (The serial port is gone (")
            assert board.live()[f"gwmp:{eui.hex()}"].reason == "Its serial port was lost."
            emulator.port.plug()
            await clock.sleep(20)
            assert lines(caplog) == [here]
            assert board.live()[device].state is DeviceState.UP

    with caplog.at_level(logging.INFO):
        simulated(main)


def test_while_a_port_is_opened_again_its_reason_is_of_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, then forbidden, then open with a module that hangs: each is said, and the forbidden one is a line."""
    refused = ["E_PORT_MISSING"] * 3 + ["E_PORT_PERMISSION"] * 3
    seen: list[str] = []
    look: list[Callable[[], str]] = []

    async def opened(url: str, *, clock: SimulatedClock, settings: SerialSettings) -> Link:
        if look:
            seen.append(look[0]())
        if refused:
            code = refused.pop(0)
            raise LinkRefused(code, f"It is {code}.", remedy="Mend it.")
        return await open_link(url, clock=clock, settings=settings)

    async def main(clock: SimulatedClock) -> None:
        emulator = module(clock, tmp_path)
        async with emulator, Background() as background:
            device = f"wio-e5:{emulator.path}"
            radios, board = shown(clock, gwmp__listen="", serial__radios=device)
            look.append(lambda: board.live()[device].reason if device in board.live() else "")
            background.start(radios.run(), name="radios")
            while len(seen) < 7:
                await clock.sleep(1)
            emulator.hang()
            reasons = [event.data["reason"] for event in board._hub._ring if "reason" in event.data]
            missing, forbidden = "It is E_PORT_MISSING. Mend it.", "It is E_PORT_PERMISSION. Mend it."
            assert seen == ["", *[missing] * 3, *[forbidden] * 3]
            assert reasons[:2] == [missing, forbidden]
            await clock.sleep(1)
            assert lines(caplog)[:2] == [f"{device}: down ({missing})", f"{device}: down ({forbidden})"]
            reasons = [event.data["reason"] for event in board._hub._ring if "reason" in event.data]
            assert reasons[2] == "The port is open; its device has not answered yet."

    monkeypatch.setattr("skerry_firmware_bridge.links.open.open_link", opened)
    with caplog.at_level(logging.INFO):
        simulated(main)


def test_other_names_of_a_port_are_looked_up_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    known = os.path.realpath

    def noting(path: str, **rest: bool) -> str:
        threads.add(threading.get_ident())
        return known(path, **rest)

    async def main(clock: SimulatedClock) -> None:
        radios, board = shown(clock, gwmp__listen="", serial__radios=f"wio-e5:{tmp_path}/a,wio-e5:{tmp_path}/b")
        async with Background() as background:
            background.start(radios.run(), name="radios")
            while len(board.live()) < 2:
                await clock.sleep(1)

    monkeypatch.setattr(os.path, "realpath", noting)
    simulated(main)
    assert threads
    assert threading.get_ident() not in threads
