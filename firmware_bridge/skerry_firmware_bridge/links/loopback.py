"""Two ends of a link inside one process, for tests of drivers and for emulators without an operating system's port."""

import asyncio

from skerry_firmware_bridge.errors import LinkLost
from skerry_firmware_bridge.links.base import Link

__all__ = ["LoopbackLink"]

MAX_PIECES = 1024  # a writer waits while its peer has this many pieces unread


class LoopbackLink(Link):
    """One end; what is written here is read at the other. Closing either end closes both."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.url = f"loopback:{key}"
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue(MAX_PIECES)
        self._closed = asyncio.Event()
        self._peer: LoopbackLink = self

    @classmethod
    def pair(cls, key: str) -> "tuple[LoopbackLink, LoopbackLink]":
        """Return both ends."""
        left, right = cls(key), cls(key)
        left._peer, right._peer = right, left
        right._closed = left._closed
        return left, right

    async def read(self) -> bytes:
        if not self._inbox.empty():
            return self._inbox.get_nowait()
        if self._closed.is_set():
            raise LinkLost(f"{self.url} is closed")
        async with asyncio.TaskGroup() as group:
            arrival = group.create_task(self._inbox.get(), name=f"{self.url}: read")
            closing = group.create_task(self._closed.wait(), name=f"{self.url}: closing")
            await asyncio.wait({arrival, closing}, return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
            closing.cancel()
        if arrival.cancelled():
            raise LinkLost(f"{self.url} is closed")
        return arrival.result()

    async def write(self, data: bytes) -> None:
        if self._closed.is_set():
            raise LinkLost(f"{self.url} is closed")
        if data:
            await self._peer._inbox.put(data)

    async def close(self) -> None:
        self._closed.set()
