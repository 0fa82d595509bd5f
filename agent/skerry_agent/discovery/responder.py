"""Answers multicast DNS queries for this agent. Started by the service when the API is open to the network."""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

from skerry_agent.discovery.records import Service, announcement, answer
from skerry_core.clock import Clock

__all__ = ["own_addresses", "respond"]

GROUP, PORT = "224.0.0.251", 5353
ANNOUNCED_AGAIN_S = 1.0  # RFC 6762 8.3: at least two announcements, a second apart
MAX_QUERY_BYTES = 9000  # RFC 6762 17
_log = logging.getLogger(__name__)


async def respond(service: Service, *, clock: Clock, open_socket: Callable[[], socket.socket] | None = None) -> None:
    """Announce and answer until cancelled, then say goodbye; does nothing where multicast is not to be had."""
    try:
        link = (open_socket or _multicast_socket)()
    except OSError as error:
        _log.warning("mDNS: not announced (%s)", error.strerror)
        return
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Responder(service), sock=link)
    try:
        transport.sendto(announcement(service), (GROUP, PORT))
        await clock.sleep(ANNOUNCED_AGAIN_S)
        transport.sendto(announcement(service), (GROUP, PORT))
        await asyncio.Event().wait()
    finally:
        transport.sendto(announcement(service, leaving=True), (GROUP, PORT))
        transport.close()


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, service: Service) -> None:
        self._service = service
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        response = answer(data, self._service) if len(data) <= MAX_QUERY_BYTES else None
        if response is not None and self._transport is not None:
            # Simple resolvers ask from another port and want the answer sent to them (RFC 6762 6.7).
            self._transport.sendto(response, (GROUP, PORT) if addr[1] == PORT else addr)

    def error_received(self, exc: Exception) -> None:
        _log.debug("mDNS: %s", exc)


def own_addresses() -> tuple[str, ...]:
    """Return the IPv4 address by which this machine reaches its network, none when there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address; connecting a UDP socket sends nothing
        except OSError:
            return ()
        return (str(probe.getsockname()[0]),)


def _multicast_socket() -> socket.socket:
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # Avahi has the port too
        link.bind(("", PORT))
        member = struct.pack("4sl", socket.inet_aton(GROUP), socket.INADDR_ANY)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        link.setblocking(False)
    except OSError:
        link.close()
        raise
    return link
