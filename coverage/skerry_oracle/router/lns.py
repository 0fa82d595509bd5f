"""Carries packets to LoRaWAN network servers by Semtech UDP and their downlinks back, one association per hotspot.

The network server sees each hotspot as a gateway whose MAC is the hash of its key (iot-poc 2.4, 5.3).
"""

import asyncio
import base64
import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind, read_json
from skerry_firmware_bridge.gwmp.downlink import Downlink, ack_json
from skerry_firmware_bridge.gwmp.packets import hz_from_mhz, mhz_from_hz
from skerry_keys.lns_mac import lns_mac
from skerry_keys.public_key import PublicKey
from skerry_oracle.router.downlinks import Downlinks
from skerry_oracle.router.servers import GwmpServer
from skerry_wire.frames import TransmitOutcome, TransmitStatus
from skerry_wire.generated.data_rate_pb2 import data_rate
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1, packet_router_packet_up_v1, window_v1
from skerry_wire.generated.region_pb2 import region

__all__ = ["LnsHub", "downlink_message"]

_log = logging.getLogger(__name__)

PULL_INTERVAL_S = 10.0  # iot-poc 5.1: a client is dropped after 60 s without PULL_DATA
RESOLVE_TIMEOUT_S = 5.0
MAX_LINKS = 10_000  # open sockets; the one unused for longest is closed first
_SENT = ack_json(TransmitOutcome(status=TransmitStatus.SENT))
_FAILED = ack_json(TransmitOutcome(status=TransmitStatus.FAILED, reason="tx_freq"))


class LnsHub:
    """All associations. `run()` keeps them alive; `close()` at the end."""

    def __init__(self, *, clock: Clock, downlinks: Downlinks) -> None:
        self._clock = clock
        self._downlinks = downlinks
        self._links: OrderedDict[tuple[bytes, tuple[str, int]], _Link] = OrderedDict()
        self._opening = asyncio.Lock()

    async def deliver(self, packet: packet_router_packet_up_v1, server: GwmpServer) -> bool:
        """Send an uplink to a network server; False when its address cannot be used."""
        known = region.DESCRIPTOR.values_by_number.get(packet.region)
        link = await self._link(packet.gateway, server.address(known.name if known else "UNKNOWN"))
        if link is None:
            return False
        link.send(Kind.PUSH_DATA, json.dumps({"rxpk": [_rxpk(packet)]}, separators=(",", ":")).encode())
        return True

    async def run(self) -> None:
        """Keep every association's way back open until cancelled."""
        while True:
            await self._clock.sleep(PULL_INTERVAL_S)
            for link in list(self._links.values()):
                if self._downlinks.reaches(link.gateway):
                    link.send(Kind.PULL_DATA)

    def close(self) -> None:
        """Close every socket."""
        while self._links:
            self._links.popitem()[1].close()

    async def _link(self, gateway: bytes, address: tuple[str, int]) -> "_Link | None":
        async with self._opening:
            link = self._links.get((gateway, address))
            if link is None:
                link = _Link(gateway, self._downlink)
                try:
                    with self._clock.hold("network server"):
                        async with io_timeout(RESOLVE_TIMEOUT_S):
                            loop = asyncio.get_running_loop()
                            await loop.create_datagram_endpoint(lambda: link, remote_addr=address)
                except (OSError, TimeoutError) as error:
                    _log.warning("network server %s:%d: %s", *address, error)
                    return None
                self._links[gateway, address] = link
                link.send(Kind.PULL_DATA)
                if len(self._links) > MAX_LINKS:
                    self._links.popitem(last=False)[1].close()
            self._links.move_to_end((gateway, address))
            return link

    def _downlink(self, gateway: bytes, body: bytes) -> bytes:
        """Hand a PULL_RESP on; return the TX_ACK's body. The hotspot's own outcome does not come back to us."""
        return _SENT if self._downlinks.send(gateway, downlink_message(body)) else _FAILED


def downlink_message(body: bytes) -> packet_router_packet_down_v1:
    """Return a network server's downlink as the router's message. Raises `FrameRejected`."""
    txpk = read_json(body).get("txpk")
    if not isinstance(txpk, dict):
        raise FrameRejected("invalid_json", detail="no txpk")
    downlink = Downlink.from_json(txpk)
    if downlink.datarate not in data_rate_numbers():
        raise FrameRejected("invalid_json", detail=f"datr {downlink.datarate!r}")
    window = window_v1(
        timestamp=downlink.tmst or 0,
        frequency=hz_from_mhz(downlink.freq_mhz),
        datarate=data_rate_numbers()[downlink.datarate],
        immediate=downlink.immediate or downlink.tmst is None,
    )
    return packet_router_packet_down_v1(payload=downlink.payload, rx1=window)


def data_rate_numbers() -> dict[str, Any]:
    """Return data-rate name -> enum number."""
    return dict(data_rate.items())


def _rxpk(packet: packet_router_packet_up_v1) -> dict[str, Any]:
    """Return the uplink as a forwarder would have sent it (iot-poc 5.3, end)."""
    key = PublicKey.from_binary(packet.gateway)
    regions = region.DESCRIPTOR.values_by_number
    rates = data_rate.DESCRIPTOR.values_by_number
    return {
        "tmst": packet.timestamp & 0xFFFFFFFF,
        "freq": round(mhz_from_hz(packet.frequency), 4),
        "rfch": 0,
        "chan": 0,
        "stat": 1,
        "modu": "LORA",
        "datr": rates[packet.datarate].name if packet.datarate in rates else "SF12BW125",
        "codr": "4/5",
        "rssi": packet.rssi,
        "lsnr": round(packet.snr, 1),
        "size": len(packet.payload),
        "data": base64.b64encode(packet.payload).decode(),
        "meta": {
            "network": "helium_iot",
            "gateway_id": key.address,
            "gateway_name": key.animal_name,
            "regi": regions[packet.region].name if packet.region in regions else "UNKNOWN",
        },
    }


@dataclass(slots=True)
class _Link(asyncio.DatagramProtocol):
    """One hotspot's socket toward one network server."""

    gateway: bytes
    on_downlink: Callable[[bytes, bytes], bytes]
    token: int = 0
    mac: bytes = b""
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.mac = lns_mac(PublicKey.from_binary(self.gateway))

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected: nobody else's datagrams arrive
        try:
            datagram = Datagram.from_bytes(data)
            if datagram.kind is not Kind.PULL_RESP:
                return  # acknowledgements: UDP promises nothing either way
            answer = self.on_downlink(self.gateway, datagram.body)
        except FrameRejected as error:
            _log.debug("network server sent a bad datagram: %s", error)
            return
        self._write(Datagram(kind=Kind.TX_ACK, token=datagram.token, eui=self.mac, body=answer))

    def error_received(self, exc: Exception) -> None:
        _log.debug("network server is not there: %s", exc)

    def send(self, kind: Kind, body: bytes = b"") -> None:
        """Send one datagram with the next token."""
        self.token = (self.token + 1) & 0xFFFF
        self._write(Datagram(kind=kind, token=self.token, eui=self.mac, body=body))

    def close(self) -> None:
        """Close the socket."""
        if self.transport is not None:
            self.transport.close()

    def _write(self, datagram: Datagram) -> None:
        if self.transport is not None:
            self.transport.sendto(datagram.to_bytes())
