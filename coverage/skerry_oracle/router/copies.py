"""How many copies of a packet each route has taken: several hotspots hear it, a route pays for some (iot-poc 5.3)."""

from collections import OrderedDict

from skerry_coverage.lorawan.routing import Delivery

__all__ = ["Copies"]

TRACKED = 50_000  # minutes of a busy network; copies of a packet arrive within seconds


class Copies:
    """Counts copies per route and payload; the oldest packets are forgotten first."""

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[str, bytes], int] = OrderedDict()

    def take(self, delivery: Delivery, payload_hash: bytes) -> bool:
        """Count one more copy; say whether the route still wants it."""
        key = (delivery.route.id, payload_hash)
        copies = self._taken.pop(key, 0) + 1
        self._taken[key] = copies
        if len(self._taken) > TRACKED:
            self._taken.popitem(last=False)
        return copies <= delivery.max_copies
