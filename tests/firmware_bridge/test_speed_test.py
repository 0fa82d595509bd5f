"""The speed test against a server of our own on the loopback address."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from skerry_core.clock import SystemClock, io_timeout
from skerry_firmware_bridge.speed_test import SpeedTestFailed, SpeedTestSettings, Step, run_speed_test

CLOCK = SystemClock()


class Server:
    """Answers as the speed test expects; `extra` bytes too many, `stall` never ends a download."""

    def __init__(self, *, extra: int = 0, stall: bool = False) -> None:
        self.extra = extra
        self.stall = stall
        self.uploaded = 0

    async def _download(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        wanted = int(request.query["bytes"]) + self.extra
        if self.stall:
            await answer.write(bytes(1000))
            await CLOCK.sleep(5)
            return answer
        while wanted > 0:
            await answer.write(bytes(min(wanted, 65536)))
            wanted -= 65536
        return answer

    async def _upload(self, request: web.Request) -> web.Response:
        async for chunk in request.content.iter_chunked(65536):
            self.uploaded += len(chunk)
        return web.Response()

    async def _root(self, request: web.Request) -> web.Response:
        return web.Response()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.add_routes(
            [web.get("/download", self._download), web.post("/upload", self._upload), web.get("/", self._root)]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_both_directions_and_latency_are_measured() -> None:
    server = Server()
    async with server.running() as url:
        result = await run_speed_test(SpeedTestSettings(url=url, budget_bytes=4_000_000), clock=CLOCK)
    assert result.bytes_used == 4_000_000
    assert server.uploaded == 2_000_000
    assert result.download_bytes_s > 1_000_000
    assert result.upload_bytes_s > 1_000_000
    assert 0 <= result.latency_ms < 1000


async def test_progress_is_told_step_by_step_and_never_goes_back() -> None:
    seen: list[tuple[Step, int]] = []
    async with Server().running() as url:
        settings = SpeedTestSettings(url=url, budget_bytes=1_000_000)
        await run_speed_test(settings, clock=CLOCK, on_progress=lambda step, used: seen.append((step, used)))
    assert list(dict.fromkeys(step for step, _ in seen)) == [Step.LATENCY, Step.DOWNLOAD, Step.UPLOAD]
    assert [used for _, used in seen] == sorted(used for _, used in seen)
    assert seen[-1] == (Step.UPLOAD, 1_000_000)


async def test_a_server_that_sends_too_much_does_not_spend_the_budget() -> None:
    async with Server(extra=50_000_000).running() as url:
        result = await run_speed_test(SpeedTestSettings(url=url, budget_bytes=1_000_000), clock=CLOCK)
    assert result.bytes_used < 1_000_000 + 2 * 65536


async def test_a_slow_line_is_measured_by_what_came_in_time() -> None:
    async with Server(stall=True).running() as url:
        settings = SpeedTestSettings(url=url, budget_bytes=400_000, direction_limit_s=0.3)
        result = await run_speed_test(settings, clock=CLOCK)
    assert result.download_bytes_s < 10_000


async def test_no_server_is_a_failure_not_a_zero() -> None:
    with pytest.raises(SpeedTestFailed):
        await run_speed_test(SpeedTestSettings(url="http://127.0.0.1:9"), clock=CLOCK)


class SlowReader:
    """Reads an upload at 200 kB/s through a small buffer, as a slow line does; downloads are quick."""

    def __init__(self) -> None:
        self.read = 0
        self.gone = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._serve(reader, writer)
        finally:
            writer.transport.abort()
            self.gone.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not (request := await reader.readuntil(b"\r\n\r\n")).startswith(b"POST"):
            body = bytes(500_000 if request.startswith(b"GET") else 0)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        while data := await reader.read(10_000):
            self.read += len(data)
            await CLOCK.sleep(0.05)


async def test_what_waits_in_our_own_buffers_was_not_uploaded() -> None:
    slow = SlowReader()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)  # bytes in the far end's buffer have arrived
    async with await asyncio.start_server(slow, sock=listener, limit=16_384) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = SpeedTestSettings(url=url, budget_bytes=40_000_000, direction_limit_s=1.0)
        result = await run_speed_test(settings, clock=CLOCK)
        assert result.upload_bytes_s < 600_000
        assert slow.read > 100_000
        async with io_timeout(60):
            await slow.gone.wait()
