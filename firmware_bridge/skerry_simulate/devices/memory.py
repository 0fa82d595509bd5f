"""A link straight into an emulator, without an operating system's port: for drivers' tests on simulated time."""

import asyncio
from collections import deque
from random import Random

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.links.base import Link
from skerry_simulate.devices.firmware import NO_LINE_FAULTS, Firmware, LineFaults, Stage

__all__ = ["FirmwareLink"]


class FirmwareLink(Link):
    """The host's end; `unplug()` loses the link as pulling the cable does."""

    def __init__(
        self,
        firmware: Firmware,
        *,
        clock: Clock,
        random: Random,
        faults: LineFaults = NO_LINE_FAULTS,
        key: str = "memory",
    ) -> None:
        self.key = key
        self.url = f"memory:{key}"
        self.stage = Stage(firmware, clock=clock, random=random, send=self._arrive, faults=faults)
        self.written = b""
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._gone = False
        self.stage.start()

    async def read(self) -> bytes:
        while not self._waiting:
            if self._gone:
                raise LinkLost(f"{self.url} is unplugged")
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    async def write(self, data: bytes) -> None:
        if self._gone:
            raise LinkLost(f"{self.url} is unplugged")
        self.written += data
        self.stage.receive(data)

    async def close(self) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Lose the link; what has not been read is lost with it."""
        self._gone = True
        self._waiting.clear()
        self.stage.stop()
        self._news.set()

    def _arrive(self, data: bytes) -> None:
        self._waiting.append(data)
        self._news.set()
