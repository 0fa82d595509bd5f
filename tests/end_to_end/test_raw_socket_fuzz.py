"""Raw bytes against the API of a running agent: no 5xx but what it means, no secret in any answer, and it lives on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from skerry_agent.store import TokenRow
from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.api import Served, fill, serve_api

ANSWER_S = 60.0
TEN_MB = 10 * 1024 * 1024
CLIENTS = 1000

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send to, and what must never come back."""

    host: str
    port: int
    token: str

    def head(self, method: str, path: str, *more: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", f"Authorization: Bearer {self.token}"]
        if method in ("PATCH", "POST"):
            lines.append("Content-Type: application/json")
        return "\r\n".join([*lines, *more, "", ""]).encode()


@asynccontextmanager
async def target(folder: Path, **flags: str) -> AsyncIterator[tuple[Target, Served]]:
    async with serve_api(folder, flags=flags) as served:
        await fill(served)
        host, _, port = served.server.address.removeprefix("http://").partition(":")
        yield Target(host=host, port=int(port), token=served.token), served


@asynccontextmanager
async def connections(to: Target, count: int) -> AsyncIterator[list[Connection]]:
    """Open `count` connections, and cut them all at the end."""
    opened: list[Connection] = []
    try:
        for _ in range(count):
            opened.append(await asyncio.open_connection(to.host, to.port))
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()
        for _, writer in opened:
            with suppress(OSError):
                await writer.wait_closed()


async def talk(to: Target, *pieces: bytes, pause_s: float = 0.0, patience_s: float = ANSWER_S) -> bytes:
    """Send pieces one by one; return everything that comes until it closes, or until our patience ends."""
    answer = b""
    async with connections(to, 1) as ((reader, writer),):
        try:
            async with io_timeout(patience_s):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    if pause_s:
                        await SystemClock().sleep(pause_s)
                while chunk := await reader.read(1 << 16):
                    answer += chunk
        except (ConnectionResetError, BrokenPipeError):
            return answer  # it closed on us: an answer too
        except TimeoutError:
            assert patience_s < ANSWER_S, f"no answer to {pieces[0][:100]!r}"
    return answer


def status_of(answer: bytes) -> int:
    """Return the status of the first answer, 0 for a closed connection."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def check(to: Target, answer: bytes) -> int:
    status = status_of(answer)
    assert status < 500, answer[:500]
    for secret in (to.token.encode(), b"Traceback", b"site-packages", b"skerry_agent/"):
        assert secret not in answer, answer[:500]
    return status


async def test_split_headers_are_put_together(tmp_path: Path) -> None:
    async with target(tmp_path) as (to, _):
        request = to.head("GET", "/api/v1/status", "Connection: close")
        pieces = [request[i : i + 1] for i in range(len(request))]
        answer = await talk(to, *pieces, pause_s=0.0001)
        assert check(to, answer) == 200
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["hotspots"]


def bodies() -> Iterator[tuple[str, bytes, int]]:
    """Yield a name, a body for PATCH /devices/d1 and the status that it gets."""
    yield "invalid UTF-8", b'{"name": "\xff\xfe"}', 400
    yield "an overlong encoding", b'{"name": "\xc0\xaf"}', 400
    yield "half a surrogate pair", b'{"name": "\\ud800"}', 400
    yield "deep arrays", b'{"name": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400
    yield "deep objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400
    yield "a number too long", b'{"name": ' + b"9" * 60_000 + b"}", 400
    yield "a duplicate member", b'{"name": "a", "name": "b"}', 400
    yield "not a number", b'{"name": NaN}', 400
    yield "nothing", b"", 400
    yield "no object", b'["name"]', 400
    yield "ten megabytes", b'{"name": "' + b"x" * TEN_MB + b'"}', 413


@pytest.mark.parametrize(("body", "status"), [case[1:] for case in bodies()], ids=[case[0] for case in bodies()])
async def test_a_bad_body_is_refused_with_a_code(tmp_path: Path, body: bytes, status: int) -> None:
    async with target(tmp_path) as (to, _):
        head = to.head("PATCH", "/api/v1/devices/d1", f"Content-Length: {len(body)}", "Connection: close")
        answer = await talk(to, head, body)
        assert check(to, answer) in (status, 0)  # 0: it hung up before it read ten megabytes
        if status_of(answer):
            assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"].startswith("E_")
        assert check(to, await talk(to, to.head("GET", "/healthz", "Connection: close"))) == 200


async def test_ten_megabytes_in_chunks_are_cut_off(tmp_path: Path) -> None:
    async with target(tmp_path) as (to, _):
        head = to.head("PATCH", "/api/v1/devices/d1", "Transfer-Encoding: chunked", "Connection: close")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        assert check(to, await talk(to, head, *[chunk] * 160, b"0\r\n\r\n")) in (413, 0)


def lines() -> Iterator[bytes]:
    """Yield requests that no client of ours sends."""
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)  # TLS spoken to a plain port
    yield b"GET /api/v1/status\r\n\r\n"
    yield b"GET /api/v1/status HTTP/9.9\r\n\r\n"
    yield b"\x00" * 4096
    yield b"A" * 100_000
    yield b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5_000 + b"\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"
    yield (
        b"POST /api/v1/pair HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    yield b"POST /api/v1/pair HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield b"POST /api/v1/pair HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n{}"
    yield b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /%ff%00/../../keys/gateway.key HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /api/v1/status HTTP/1.1\r\nHost: local\xffhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n"
    yield b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"


async def test_lines_that_are_no_http_end_the_connection_only(tmp_path: Path) -> None:
    async with target(tmp_path) as (to, _):
        for line in lines():
            check(to, await talk(to, line, patience_s=0.1))
        assert check(to, await talk(to, to.head("GET", "/api/v1/status", "Connection: close"))) == 200


async def test_mutated_requests_never_break_it(tmp_path: Path) -> None:
    random = Random(7)
    async with target(tmp_path) as (to, _):
        good = [
            to.head("GET", "/api/v1/packets?limit=5&cursor=abc"),
            to.head("GET", "/api/v1/witnesses/w1/explain"),
            to.head("PATCH", "/api/v1/devices/d1", "Content-Length: 15") + b'{"name": "new"}',
            to.head("POST", "/api/v1/pair", "Content-Length: 14") + b'{"code": "abc"}',
        ]
        for _ in range(300):
            raw = bytearray(random.choice(good))
            for _ in range(random.randint(1, 6)):
                place = random.randrange(len(raw))
                match random.randrange(4):
                    case 0:
                        raw[place] = random.randrange(256)
                    case 1:
                        del raw[place : place + random.randint(1, 20)]
                    case 2:
                        raw[place:place] = random.randbytes(random.randint(1, 20))
                    case _:
                        raw[place:place] = raw[: random.randint(1, 60)]
            check(to, await talk(to, bytes(raw), patience_s=0.02))
        assert check(to, await talk(to, to.head("GET", "/healthz", "Connection: close"))) == 200


async def test_slow_bodies_hold_nobody_else_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skerry_agent.api.requests.BODY_LIMIT_S", 0.5)
    async with target(tmp_path) as (to, _):
        head = to.head("PATCH", "/api/v1/devices/d1", "Content-Length: 20", "Connection: close")
        async with connections(to, 50) as slow, io_timeout(ANSWER_S):
            for _, writer in slow:
                writer.write(head + b"{")
                await writer.drain()
            assert check(to, await talk(to, to.head("GET", "/api/v1/status", "Connection: close"))) == 200
            answers = [await reader.readuntil(b'"E_SLOW_BODY"') for reader, _ in slow]
        assert {check(to, answer) for answer in answers} == {400}


async def test_a_thousand_event_clients_are_refused_above_the_cap_without_harm(tmp_path: Path) -> None:
    async with (
        target(tmp_path, **{"api.stream_clients": "32"}) as (to, served),
        connections(to, CLIENTS) as clients,
        io_timeout(3 * ANSWER_S),
    ):
        for _, writer in clients:
            writer.write(to.head("GET", "/api/v1/events"))
        statuses = [status_of(await reader.readline()) for reader, _ in clients]
        assert (statuses.count(200), statuses.count(503)) == (32, CLIENTS - 32)
        served.hub.publish("devices", {"id": "d1"})
        for (reader, _), status in zip(clients, statuses, strict=True):
            if status == 200:
                await reader.readuntil(b"event: devices\n")
        assert check(to, await talk(to, to.head("GET", "/api/v1/status", "Connection: close"))) == 200


async def test_refusals_name_no_secret_of_the_store(tmp_path: Path) -> None:
    async with target(tmp_path) as (to, served):
        row = TokenRow(id="abc", name="phone", hash=b"\x01" * 32, scopes=["read"], created_ns=1)
        await served.stores.tokens.add(row)
        for path in ("/api/v1/status", "/api/v1/audit", "/metrics", "/openapi.json", "/"):
            answer = await talk(to, to.head("GET", path, "Connection: close"))
            check(to, answer)
            assert row.hash.hex().encode() not in answer
            assert b"gateway.key" not in answer
