"""One hotspot's packet-router stream: registers, opens a session, sends uplinks, hands out downlinks (iot-poc 5.2)."""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import grpc
from grpc.aio import EOF  # type: ignore[attr-defined]  # the stubs lack it

from skerry_agent.grpc_client.calls import ENDED, parsed, stream_failures
from skerry_agent.grpc_client.pauses import ReconnectPauses
from skerry_core.clock import NS_PER_MS, NS_PER_S, Clock, io_timeout
from skerry_keys.signer import Signer
from skerry_keys.software import SoftwareSigner
from skerry_wire.frames import ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import (
    envelope_down_v1,
    envelope_up_v1,
    packet_router_packet_down_v1,
    packet_router_register_v1,
    packet_router_session_init_v1,
)
from skerry_wire.signing import sign_message
from skerry_wire.sink import SinkUnavailable
from skerry_wire.uplink import packet_up

__all__ = ["METHOD", "PacketRouterClient"]

_log = logging.getLogger(__name__)

METHOD = "/helium.packet_router.packet/route"
HANDSHAKE_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 5.0
QUEUE = 20  # iot-poc 5.2
MAX_HOLD_S = 60

OnDownlink = Callable[[packet_router_packet_down_v1], Awaitable[None]]


class PacketRouterClient:
    """Uplinks wait up to a minute for a session, at most twenty of them; `dropped` counts those that did not."""

    def __init__(
        self,
        address: str,
        *,
        signer: Signer,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        random: Random,
        on_downlink: OnDownlink,
    ) -> None:
        self._address = address
        self._channel: Any = grpc.aio.insecure_channel(address, options=(("grpc.use_local_subchannel_pool", 1),))
        self._signer = signer
        self._clock = clock
        self._random_bytes = random_bytes
        self._pauses = ReconnectPauses(random)
        self._on_downlink = on_downlink
        self._waiting: deque[tuple[ReceivedFrame, str]] = deque()
        self._call: Any = None
        self._session_signer: Signer | None = None
        self.dropped = 0
        self.last_error: str | None = None

    @property
    def connected(self) -> bool:
        """Whether a session is open."""
        return self._session_signer is not None

    async def send(self, frame: ReceivedFrame, *, region: str) -> None:
        """Send an uplink now, or keep it for the next session; a session that takes no packets is given up."""
        if len(self._waiting) == QUEUE:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((frame, region))
        try:
            await self._flush()
        except SinkUnavailable as error:
            _log.debug("%s: packet router: %s", self._address, error)
            self._session_signer = None
            self._call.cancel()  # its reader opens the next one

    async def run(self) -> None:
        """Keep a session open until cancelled."""
        while True:
            try:
                await self._run_session()
            except SinkUnavailable as error:
                if self.last_error is None:
                    _log.warning(
                        "%s: no packet router (%s). Uplinks wait up to %d s; it is tried again.",
                        self._address,
                        error,
                        MAX_HOLD_S,
                    )
                self.last_error = str(error)
            await self._clock.sleep(self._pauses.next_s())

    async def close(self) -> None:
        """Close the channel."""
        if self._call is not None:
            self._call.cancel()
        await self._channel.close()

    async def _run_session(self) -> None:
        self._call = self._channel.stream_stream(METHOD)()
        try:
            with self._clock.hold("grpc"):
                self._session_signer = await self._open()
                if self.last_error is not None:
                    _log.info("%s: the packet router is back", self._address)
                self.last_error = None
                self._pauses.reset()
                await self._flush()
            while (raw := await self._read()) is not EOF:
                message = parsed(envelope_down_v1, raw)
                if message.WhichOneof("data") == "packet":
                    await self._on_downlink(message.packet)
        finally:
            self._session_signer = None
            self._call.cancel()

    async def _open(self) -> Signer:
        try:
            async with io_timeout(HANDSHAKE_TIMEOUT_S):
                return await self._handshake()
        except TimeoutError:
            raise SinkUnavailable("it did not offer a session") from None

    async def _handshake(self) -> Signer:
        register = packet_router_register_v1(
            timestamp=self._clock.wall_ms(), gateway=self._signer.public_key, session_capable=True
        )
        await self._write(envelope_up_v1(register=sign_message(register, self._signer)))
        raw = await self._read()
        if raw is EOF:
            raise SinkUnavailable(ENDED)
        session = SoftwareSigner.generate(self._random_bytes)
        init = packet_router_session_init_v1(
            gateway=self._signer.public_key,
            nonce=parsed(envelope_down_v1, raw).session_offer.nonce,
            session_key=session.public_key,
        )
        await self._write(envelope_up_v1(session_init=sign_message(init, self._signer)))
        return session

    async def _flush(self) -> None:
        while self._waiting and self._session_signer is not None:
            frame, region = self._waiting.popleft()
            held_ns = self._clock.monotonic_ns() - frame.received_monotonic_ns
            if held_ns > MAX_HOLD_S * NS_PER_S:
                self.dropped += 1
                continue
            packet = packet_up(frame, gateway=self._signer.public_key, region=region, hold_ms=held_ns // NS_PER_MS)
            try:
                with self._clock.hold("grpc"):
                    await self._write(envelope_up_v1(packet=sign_message(packet, self._session_signer)))
            except SinkUnavailable:
                self._keep(frame, region)
                raise

    def _keep(self, frame: ReceivedFrame, region: str) -> None:
        """Put back what a broken session did not take, unless newer uplinks have filled its place."""
        if len(self._waiting) < QUEUE:
            self._waiting.appendleft((frame, region))
        else:
            self.dropped += 1

    async def _read(self) -> Any:
        with stream_failures():
            return await self._call.read()

    async def _write(self, message: envelope_up_v1) -> None:
        try:
            async with io_timeout(WRITE_TIMEOUT_S):
                with stream_failures():
                    await self._call.write(message.SerializeToString())
        except TimeoutError:
            raise SinkUnavailable("the packet router does not take packets") from None
