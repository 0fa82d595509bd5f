"""Remembers the last beacons that a gateway sent or heard, so that it reports each once (iot-poc 2.1 step 7)."""

from collections import OrderedDict

__all__ = ["GATEWAY_CAPACITY", "SeenCache"]

GATEWAY_CAPACITY = 15  # gateway-rs: own and received beacons together


class SeenCache:
    """A least-recently-used set of payloads."""

    def __init__(self, capacity: int = GATEWAY_CAPACITY) -> None:
        self._capacity = capacity
        self._tags: OrderedDict[bytes, None] = OrderedDict()

    def check_and_add(self, tag: bytes) -> bool:
        """Say whether the tag was there, and make it the newest either way."""
        was_there = tag in self._tags
        self._tags[tag] = None
        self._tags.move_to_end(tag)
        if len(self._tags) > self._capacity:
            self._tags.popitem(last=False)
        return was_there

    def tags(self) -> list[bytes]:
        """Return the content, oldest first."""
        return list(self._tags)
