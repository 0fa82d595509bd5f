"""Connections that arrive in the very moment of stopping are closed like the others."""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path

from skerry_core.clock import io_timeout
from skerry_testing.api import serve_api


async def test_a_connection_accepted_while_the_server_stops_is_closed(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    late = [socket.socket() for _ in range(5)]
    try:
        async with serve_api(tmp_path) as served:
            port = int(served.server.address.rpartition(":")[2])
            for one in late:
                one.connect(("127.0.0.1", port))
                one.setblocking(False)
            await asyncio.sleep(0)  # noqa: TID251 - the loop sees them
            await asyncio.sleep(0)  # noqa: TID251 - and accepts them; their tasks run after the server's end
        for one in late:
            with suppress(ConnectionResetError):
                async with io_timeout(60):
                    assert await loop.sock_recv(one, 1) == b""
    finally:
        for one in late:
            one.close()
