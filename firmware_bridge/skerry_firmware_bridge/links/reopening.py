"""Lets somebody outside end the use of a link, so that its reconnector opens it again; with a reset before it is used.

Stands between a `Reconnector` and a driver: `use=lambda link: reopening.use(driver.run, link)`.
"""

import asyncio
from collections.abc import Awaitable, Callable

from skerry_firmware_bridge.errors import BridgeError, LinkLost
from skerry_firmware_bridge.links.base import Link

__all__ = ["Reopening"]


class Reopening:
    """One device's link. `before` is done once, with the link open and before the driver gets it."""

    def __init__(self) -> None:
        self._wanted = asyncio.Event()
        self._reason = ""
        self._before: Callable[[Link], Awaitable[None]] | None = None

    def reopen(self, reason: str, *, before: Callable[[Link], Awaitable[None]] | None = None) -> None:
        """Close the link if it is open, and let it be opened again. `before` must not raise but `LinkLost`."""
        self._before = before or self._before
        self._reason = reason
        self._wanted.set()

    async def use(self, work: Callable[[Link], Awaitable[None]], link: Link) -> None:
        """Use the link until its driver ends. Raises what that raises, `LinkLost` when a reopening is wanted."""
        self._wanted.clear()
        before, self._before = self._before, None
        if before is not None:
            await before(link)
        ended: BridgeError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                waiting = group.create_task(self._give_up(), name="link: reopening")
                await work(link)
                waiting.cancel()
        except* BridgeError as errors:
            ended = first_of(errors)
        if ended is not None:
            raise ended

    async def _give_up(self) -> None:
        await self._wanted.wait()
        raise LinkLost(self._reason, remedy="")


def first_of(errors: BaseExceptionGroup[BridgeError]) -> BridgeError:
    """Return the first error of a group, however deep."""
    first = errors.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
