"""The UDP socket of GWMP: drains datagrams into the session, sends its answers, hands events to the agent.

`add_reader` with a receive loop until the socket is empty serves four times as many datagrams as asyncio's own datagram
protocol, which takes one per turn of the loop (performance 6.2); where `add_reader` is missing, that protocol is used.
"""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

from skerry_core.clock import Clock, Timer
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.gwmp.gateway import Address
from skerry_firmware_bridge.gwmp.radio import GwmpRadio
from skerry_firmware_bridge.gwmp.session import DownlinkConcluded, GwmpSession
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, EventSink, StateChanged
from skerry_wire.frames import TransmitOutcome, TransmitRequest

__all__ = ["GwmpServer"]

_log = logging.getLogger(__name__)

DEFAULT_PORT = 1680  # where gateway-rs listens, so a forwarder's settings need no change
DRAIN_LIMIT = 64  # datagrams per turn of the event loop, so that a flood leaves time for everything else
RECEIVE_BYTES = 65_536
SOCKET_BUFFER_BYTES = 4 << 20  # a second of 255-packet datagrams; the kernel may grant less


class GwmpServer:
    """`async with GwmpServer(...) as server:` listens until the block is left.

    Events go to `sink`, in order, on the event loop; `sink` must not block. Downlinks through `radio(eui).send`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        sink: EventSink,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        random_token: Callable[[], int] = lambda: secrets.randbelow(1 << 16),
        silent_after_s: int = 30,
        drop_after_s: int = 60,
    ) -> None:
        self.session = GwmpSession(random_token=random_token, silent_after_s=silent_after_s, drop_after_s=drop_after_s)
        self.address: tuple[str, int] = (host, port)
        self._clock = clock
        self._sink = sink
        self._radios: dict[bytes, GwmpRadio] = {}
        self._waiting: dict[int, asyncio.Future[TransmitOutcome]] = {}
        self._timer: Timer | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._buffer = bytearray(RECEIVE_BYTES)
        self.send_failed = 0

    @property
    def radios(self) -> list[GwmpRadio]:
        """Every gateway that is up or silent."""
        return list(self._radios.values())

    def radio(self, eui: bytes) -> GwmpRadio:
        """Return the radio of a gateway, whether it has been heard yet or not."""
        return self._radios.setdefault(eui, GwmpRadio(eui=eui, send=self._transmit))

    async def __aenter__(self) -> Self:
        self._socket = _bound_socket(self.address)
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
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
        elif self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
        self._socket = None
        self._deliver(self.session.close(wall_ns=self._clock.wall_ns()))

    async def _transmit(self, eui: bytes, request: TransmitRequest) -> TransmitOutcome:
        if self._socket is None:
            raise LinkLost("the GWMP server is stopped")
        token = self.session.transmit(eui, request, now_ns=self._clock.monotonic_ns())
        waiting: asyncio.Future[TransmitOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[token] = waiting
        self._send_all()
        self._arm()
        try:
            return await waiting  # ended by a TX_ACK, by the session's time limit, or with its gateway
        finally:
            self._waiting.pop(token, None)

    def _drain(self) -> None:
        sock = self._socket
        if sock is None:
            return
        buffer = self._buffer
        for _ in range(DRAIN_LIMIT):
            try:
                size, source = sock.recvfrom_into(buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # an ICMP answer to an earlier datagram; the socket stays usable
                _log.debug("gwmp %s: %s", self.address, error)
                continue
            self.take(bytes(memoryview(buffer)[:size]), source)

    def take(self, raw: bytes, source: Address) -> None:
        """Process one received datagram."""
        clock = self._clock
        events = self.session.receive(raw, source, now_ns=clock.monotonic_ns(), wall_ns=clock.wall_ns())
        self._send_all()
        if events:
            self._deliver(events)

    def use_transport(self, transport: asyncio.DatagramTransport) -> None:
        """Send through an asyncio transport instead of the bare socket."""
        self._transport = transport

    def _send_all(self) -> None:
        for raw, target in self.session.to_send():
            if self._transport is not None:
                self._transport.sendto(raw, target)
            elif self._socket is not None:
                try:
                    self._socket.sendto(raw, target)
                except OSError as error:  # full buffer or unreachable peer: GWMP knows lost datagrams
                    self.send_failed += 1
                    _log.debug("gwmp %s: cannot send to %s (%s)", self.address, target, error)

    def _deliver(self, events: list[DeviceEvent]) -> None:
        for event in events:
            if isinstance(event, DownlinkConcluded):
                waiting = self._waiting.get(event.token)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event.outcome)
                continue
            if isinstance(event, StateChanged):
                self._note(bytes.fromhex(event.device_id.removeprefix("gwmp:")), event.state)
            self._sink(event)

    def _note(self, eui: bytes, state: DeviceState) -> None:
        if state is DeviceState.DOWN:
            self._radios.pop(eui, None)  # whoever holds it may keep it: it works again when the gateway is back
        else:
            self.radio(eui)
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_ns = self.session.next_deadline_ns()
        self._timer = None if due_ns is None or self._socket is None else self._clock.call_at(due_ns, self._expire)

    def _expire(self) -> None:
        events = self.session.expire(now_ns=self._clock.monotonic_ns(), wall_ns=self._clock.wall_ns())
        self._deliver(events)
        self._arm()


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
            remedy="Stop the program that uses this port (often another packet forwarder server) or set another one.",
        ) from error
    return sock
