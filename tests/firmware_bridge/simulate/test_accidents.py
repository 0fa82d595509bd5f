"""Emulated devices are unplugged and restarted again and again, and spoil whole messages, as their faults say."""

from pathlib import Path
from random import Random

import pytest

from skerry_core.clock import NS_PER_S
from skerry_simulate.accidents import UNPLUGGED_S, Accidents
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import LineFaults, parse_faults
from skerry_simulate.devices.hosts import open_pty
from skerry_simulate.devices.registry import EMULATORS
from skerry_simulate.faults import Faults
from skerry_testing.simulated import simulated


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
