"""`helium.packet_router.packet/route`: register, session, uplinks, downlinks (iot-poc 3.3, 5.3)."""

import asyncio
import hashlib
from collections import deque
from typing import Any

import grpc

from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.errors import PeerMisbehaved
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.uplinks import PACKET, PacketRefused
from skerry_oracle.services.streams import (
    Context,
    ServiceHandler,
    StreamGate,
    TooManyStreams,
    monotonic_ms,
    peer_name,
    read_until,
)
from skerry_oracle.store.reports import SessionRow
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.packet_router_pb2 import (
    envelope_down_v1,
    envelope_up_v1,
    packet_router_packet_ack_v1,
    packet_router_packet_down_v1,
    packet_router_packet_up_v1,
    packet_router_register_v1,
    packet_router_session_init_v1,
    packet_router_session_offer_v1,
)
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message

__all__ = ["ROUTER", "PacketService"]

ROUTER = "helium.packet_router.packet"
REGISTER_TIMEOUT_MS = 5_000
SESSION_TIMEOUT_MS = 35 * 60_000
NONCE_BYTES = 32
MAX_REQUEST_BYTES = 4_096
WAITING_DOWNLINKS = 20  # a slow hotspot's newest; older ones have missed their window anyway


class PacketService:
    """Serves one network's packet router."""

    def __init__(self, oracle: EmbeddedOracle, *, router: PacketRouter, gate: StreamGate) -> None:
        self._oracle = oracle
        self._router = router
        self._gate = gate

    def handler(self) -> ServiceHandler:
        """Return the handler to register with a server."""
        return grpc.method_handlers_generic_handler(
            ROUTER, {"route": grpc.stream_stream_rpc_method_handler(self._route)}
        )

    async def _route(self, _requests: Any, context: Context) -> None:
        peer = peer_name(context)
        try:
            with self._gate.enter(peer):
                # gateway-rs registers only once it has the headers; by themselves they go with the first answer.
                await context.send_initial_metadata(())
                await _Stream(self._oracle, self._router, context, peer).serve()
        except TooManyStreams:
            self._oracle.refusals.note(kind=PACKET, reason="too_many_streams", peer=peer)
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams")
        except PeerMisbehaved as broken:
            self._oracle.refusals.note(kind=PACKET, reason=broken.reason, peer=peer)
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, broken.reason)


class _Stream:
    """One hotspot's stream: registered, then in session where it is capable of one, then packets."""

    def __init__(self, oracle: EmbeddedOracle, router: PacketRouter, context: Context, peer: str) -> None:
        self._oracle = oracle
        self._router = router
        self._context = context
        self._peer = peer
        self._gateway = b""
        self._signer = b""
        self._ack_interval = 0
        self._unacknowledged = 0
        self._downlinks: deque[packet_router_packet_down_v1] = deque(maxlen=WAITING_DOWNLINKS)
        self._has_downlink = asyncio.Event()
        self._writing = asyncio.Lock()  # a call takes one message at a time

    async def serve(self) -> None:
        """Serve until the client is done or the session has lasted its time."""
        deadline_ms = monotonic_ms(self._oracle.clock) + REGISTER_TIMEOUT_MS
        first = await self._read(deadline_ms)
        if first is None:
            return
        if first.WhichOneof("data") != "register":
            raise PeerMisbehaved("no_register")
        await self._register(first.register)
        async with asyncio.TaskGroup() as group:
            sender = group.create_task(self._send_downlinks(), name=f"{self._peer}: downlinks")
            self._router.downlinks.attach(self._gateway, self._take_downlink)
            try:
                await self._read_packets()
            finally:
                self._router.downlinks.detach(self._gateway, self._take_downlink)
                sender.cancel()

    async def _register(self, register: packet_router_register_v1) -> None:
        try:
            network = PublicKey.from_binary(register.gateway).network
        except KeyRejected:
            raise PeerMisbehaved("malformed") from None
        if network != self._oracle.network.key_network:
            raise PeerMisbehaved("wrong_network")
        if not verify_message(register, register.gateway):
            raise PeerMisbehaved("bad_signature")
        if not self._oracle.registry.is_registered(register.gateway):
            raise PeerMisbehaved("gateway_not_found")
        self._gateway = self._signer = register.gateway
        self._ack_interval = register.packet_ack_interval
        if register.session_capable:
            await self._open_session()

    async def _open_session(self) -> None:
        nonce = self._oracle.random_bytes(NONCE_BYTES)
        offer = envelope_down_v1(session_offer=packet_router_session_offer_v1(nonce=nonce))
        await self._write(offer)
        answer = await self._read(monotonic_ms(self._oracle.clock) + REGISTER_TIMEOUT_MS)
        if answer is None or answer.WhichOneof("data") != "session_init":
            raise PeerMisbehaved("no_session")
        init = answer.session_init
        if init.gateway != self._gateway:
            raise PeerMisbehaved("wrong_gateway")
        if not verify_message(init, self._gateway):
            raise PeerMisbehaved("bad_signature")
        if init.nonce != nonce:
            raise PeerMisbehaved("bad_nonce")
        await self._keep_session(init)
        self._signer = init.session_key

    async def _keep_session(self, init: packet_router_session_init_v1) -> None:
        encoded = init.SerializeToString()
        session = SessionRow(
            session_id=hashlib.sha256(encoded).digest(),
            gateway=init.gateway,
            session_key=init.session_key,
            nonce=init.nonce,
            init=encoded,
            opened_ms=self._oracle.clock.wall_ms(),
            service=ROUTER,
            peer=self._peer,
        )
        await self._oracle.database.apply([self._oracle.reports.insert_session(session)])

    async def _read_packets(self) -> None:
        deadline_ms = monotonic_ms(self._oracle.clock) + SESSION_TIMEOUT_MS
        while (request := await self._read(deadline_ms)) is not None:
            if request.WhichOneof("data") != "packet":
                raise PeerMisbehaved("bad_nonce" if request.WhichOneof("data") == "session_init" else "empty_request")
            with self._oracle.clock.hold("packet router"):
                await self._packet(request.packet)

    async def _packet(self, packet: packet_router_packet_up_v1) -> None:
        try:
            routed = await self._router.uplinks.route(packet, gateway=self._gateway, signer=self._signer)
        except PacketRefused as refused:
            self._oracle.refusals.note(kind=PACKET, reason=refused.reason, peer=self._peer)
            return
        self._unacknowledged += 1
        if self._ack_interval and self._unacknowledged >= self._ack_interval:
            self._unacknowledged = 0
            ack = envelope_down_v1(packet_ack=packet_router_packet_ack_v1(payload_hash=routed.payload_hash))
            await self._write(ack)

    def _take_downlink(self, downlink: packet_router_packet_down_v1) -> bool:
        self._downlinks.append(downlink)
        self._has_downlink.set()
        return True

    async def _send_downlinks(self) -> None:
        while True:
            await self._has_downlink.wait()
            self._has_downlink.clear()
            while self._downlinks:
                await self._write(envelope_down_v1(packet=self._downlinks.popleft()))

    async def _write(self, message: envelope_down_v1) -> None:
        async with self._writing:
            await self._context.write(message.SerializeToString())

    async def _read(self, deadline_ms: int) -> envelope_up_v1 | None:
        """Return the next message, None at the end of the stream or of its time."""
        try:
            raw = await read_until(self._context, self._oracle.clock, deadline_ms)
        except TimeoutError:
            return None
        if raw is None:
            return None
        try:
            return parse(envelope_up_v1, raw, limit_bytes=MAX_REQUEST_BYTES)
        except MessageRejected:
            raise PeerMisbehaved("malformed") from None
