"""Runs a test's coroutine on simulated time, and opens emulators as links without an operating system's port."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import Surroundings
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.devices.firmware import Firmware, LineFaults
from skerry_simulate.devices.memory import FirmwareLink

__all__ = ["LINES", "Bench", "simulated"]

Result = TypeVar("Result")
START_S = 1_790_000_000

# the four lines of STYLE rule 39
LINES = {
    "plain": LineFaults(),
    "one byte at a time": LineFaults(single_bytes=True),
    "20 % loss": LineFaults(loss=0.2),
    "delayed": LineFaults(delay_s=0.15),
}


def simulated(main: Callable[[SimulatedClock], Coroutine[Any, Any, Result]]) -> Result:
    """Run `main(clock)` to its end on simulated time."""
    clock = SimulatedClock(start_s=START_S)
    with asyncio.Runner(loop_factory=clock.new_event_loop) as runner:
        return runner.run(main(clock))


class Bench:
    """Opens a fresh link to one emulated device whenever its driver asks; `plugged = False` refuses."""

    def __init__(
        self, make: Callable[[Clock, Random], Firmware] | None, *, clock: Clock, faults: LineFaults, seed: int = 7
    ) -> None:
        assert make is not None
        self.random = Random(seed)
        self.clock = clock
        self.faults = faults
        self.firmware = make(clock, self.random)
        self.plugged = True
        self.code = "E_PORT_MISSING"  # why it cannot be opened while it is not plugged
        self.links: list[FirmwareLink] = []
        self.opened: list[str] = []
        self.missing: set[str] = set()  # ports that are not there while others are

    @property
    def around(self) -> Surroundings:
        """What the drivers get."""
        return Surroundings(clock=self.clock, random=Random(1), open_link=self.open_link)

    def open_link(self, url: str, settings: SerialSettings) -> Awaitable[Link]:
        """Open the device as `links.open.open_link` does."""
        return self._open(url)

    async def _open(self, url: str) -> Link:
        self.opened.append(url)
        if not self.plugged or url in self.missing:
            raise LinkRefused(self.code, f"There is no serial port {url}.", remedy="Plug it in.")
        self.firmware.reset()
        link = FirmwareLink(self.firmware, clock=self.clock, random=self.random, faults=self.faults)
        self.links.append(link)
        return link

    def unplug(self) -> None:
        """Pull the cable."""
        self.plugged = False
        for link in self.links:
            link.unplug()
