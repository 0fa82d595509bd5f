"""Request and answer over a byte link: one outstanding request, a deadline, and nothing left over from before.

Used by the drivers of protocols whose frames have no marker (concentrator microcontrollers) and of the optical head.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected
from skerry_firmware_bridge.links.base import Link

__all__ = ["Exchange"]

Answer = TypeVar("Answer")
DRAIN_S = 0.2  # silence after which nothing of a former answer is on its way
ANSWER_LIMIT = 16_384  # bytes; no protocol here has longer answers


class Exchange:
    """One conversation; `name` says in errors what did not answer."""

    def __init__(self, link: Link, *, clock: Clock, name: str) -> None:
        self.link = link
        self._clock = clock
        self._name = name
        self._one_at_a_time = asyncio.Lock()

    async def ask(
        self,
        request: bytes,
        decode: Callable[[bytes], Answer],
        *,
        timeout_s: float,
        quiet_s: float | None = None,
        attempts: int = 1,
    ) -> Answer:
        """Send `request`, collect bytes until `decode` accepts them.

        `decode` raises `FrameRejected("incomplete")` while more is needed. `quiet_s` is the longest silence within a
        long answer (None: only the whole counts). `attempts` above 1 is for requests that may be repeated: before each
        repetition the line is drained. Raises `DeviceTimeout`, `FrameRejected`, `LinkLost`.
        """
        for attempt in range(1, attempts + 1):
            try:
                return await self._ask_once(request, decode, timeout_s, quiet_s)
            except (DeviceTimeout, FrameRejected):
                if attempt == attempts:
                    raise
                await self.drain(quiet_s=DRAIN_S)
        raise ValueError("at least one attempt")

    async def _ask_once(
        self, request: bytes, decode: Callable[[bytes], Answer], timeout_s: float, quiet_s: float | None
    ) -> Answer:
        async with self._one_at_a_time:
            received = b""
            try:
                async with self._clock.timeout(timeout_s):
                    await self.link.write(request)
                    while True:
                        async with self._clock.timeout(quiet_s):
                            received += await self.link.read()
                        try:
                            return decode(received)
                        except FrameRejected as error:
                            if error.reason != "incomplete" or len(received) > ANSWER_LIMIT:
                                raise
            except TimeoutError:
                limit_s = timeout_s if quiet_s is None else min(quiet_s, timeout_s)
                detail = f"no whole answer within {limit_s:g} s, {len(received)} bytes came"
                raise DeviceTimeout(f"{self._name}: {detail}") from None

    async def watch(self) -> None:
        """Drop what comes unasked until the link is lost. Raises `LinkLost`, never returns."""
        while True:
            await self.link.read()

    async def drain(self, *, quiet_s: float = DRAIN_S) -> int:
        """Throw away what comes until the line was silent for `quiet_s`; return how many bytes. Raises `LinkLost`."""
        drained = 0
        with suppress(TimeoutError):
            while drained < ANSWER_LIMIT:
                async with self._clock.timeout(quiet_s):
                    drained += len(await self.link.read())
        return drained
