"""The demo's LoRaWAN network server: a UDP port that acknowledges what hotspots bring and counts their uplinks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind, acknowledgement, read_json

__all__ = ["DemoNetworkServer", "demo_network_server"]

_log = logging.getLogger(__name__)


class DemoNetworkServer(asyncio.DatagramProtocol):
    """Open it with `demo_network_server`; `uplinks` counts every copy that arrived."""

    def __init__(self) -> None:
        self.uplinks = 0
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the port that was taken."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Acknowledge one datagram of the packet router; what is none is left alone."""
        answer = acknowledgement(data)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)
        try:
            datagram = Datagram.from_bytes(data)
            if datagram.kind is Kind.PUSH_DATA:
                self.uplinks += len(read_json(datagram.body).get("rxpk", ()))
        except FrameRejected as error:
            _log.debug("demo network server: %s", error)


@asynccontextmanager
async def demo_network_server() -> AsyncIterator[DemoNetworkServer]:
    """Listen on a free UDP port of loopback."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(DemoNetworkServer, local_addr=("127.0.0.1", 0))
    try:
        yield server
    finally:
        transport.close()
