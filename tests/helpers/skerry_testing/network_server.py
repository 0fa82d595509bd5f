"""A LoRaWAN network server's packet port: remembers what hotspots send it and answers uplinks with a downlink."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind

__all__ = ["PacketPort", "packet_port"]

RX1_DELAY_US = 1_000_000  # LoRaWAN: the first receive window opens a second after the uplink
COUNTER_WRAP = 1 << 32


class PacketPort(asyncio.DatagramProtocol):
    """Answers each uplink with `downlink` in its first receive window, through the hotspot whose copy came first."""

    def __init__(self, *, downlink: bytes) -> None:
        self.uplinks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.tx_acks: asyncio.Queue[bytes] = asyncio.Queue()
        self.port = 0
        self._downlink = downlink
        self._answered: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the free port that was taken."""
        self._transport = transport  # type: ignore[assignment]  # a datagram endpoint gets a datagram transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Take one datagram of the packet router."""
        datagram = Datagram.from_bytes(data)
        match datagram.kind:
            case Kind.PUSH_DATA:
                for rxpk in json.loads(datagram.body).get("rxpk", ()):
                    self.uplinks.put_nowait(rxpk)
                    if rxpk["data"] not in self._answered:
                        self._answered.add(rxpk["data"])
                        self._answer(rxpk, addr)
            case Kind.TX_ACK:
                self.tx_acks.put_nowait(datagram.body)

    def _answer(self, rxpk: dict[str, Any], addr: Any) -> None:
        txpk = {
            "imme": False, "tmst": (rxpk["tmst"] + RX1_DELAY_US) % COUNTER_WRAP, "freq": rxpk["freq"], "rfch": 0,
            "powe": 14, "modu": "LORA", "datr": rxpk["datr"], "codr": "4/5", "ipol": True, "size": len(self._downlink),
            "data": base64.b64encode(self._downlink).decode(),
        }  # fmt: skip
        assert self._transport is not None
        body = json.dumps({"txpk": txpk}).encode()
        self._transport.sendto(Datagram(kind=Kind.PULL_RESP, token=9, body=body).to_bytes(), addr)


@asynccontextmanager
async def packet_port(*, downlink: bytes) -> AsyncIterator[PacketPort]:
    """Listen on a free UDP port of loopback."""
    server = PacketPort(downlink=downlink)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
