"""Which stream or agent sends a hotspot's downlinks; network servers of every protocol hand theirs in here."""

from collections.abc import Callable

from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1

__all__ = ["DownlinkSender", "Downlinks"]

DownlinkSender = Callable[[packet_router_packet_down_v1], bool]
"""Takes a downlink for its hotspot; False when it cannot."""


class Downlinks:
    """One router's hotspots that can be reached now."""

    def __init__(self) -> None:
        self._senders: dict[bytes, DownlinkSender] = {}

    def attach(self, gateway: bytes, sender: DownlinkSender) -> None:
        """Let a hotspot's downlinks go to this sender; a newer one replaces an older one."""
        self._senders[gateway] = sender

    def detach(self, gateway: bytes, sender: DownlinkSender) -> None:
        """Forget a sender that ended, unless another one took its place."""
        if self._senders.get(gateway) == sender:  # bound methods are equal, not identical
            del self._senders[gateway]

    def reaches(self, gateway: bytes) -> bool:
        """Say whether a hotspot can be reached."""
        return gateway in self._senders

    def send(self, gateway: bytes, downlink: packet_router_packet_down_v1) -> bool:
        """Hand a downlink over; False when its hotspot cannot be reached."""
        sender = self._senders.get(gateway)
        return sender is not None and sender(downlink)
