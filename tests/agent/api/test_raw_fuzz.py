"""Damaged HTTP over raw sockets, cut into pieces: no 5xx, no secret in the log, and the server lives on."""

import asyncio
import logging
import random
from pathlib import Path

import pytest

from skerry_core.clock import io_timeout
from skerry_testing.api import Served, fill, serve_api

ROUNDS = 150
CONNECTIONS = 50  # at a time
ANSWER_LIMIT_S = 1.0  # an unfinished request gets none


def damaged(request: bytes, chance: random.Random) -> bytes:
    """Change, drop, double or insert a few bytes, or cut the end off."""
    raw = bytearray(request)
    for _ in range(chance.randrange(1, 6)):
        place = chance.randrange(len(raw) + 1)
        match chance.randrange(5):
            case 0:
                raw[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del raw[place : place + chance.randrange(1, 20)]
            case 2:
                raw[place:place] = raw[place : place + chance.randrange(1, 40)]
            case 3:
                raw[place:place] = chance.choice([b"\r\n", b"\0", b"\xff\xfe", b"%ff", b": ", b"[" * 2000, b"A" * 9000])
            case _:
                del raw[max(1, place) :]
    return bytes(raw)


def requests(token: str) -> list[bytes]:
    head = f"Host: localhost\r\nAuthorization: Bearer {token}\r\n"
    body = b'{"name": "roof", "region": "EU868"}'
    return [
        f"GET /api/v1/witnesses?limit=5&verdict=invalid HTTP/1.1\r\n{head}\r\n".encode(),
        f"GET /api/v1/rewards/r1/explain HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode(),
        f"PATCH /api/v1/devices/d1 HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body,
        f"PATCH /api/v1/devices/d1 HTTP/1.1\r\n{head}Content-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode()
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
    ]


async def send(served: Served, raw: bytes, chance: random.Random) -> bytes:
    port = int(served.server.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with io_timeout(60):
            while raw:
                size = chance.choice([1, 7, 100, 10_000])
                writer.write(raw[:size])
                await writer.drain()
                raw = raw[size:]
        async with io_timeout(ANSWER_LIMIT_S):
            return await reader.read(1 << 20)
    except (ConnectionError, TimeoutError):
        return b""  # the server hung up in the middle, or waits for the rest: both are right
    finally:
        writer.close()


async def test_damaged_requests_give_no_5xx_and_fill_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(7)
    async with serve_api(tmp_path) as served:
        await fill(served)
        token = served.token
        good = requests(token)[1]
        assert (await send(served, good, chance)).startswith(b"HTTP/1.1 200")
        answered = 0
        for _ in range(ROUNDS // CONNECTIONS):
            raw = [damaged(chance.choice(requests(token)), chance) for _ in range(CONNECTIONS)]
            for answer in await asyncio.gather(*(send(served, one, random.Random(1)) for one in raw)):
                assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5")), answer[:300]
                answered += answer.startswith(b"HTTP/1.")
        assert answered > ROUNDS // 3
        assert (await send(served, good, chance)).startswith(b"HTTP/1.1 200")
    assert token not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
