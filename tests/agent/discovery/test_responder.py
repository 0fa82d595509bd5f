import asyncio
import socket
import struct

import pytest

from skerry_agent.discovery import responder
from skerry_agent.discovery.records import SERVICE, Service, announcement, answer
from skerry_core.clock import SystemClock, io_timeout

HERE = Service(id="a1b2", port=8474, version="0.1.0", tls=True, addresses=("192.168.1.7",))
QUERY = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\x07_skerry\x04_tcp\x05local\0" + struct.pack("!2H", 12, 1)


class QuickClock(SystemClock):
    async def sleep(self, seconds: float) -> None:
        del seconds


def loopback() -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("127.0.0.1", 0))
    link.setblocking(False)
    return link


async def test_it_announces_answers_and_says_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    with loopback() as listener, loopback() as asker:
        server = loopback()
        address = server.getsockname()
        monkeypatch.setattr(responder, "GROUP", "127.0.0.1")
        monkeypatch.setattr(responder, "PORT", listener.getsockname()[1])
        async with io_timeout(60), asyncio.TaskGroup() as group:
            task = group.create_task(responder.respond(HERE, clock=QuickClock(), open_socket=lambda: server))
            assert await loop.sock_recv(listener, 9000) == announcement(HERE)
            assert await loop.sock_recv(listener, 9000) == announcement(HERE)
            await loop.sock_sendto(asker, b"nonsense", address)
            await loop.sock_sendto(asker, QUERY, address)
            assert await loop.sock_recv(asker, 9000) == answer(QUERY, HERE)
            await loop.sock_sendto(listener, QUERY, address)
            assert await loop.sock_recv(listener, 9000) == answer(QUERY, HERE)
            task.cancel()
            assert await loop.sock_recv(listener, 9000) == announcement(HERE, leaving=True)
    assert SERVICE.encode().partition(b".")[0] in QUERY


async def test_without_multicast_the_agent_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> socket.socket:
        raise OSError(19, "No such device")

    await responder.respond(HERE, clock=SystemClock(), open_socket=refuse)
    assert "not announced (No such device)" in caplog.text
