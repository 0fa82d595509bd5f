"""Writes one ingest stream's receipts; the ingest service reads on meanwhile."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from skerry_oracle.ingest import Arrival
from skerry_oracle.services.receipts import encode_receipts

__all__ = ["WINDOW", "ReceiptWriter"]

WINDOW = 64  # reports of one stream between reading and their receipt; a receipt message stays well under 4 kB
TOGETHER = 32  # half a window, so that reading never stops for want of a receipt


class ReceiptWriter:
    """Acknowledges one stream's reports in their order, many at once when they come fast.

    `put` waits while `WINDOW` reports of the stream are on their way to disk: whoever sends faster than that is slowed
    down by his own connection. `write` None: nobody asked for receipts, the order is kept all the same.
    """

    def __init__(self, write: Callable[[bytes], Awaitable[None]] | None) -> None:
        self._write = write
        self._waiting: deque[Arrival | str] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._finished = False

    async def put(self, one: Arrival | str) -> None:
        """Acknowledge a report once it is stored, or tell its refusal when its turn comes."""
        while len(self._waiting) >= WINDOW:
            self._room.clear()
            await self._room.wait()
        self._waiting.append(one)
        self._changed.set()

    def finish(self) -> None:
        """Let `run` end once everything is acknowledged."""
        self._finished = True
        self._changed.set()

    async def run(self) -> None:
        """Write receipts until finished. Raises `SinkUnavailable` when a report cannot be stored."""
        while self._waiting or not self._finished:
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
                continue
            texts: list[str] = []
            # Until nothing waits: a single report is acknowledged at once, those of a busy stream together.
            while self._waiting and len(texts) < TOGETHER:
                texts.append(await _text(self._waiting[0]))
                self._waiting.popleft()
                self._room.set()
            if self._write is not None:
                await self._write(encode_receipts(texts))


async def _text(one: Arrival | str) -> str:
    return one if isinstance(one, str) else str((await one.receipt()).received_ms)
