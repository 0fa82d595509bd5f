"""Pairs of pseudo-terminals joined by socat, and waiting for a server to listen; for tests with real counterparts."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from skerry_core.clock import SystemClock, io_timeout

__all__ = ["listening", "socat_pair"]

START_TIMEOUT_S = 60.0
POLL_S = 0.02


@asynccontextmanager
async def socat_pair(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """Return the two named ends of a serial cable; skip the test where socat is missing."""
    socat = shutil.which("socat")
    if socat is None:
        pytest.skip("socat is not installed (apt-get install socat)")
    left, right = folder / "left", folder / "right"
    process = await asyncio.create_subprocess_exec(
        socat, f"pty,raw,echo=0,link={left}", f"pty,raw,echo=0,link={right}", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with io_timeout(START_TIMEOUT_S):
            while not (left.exists() and right.exists()):
                await SystemClock().sleep(POLL_S)
        yield str(left), str(right)
    finally:
        process.terminate()
        await process.wait()


async def listening(port: int) -> None:
    """Return once a server accepts connections on the loopback port."""
    async with io_timeout(START_TIMEOUT_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await SystemClock().sleep(POLL_S)
                continue
            writer.close()
            await writer.wait_closed()
            return
