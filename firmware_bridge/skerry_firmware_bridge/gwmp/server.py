"""The UDP socket of GWMP: drains datagrams into the session, sends its answers, hands events to the agent.

`add_reader` with a receive loop until the socket is empty takes 3.4 us for a datagram and its answer, asyncio's own
datagram protocol 7 us (one datagram per turn of the loop), or 23 us in a process where the C library maps and unmaps
the 256 KiB that it receives each datagram into. Where `add_reader` is missing, that protocol is used.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self, cast

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.gwmp.gateway import KEEPALIVE_S, Address
from skerry_firmware_bridge.gwmp.host import GwmpHost
from skerry_firmware_bridge.radio import DeviceEvent, EventSink

__all__ = ["GwmpServer"]

_log = logging.getLogger(__name__)

DEFAULT_PORT = 1680  # where gateway-rs listens, so a forwarder's settings need no change
DRAIN_LIMIT = 64  # datagrams per turn of the event loop, so that a flood leaves time for everything else
RECEIVE_BYTES = 65_536
RESOLVE_TIMEOUT_S = 10.0
SOCKET_BUFFER_BYTES = 4 << 20  # a second of 255-packet datagrams; the kernel may grant less


class GwmpServer(GwmpHost):
    """`async with GwmpServer(...) as server:` listens until the block is left; `address` tells the port.

    `pins` (EUI -> address) are the gateways that may speak from beyond this machine; None lets any.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        sink: EventSink,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        keepalive_s: int = KEEPALIVE_S,
        pins: Mapping[bytes, str] | None = None,
        elsewhere: Callable[[bytes], str | None] = lambda _eui: None,
        known: Collection[bytes] = (),
    ) -> None:
        super().__init__(clock=clock, sink=sink, keepalive_s=keepalive_s, pins=pins, elsewhere=elsewhere, known=known)
        self.address: tuple[str, int] = (host, port)
        self.send_failed = 0
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        host = await _resolved(self.address[0], clock=self._clock)
        self._socket = _bound_socket((host, self.address[1]))
        name = self._socket.getsockname()
        self.address = (name[0], name[1])
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._socket.fileno(), self._drain)
        except NotImplementedError:
            await loop.create_datagram_endpoint(lambda: _Protocol(self), sock=self._socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()
        elif self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket = None
        self.stop()

    def _drain(self) -> None:
        sock = self._socket
        if sock is None:
            return
        receive = self.session.receive
        now_ns, wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()  # once per turn of the loop
        events: list[DeviceEvent] = []
        for _ in range(DRAIN_LIMIT):
            try:
                raw, source = sock.recvfrom(RECEIVE_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:  # an ICMP answer to an earlier datagram; the socket stays usable
                _log.debug("gwmp %s: %s", self.address, error)
                continue
            events += receive(raw, source, now_ns=now_ns, wall_ns=wall_ns)
        self._send_all()  # all acknowledgements leave before the agent starts to work on any frame
        self.deliver(events)

    def use_transport(self, transport: asyncio.DatagramTransport) -> None:
        """Send through an asyncio transport instead of the bare socket."""
        self._transport = transport

    def put(self, raw: bytes, target: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(raw, target)
        elif self._socket is not None:
            try:
                self._socket.sendto(raw, target)
            except OSError as error:  # full buffer or unreachable peer
                self.send_failed += 1
                _log.debug("gwmp %s: cannot send to %s (%s)", self.address, target, error)


class _Protocol(asyncio.DatagramProtocol):
    """The fallback where the event loop has no `add_reader`."""

    def __init__(self, server: GwmpServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server.use_transport(cast(asyncio.DatagramTransport, transport))

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._server.take(data, addr)

    def error_received(self, exc: Exception) -> None:
        _log.debug("gwmp: %s", exc)


async def _resolved(host: str, *, clock: Clock) -> str:
    """Return the address of a host, looked up beside the event loop where it is a name. Raises `LinkRefused`."""
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return host
    loop = asyncio.get_running_loop()
    try:
        with clock.hold(f"look up {host}"):
            async with io_timeout(RESOLVE_TIMEOUT_S):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise LinkRefused(
            "E_UDP_HOST",
            f"Cannot listen for packet forwarders on {host}: no address is known for this name.",
            remedy="Set an address of this computer in gwmp.listen, such as 127.0.0.1:1680.",
        ) from error
    return str(found[0][4][0])


def _bound_socket(address: tuple[str, int]) -> socket.socket:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise LinkRefused(
            "E_UDP_BIND",
            f"Cannot listen for packet forwarders on {host} port {port}: {error.strerror}.",
            remedy="Stop the program that uses this port (often another packet forwarder server), or set another one "
            "in gwmp.listen and in the forwarder's configuration.",
        ) from error
    return sock
