"""How many copies of a packet each network server has got: several hotspots hear it, a route pays for some.

Routes that lead to one server share a count, and so it does not matter by which of them a copy came (iot-poc 5.3).
"""

import hashlib
from collections import OrderedDict

__all__ = ["Copies"]

TRACKED = 50_000  # minutes of a busy network; copies of a packet arrive within seconds


class Copies:
    """Counts copies per network server and payload; the oldest packets are forgotten first."""

    def __init__(self) -> None:
        self._taken: OrderedDict[bytes, int] = OrderedDict()

    def take(self, server: str, payload_hash: bytes, *, limit: int) -> bool:
        """Count one more copy for a server's address; say whether it is within the limit of its route."""
        key = hashlib.sha256(payload_hash + server.encode()).digest()
        copies = self._taken.pop(key, 0) + 1
        self._taken[key] = copies
        if len(self._taken) > TRACKED:
            self._taken.popitem(last=False)
        return copies <= limit
