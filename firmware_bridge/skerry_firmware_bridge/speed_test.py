"""Measures a connection against a configurable HTTP server: latency, download, upload, within a byte budget.

The agent runs it for cellular and Wi-Fi hotspots and signs the result. The server is anything that answers
`GET {url}/download?bytes=N` with N bytes, `POST {url}/upload` by reading the body, and `HEAD {url}/` quickly.
"""

import socket
import statistics
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from skerry_core.clock import NS_PER_MS, NS_PER_S, Clock, io_timeout
from skerry_firmware_bridge.errors import BridgeError

if TYPE_CHECKING:
    import aiohttp

__all__ = ["OnProgress", "SpeedTestFailed", "SpeedTestResult", "SpeedTestSettings", "Step", "run_speed_test"]

LATENCY_SAMPLES = 5
CHUNK_BYTES = 64 * 1024
UPLOAD_CHUNK_BYTES = 16 * 1024  # what a slow line has not sent when time is up is known to about this and 48 KiB
SHORTEST_MEASURE_NS = 10 * NS_PER_MS  # a faster transfer says nothing but that the budget is too small
STEP_TIMEOUT_S = 10.0  # for connecting, and for each answer to a latency question


class Step(Enum):
    """What is being measured."""

    LATENCY = "latency"
    DOWNLOAD = "download"
    UPLOAD = "upload"


OnProgress = Callable[[Step, int], None]  # the step, and the bytes of the budget used so far


def _unwatched(step: Step, bytes_used: int) -> None:
    """Nobody looks on."""


class SpeedTestFailed(BridgeError):
    """The test could not be done; nothing is reported rather than a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTestSettings:
    """`budget_bytes` bounds the sum of both directions; `direction_limit_s` ends each direction early on slow lines."""

    url: str
    budget_bytes: int = 20_000_000
    direction_limit_s: float = 10.0
    local_address: str | None = None  # bind to the hotspot's own uplink


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTestResult:
    """Units as in a speed-test report: bytes per second and milliseconds."""

    wall_s: int
    upload_bytes_s: int
    download_bytes_s: int
    latency_ms: int
    bytes_used: int


async def run_speed_test(
    settings: SpeedTestSettings, *, clock: Clock, on_progress: OnProgress = _unwatched
) -> SpeedTestResult:
    """Measure once; `on_progress` is called often. Raises `SpeedTestFailed`."""
    import aiohttp

    local = (settings.local_address, 0) if settings.local_address else None
    sockets = _Sockets()
    connector = aiohttp.TCPConnector(local_addr=local, limit=1, socket_factory=sockets.make)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=STEP_TIMEOUT_S)
    base = settings.url.rstrip("/")
    share = settings.budget_bytes // 2
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            aclosing(sockets),  # before the session ends: its transports notice, and end with it
        ):
            runner = _Runner(
                session=session, base=base, clock=clock, limit_s=settings.direction_limit_s, sockets=sockets
            )
            on_progress(Step.LATENCY, 0)
            latency_ms = await runner.latency_ms()
            down_bytes, download = await runner.download(share, lambda moved: on_progress(Step.DOWNLOAD, moved))
            up_bytes, upload = await runner.upload(share, lambda moved: on_progress(Step.UPLOAD, down_bytes + moved))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise SpeedTestFailed(f"{base}: {error or type(error).__name__}") from None
    return SpeedTestResult(
        wall_s=clock.wall_s(),
        upload_bytes_s=upload,
        download_bytes_s=download,
        latency_ms=latency_ms,
        bytes_used=down_bytes + up_bytes,
    )


class _Sockets:
    """The test's sockets, kept beside aiohttp to see what they have not sent when time is up."""

    def __init__(self) -> None:
        self._kept: list[socket.socket] = []

    def make(self, address: "aiohttp.AddrInfoType") -> socket.socket:
        """Open a socket; a copy of it outlives aiohttp's."""
        family, kind, protocol, *_ = address
        opened = socket.socket(family=family, type=kind, proto=protocol)
        opened.setblocking(False)
        self._kept.append(opened.dup())
        return opened

    def unsent_bytes(self) -> int:
        """Return what the system still holds to be sent or confirmed; 0 where it does not tell (not on Linux)."""
        try:
            from fcntl import ioctl
            from termios import TIOCOUTQ
        except ImportError:
            return 0
        total = 0
        for kept in self._kept:
            with suppress(OSError):
                total += int.from_bytes(ioctl(kept, TIOCOUTQ, bytes(4)), sys.byteorder)
        return total

    async def aclose(self) -> None:
        """Give all up at once: what is unsent must not go on using the line."""
        for kept in self._kept:
            with suppress(OSError):
                kept.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                kept.shutdown(socket.SHUT_RDWR)
            kept.close()
        self._kept.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runner:
    session: "aiohttp.ClientSession"
    base: str
    clock: Clock
    limit_s: float
    sockets: _Sockets

    async def latency_ms(self) -> int:
        """Return the median of a few round trips on one connection; the first opens it and is not counted."""
        spans = []
        for _ in range(LATENCY_SAMPLES + 1):
            started_ns = self.clock.monotonic_ns()
            async with io_timeout(STEP_TIMEOUT_S), self.session.head(f"{self.base}/") as answer:
                await answer.read()
            spans.append(self.clock.monotonic_ns() - started_ns)
        return round(statistics.median(spans[1:]) / NS_PER_MS)

    async def download(self, size: int, watch: Callable[[int], None]) -> tuple[int, int]:
        """Return bytes moved and bytes per second."""
        moved = 0
        started_ns = self.clock.monotonic_ns()
        try:
            async with io_timeout(self.limit_s), self.session.get(f"{self.base}/download?bytes={size}") as answer:
                answer.raise_for_status()
                async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                    moved += len(chunk)
                    watch(moved)
                    if moved >= size:
                        break  # a server that sends more does not spend the owner's budget
        except TimeoutError:
            pass  # a slow line is measured by what came in time
        return moved, _rate(moved, self.clock.monotonic_ns() - started_ns)

    async def upload(self, size: int, watch: Callable[[int], None]) -> tuple[int, int]:
        """Return bytes moved and bytes per second."""
        moved = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal moved
            chunk = bytes(UPLOAD_CHUNK_BYTES)
            while moved < size:
                part = chunk[: size - moved]
                yield part
                moved += len(part)
                watch(moved)

        started_ns = self.clock.monotonic_ns()
        try:
            async with io_timeout(self.limit_s), self.session.post(f"{self.base}/upload", data=body()) as answer:
                answer.raise_for_status()
                await answer.read()
        except TimeoutError:
            moved -= min(moved, self.sockets.unsent_bytes())  # as above, without what only our own buffers have taken
        return moved, _rate(moved, self.clock.monotonic_ns() - started_ns)


def _rate(moved: int, span_ns: int) -> int:
    if not moved:
        raise SpeedTestFailed("nothing was transferred in time")
    return moved * NS_PER_S // max(span_ns, SHORTEST_MEASURE_NS)
