"""One command at a time over a module's link: asks, waits for the answer, tries again, fails at once with the link.

`radio.AtRadio` feeds it the meaning of the lines that it reads.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.at_radio.dialect import Command
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkLost, ModuleRefused, ModuleUnfit
from skerry_firmware_bridge.links.base import Link

__all__ = ["Exchange", "discard"]

ATTEMPTS = 3  # a torn or lost line costs one attempt
QUIET_S = 0.2  # at 9600 baud a full line takes half as long
MOST_QUIET_S = 2.0  # a module that never falls silent is asked anyway


class Exchange:
    """`link` is None while there is none. `patience` multiplies every limit, all of them in real time."""

    def __init__(self, *, name: str, clock: Clock, counts: Counter[str], patience: float) -> None:
        self.link: Link | None = None
        self._name = name
        self._clock = clock
        self._counts = counts
        self._patience = patience
        self._pending: tuple[Command, asyncio.Future[str]] | None = None
        self._line_seen = asyncio.Event()

    async def execute(self, *commands: Command) -> None:
        """Run commands in order, each tried again when its answer is lost. Raises what `ask` raises."""
        for command in commands:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    await self.ask(command)
                    break
                except DeviceTimeout:
                    self._counts["unanswered"] += 1
                    if attempt == ATTEMPTS:
                        raise
                    await self._quiet()
                except ModuleRefused as error:
                    instead = command.after.get(error.code, command.instead)
                    if instead is not None:
                        await self.execute(instead)
                    if command.optional or instead is not None or error.code == command.done:
                        break
                    if attempt == ATTEMPTS:  # the first refusal may be of a command torn on its way
                        raise

    async def ask(self, command: Command) -> str:
        """Send a command once and return its answer. Raises `LinkLost`, `DeviceTimeout`, `ModuleRefused`."""
        link = self.link
        if link is None:
            raise LinkLost(f"{self._name} is not connected")
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pending = (command, answer)
        try:
            with self._clock.hold(f"{self._name}: {command.text[:16]}"):
                async with io_timeout(command.timeout_s * self._patience):
                    await link.write(command.text.encode("ascii") + b"\r\n")
                    return await answer
        except TimeoutError:
            raise DeviceTimeout(f"{self._name} did not answer {command.text[:24]}") from None
        finally:
            discard(answer)
            self._pending = None

    def note_line(self) -> None:
        """Take note that the module has said anything."""
        self._line_seen.set()

    def answer(self, text: str, error: str | None) -> bool:
        """Give a line to the command that waits; False when none does or it is not its answer."""
        if self._pending is None or self._pending[1].done():
            return False
        command, answer = self._pending
        if error is not None:
            answer.set_exception(ModuleRefused(command.text[:24], error))
        elif command.answers(text):
            answer.set_result(text)
        else:
            return False
        return True

    def restarted(self, text: str) -> None:
        """End the command that waits: a restart answers the one that asks for it and fails any other."""
        if self._pending is None or self._pending[1].done():
            return
        command, answer = self._pending
        if command.reboots:
            answer.set_result(text)
        else:
            answer.set_exception(DeviceTimeout(f"{self._name} restarted during {command.text[:24]}"))

    def unfit(self, reason: str) -> None:
        """End the command that waits: there is no use in asking such a module for anything."""
        if self._pending is not None and not self._pending[1].done():
            self._pending[1].set_exception(ModuleUnfit(reason))

    def fail(self, error: BridgeError) -> None:
        """End the command that waits because the link is gone."""
        self.link = None
        if self._pending is not None and not self._pending[1].done():
            self._pending[1].set_exception(error)

    async def _quiet(self) -> None:
        """Wait for silence, so that a late answer is not taken for the next command's."""
        with self._clock.hold(f"{self._name}: quiet"), suppress(TimeoutError):
            async with io_timeout(MOST_QUIET_S * self._patience):
                while True:
                    self._line_seen.clear()
                    async with io_timeout(QUIET_S * self._patience):
                        await self._line_seen.wait()


def discard(future: asyncio.Future[Any]) -> None:
    """End a future that nobody will wait for any more."""
    if not future.cancel() and not future.cancelled():
        future.exception()
