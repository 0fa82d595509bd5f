"""Carries a hotspot's uplinks to one further network over a UDP socket, and its downlinks back where allowed.

Made by the hotspot for each entry of forward.gwmp. A network that can't be resolved or reached costs nothing but its
own uplinks: the queue is bounded, drops are counted, and the name is resolved again.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable

from skerry_agent.api.view import NetworkStatus
from skerry_agent.background import run_together
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.forwarding import ForwardTarget, GwmpUpstream, PullResp
from skerry_agent.runtime.packet_path import Heard
from skerry_core.clock import NS_PER_S, Clock, io_timeout
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import FrameRejected, TransmitRefused
from skerry_firmware_bridge.radio import DeviceState
from skerry_wire.frames import ReceivedFrame, TransmitOutcome, TransmitRequest, TransmitStatus

__all__ = ["GwmpForwarder", "gateway_eui"]

MAX_UPLINKS = 256  # three seconds of a full gateway
MAX_DOWNLINKS = 16
KEEPALIVE_S = 10.0  # usual among packet forwarders; NAT entries live 30 s
STAT_EVERY = 3  # keepalives
SILENT_AFTER = 6  # datagrams without an answer: the network is called down and its name resolved again
RETRY_S = 30.0
RESOLVE_LIMIT_S = 10.0
_REASONS = {"E_TX_FREQUENCY": "tx_freq", "E_TX_EIRP": "tx_power"}
_log = logging.getLogger(__name__)

Transmit = Callable[[TransmitRequest], Awaitable[TransmitOutcome]]


def gateway_eui(public_key: bytes) -> bytes:
    """Return the EUI by which further networks know this hotspot: from its key, marked as locally administered."""
    digest = hashlib.sha256(b"skerry/gateway-eui/1\x00" + public_key).digest()[:8]
    return bytes([digest[0] & 0xFC | 0x02]) + digest[1:]


class GwmpForwarder:
    """One network's uplinks and downlinks; `transmit` goes through the gate."""

    def __init__(
        self,
        target: ForwardTarget,
        *,
        eui: bytes,
        antenna_gain_ddbi: int,
        transmit: Transmit,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self.target = target
        self.upstream = GwmpUpstream(eui=eui, target=target, antenna_gain_ddbi=antenna_gain_ddbi)
        self.up: bool | None = None  # whether the network answers; None: not known yet
        self._reason = "no answer yet"
        self._as_of_ns = clock.wall_ns()
        self._last_packet_ns: int | None = None
        self._transmit = transmit
        self._clock = clock
        self._metrics = metrics
        self._transport: asyncio.DatagramTransport | None = None  # while the network is known to be somewhere
        self._uplinks: asyncio.Queue[ReceivedFrame] = asyncio.Queue(MAX_UPLINKS)  # those that came before
        self._downlinks: asyncio.Queue[PullResp] = asyncio.Queue(MAX_DOWNLINKS)

    @property
    def name(self) -> str:
        """The network's name in rows and metrics."""
        return self.target.name

    def offer(self, heard: Heard) -> bool:
        """Take an uplink if the network wants it and there is room; never blocks."""
        frame = heard.frame
        if not self.target.filter.wants(frame.phy):
            return False
        if self._transport is not None:
            self._push(self._transport, frame)
            return True
        try:
            self._uplinks.put_nowait(frame)
        except asyncio.QueueFull:
            self._metrics.count("skerry_queue_dropped_total", queue=self.target.name, reason="full")
            return False
        return True

    def status(self, hotspot: str) -> NetworkStatus:
        """Return how it is with this network; from memory."""
        last_ns = self._last_packet_ns
        return NetworkStatus(
            name=self.target.name,
            kind="gwmp",
            hotspot=hotspot,
            state={True: DeviceState.UP, False: DeviceState.DOWN, None: DeviceState.UNKNOWN}[self.up],
            reason=self._reason,
            downlink=self.target.downlink,
            uplinks=self.upstream.counts["uplinks"],
            last_packet_ns=last_ns,
            last_packet_age_s=None if last_ns is None else max(0, self._clock.wall_ns() - last_ns) // NS_PER_S,
            as_of_ns=self._as_of_ns,
        )

    async def run(self) -> None:
        """Carry until cancelled."""
        while True:
            try:
                transport = await self._open()
            except (OSError, TimeoutError, UnicodeError) as error:  # the last: a name that can be nobody's
                self._tell(up=False, reason=f"cannot be resolved or reached ({error or 'no answer'})")
                await self._clock.sleep(RETRY_S)
                continue
            try:
                await self._carry(transport)
            except* ConnectionError as errors:
                self._tell(up=False, reason=str(errors.exceptions[0]))
            finally:
                self._transport = None
                transport.close()
            await self._clock.sleep(RETRY_S)

    async def _open(self) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        address = (self.target.host, self.target.port)
        with self._clock.hold(f"{self.target.name}: resolve"):
            async with io_timeout(RESOLVE_LIMIT_S):
                transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(self._take), remote_addr=address)
        return transport

    async def _carry(self, transport: asyncio.DatagramTransport) -> None:
        name = self.target.name
        self._transport = transport
        while not self._uplinks.empty():
            self._push(transport, self._uplinks.get_nowait())
        await run_together(
            {
                f"{name}: keepalive": self._keep_alive(transport),
                f"{name}: downlinks": self._send_downlinks(transport),
            }
        )

    def _push(self, transport: asyncio.DatagramTransport, frame: ReceivedFrame) -> None:
        transport.sendto(self.upstream.push(frame))
        self._last_packet_ns = self._clock.wall_ns()

    async def _keep_alive(self, transport: asyncio.DatagramTransport) -> None:
        beat = 0
        while True:
            if self.upstream.is_silent(after=SILENT_AFTER):
                raise ConnectionError("it does not answer")
            transport.sendto(self.upstream.pull())
            if beat % STAT_EVERY == 0:
                transport.sendto(self.upstream.stat(self._clock.wall_s()))
            beat += 1
            await self._clock.sleep(KEEPALIVE_S)

    async def _send_downlinks(self, transport: asyncio.DatagramTransport) -> None:
        while True:
            asked = await self._downlinks.get()
            outcome = TransmitOutcome(status=TransmitStatus.FAILED, reason=asked.reason)
            if asked.request is not None:
                outcome = await self._outcome(asked.request)
            transport.sendto(self.upstream.answer(asked.token, outcome))

    async def _outcome(self, request: TransmitRequest) -> TransmitOutcome:
        try:
            return await self._transmit(request)
        except (SkerryError, ValueError) as error:
            _log.warning("%s: downlink not sent (%s)", self.target.name, error)
            code = error.code if isinstance(error, TransmitRefused) else ""
            return TransmitOutcome(status=TransmitStatus.FAILED, reason=_REASONS.get(code, "send_fail"))

    def _take(self, raw: bytes) -> None:
        try:
            asked = self.upstream.receive(raw)
        except FrameRejected as error:
            self.upstream.counts[error.reason] += 1
            return
        self._tell(up=True, reason="answers")
        if asked is None:
            return
        try:
            self._downlinks.put_nowait(asked)
        except asyncio.QueueFull:
            self._metrics.count("skerry_queue_dropped_total", queue=f"{self.target.name} down", reason="full")

    def _tell(self, *, up: bool, reason: str) -> None:
        self._as_of_ns = self._clock.wall_ns()
        if up is self.up and reason == self._reason:
            return
        if up is not self.up:
            _log.log(logging.INFO if up else logging.WARNING, "network %s: %s", self.target.name, reason)
            if self.up is False:
                self._metrics.count("skerry_link_reconnects_total", network=self.target.name)
        self.up, self._reason = up, reason
        self._metrics.set("skerry_link_up", float(up), network=self.target.name)


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._take(data)

    def error_received(self, exc: Exception) -> None:
        _log.debug("gwmp upstream: %s", exc)  # an ICMP answer: nobody listens there now
