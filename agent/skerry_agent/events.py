"""What happened, for whoever watches: the API's event stream, `packets --follow`, the window.

Publish only what is durable: an event id shown to a client counts as acknowledged (DESIGN, Agent). Subscribers read
from one ring buffer by position, so a slow one costs no memory; it gets a gap event instead of what it missed.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from skerry_core.clock import Clock

__all__ = ["Event", "EventHub", "Gap", "Subscription"]

CAPACITY = 2000  # events; at a full gateway's 80 frames/s a client may be away for 25 s without a gap
BOOT_SHIFT = 32  # ids of a later start are above all ids of an earlier one, and below 2^53 for 2 million starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened; `topic` is the resource it belongs to (packets, devices, beacons, witnesses, ...)."""

    id: int
    topic: str
    at_ns: int
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The events after `after` up to `id` are gone: the client must read the lists again."""

    after: int
    id: int


class EventHub:
    """The ring buffer; all methods belong to the event loop's thread."""

    def __init__(self, *, clock: Clock, boot: int = 0, capacity: int = CAPACITY) -> None:
        self._clock = clock
        self._ring: deque[Event] = deque(maxlen=capacity)
        self._last_id = boot << BOOT_SHIFT
        self._changed = asyncio.Event()
        self.closed = False

    @property
    def last_id(self) -> int:
        """The newest event's id: read lists first, then watch from here."""
        return self._last_id

    def publish(self, topic: str, data: Mapping[str, Any]) -> Event:
        """Append an event (JSON values only) and wake every subscriber."""
        self._last_id += 1
        event = Event(id=self._last_id, topic=topic, at_ns=self._clock.wall_ns(), data=data)
        self._ring.append(event)
        self._wake()
        return event

    def subscribe(self, *, after: int | None = None, topics: Collection[str] = ()) -> "Subscription":
        """Watch events after an id (None: from now on), of these topics (none given: of all)."""
        return Subscription(self, self._last_id if after is None else after, frozenset(topics))

    def close(self) -> None:
        """End every subscription."""
        self.closed = True
        self._wake()

    async def changed(self) -> None:
        """Return at the next event or at the end."""
        await self._changed.wait()

    def since(self, position: int) -> list[Event | Gap]:
        """Return what came after a position, a gap first where the ring no longer reaches back."""
        oldest = self._ring[0].id if self._ring else self._last_id + 1
        found: list[Event | Gap] = [event for event in self._ring if event.id > position]
        if position > self._last_id:  # an id of another agent or of a restored older copy
            return [Gap(after=position, id=self._last_id)]
        if position < oldest - 1:
            found.insert(0, Gap(after=position, id=oldest - 1))
        return found

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Subscription:
    """A position in the hub's ring."""

    def __init__(self, hub: EventHub, position: int, topics: frozenset[str]) -> None:
        self._hub = hub
        self._position = position
        self._topics = topics

    def take(self) -> list[Event | Gap]:
        """Return everything new and move on; empty when there is nothing (yet)."""
        found = self._hub.since(self._position)
        if found:
            self._position = found[-1].id
        return [item for item in found if isinstance(item, Gap) or not self._topics or item.topic in self._topics]

    async def next(self) -> list[Event | Gap]:
        """Wait for news and return it; empty at the hub's end. Safe to cancel: nothing is lost."""
        while not (found := self.take()) and not self._hub.closed:
            await self._hub.changed()
        return found
