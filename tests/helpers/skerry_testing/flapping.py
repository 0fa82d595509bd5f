"""A TCP proxy on loopback that cuts its connections at random moments. Used by the network weather tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random

from skerry_core.clock import SystemClock

__all__ = ["FlappingProxy"]

LIFE_S = (0.02, 0.6)  # of one connection while the network flaps


class FlappingProxy:
    """Forwards to a port; while `flaps` is True every connection is reset after a moment, and some are never let in."""

    def __init__(self, target: int, *, seed: int) -> None:
        self.flaps = True
        self.cuts = 0
        self.port = 0
        self._target = target
        self._random = Random(seed)

    @classmethod
    @asynccontextmanager
    async def open(cls, target: int, *, seed: int = 7) -> AsyncIterator["FlappingProxy"]:
        """Listen until the block is left."""
        proxy = cls(target, seed=seed)
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                group.create_task(proxy._serve(reader, writer, stop), name="proxy: connection")

            server = await asyncio.start_server(accept, "127.0.0.1", 0)
            proxy.port = server.sockets[0].getsockname()[1]
            try:
                yield proxy
            finally:
                server.close()
                stop.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: asyncio.Event) -> None:
        far: asyncio.StreamWriter | None = None
        with suppress(OSError):
            if not (self.flaps and self._random.random() < 0.3):
                far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
                await self._until_cut(reader, writer, far_reader, far, stop)
        self.cuts += self.flaps
        for end in (writer, far):
            if end is not None:
                end.transport.abort()  # a reset, not a polite end

    async def _until_cut(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far: asyncio.StreamWriter,
        stop: asyncio.Event,
    ) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_pump(reader, far), name="proxy: there"),
                group.create_task(_pump(far_reader, writer), name="proxy: back"),
                group.create_task(stop.wait(), name="proxy: stop"),
            ]
            if self.flaps:
                tasks.append(group.create_task(SystemClock().sleep(self._random.uniform(*LIFE_S)), name="proxy: cut"))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
            await writer.drain()
