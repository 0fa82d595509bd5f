"""Uplinks of hotspots in the operator's own process: the packet router's rules without a stream or a signature between.

One object per agent; its downlinks wait here, few and newest first to stay, until the agent sends them.
"""

import asyncio
import hashlib
from collections import deque

from skerry_agent.runtime.operator import Downlink
from skerry_core.clock import NS_PER_MS
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.uplinks import PACKET, PacketRefused
from skerry_wire.frames import ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1
from skerry_wire.uplink import packet_up

__all__ = ["EmbeddedRouter"]

WAITING_DOWNLINKS = 20  # as a stream's; older ones have missed their window anyway


class EmbeddedRouter:
    """One agent's way to the packet router. `carry` says whether anybody took the packet."""

    def __init__(self, oracle: EmbeddedOracle, router: PacketRouter, *, peer: str) -> None:
        self._oracle = oracle
        self._router = router
        self._peer = peer
        self._gateways: set[bytes] = set()
        self._downlinks: deque[packet_router_packet_down_v1] = deque(maxlen=WAITING_DOWNLINKS)
        self._has_downlink = asyncio.Event()

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        """Deliver and count a packet of an admitted hotspot, once per `packet_id`."""
        clock = self._oracle.clock
        if not self._oracle.registry.is_registered(gateway):
            return self._refused("gateway_not_found")
        self._attach(gateway)
        held_ms = max(0, clock.monotonic_ns() - frame.received_monotonic_ns) // NS_PER_MS
        packet = packet_up(frame, gateway=gateway, region=region, hold_ms=held_ms)
        known_as = hashlib.sha256(gateway + packet_id.encode()).digest()
        try:
            with clock.hold("packet router"):
                routed = await self._router.uplinks.route(packet, gateway=gateway, signer=None, packet_id=known_as)
        except PacketRefused as refused:
            return self._refused(refused.reason)
        return bool(routed.route_ids)

    async def run(self, downlink: Downlink) -> None:
        """Hand downlinks to the agent until cancelled."""
        while True:
            await self._has_downlink.wait()
            self._has_downlink.clear()
            while self._downlinks:
                await downlink(self._downlinks.popleft())

    def close(self) -> None:
        """Take no more downlinks."""
        for gateway in self._gateways:
            self._router.downlinks.detach(gateway, self._take)
        self._gateways.clear()

    def _attach(self, gateway: bytes) -> None:
        if gateway not in self._gateways:
            self._gateways.add(gateway)
            self._router.downlinks.attach(gateway, self._take)

    def _take(self, downlink: packet_router_packet_down_v1) -> bool:
        self._downlinks.append(downlink)
        self._has_downlink.set()
        return True

    def _refused(self, reason: str) -> bool:
        self._oracle.refusals.note(kind=PACKET, reason=reason, peer=self._peer)
        return False
