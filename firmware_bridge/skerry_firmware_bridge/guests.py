"""Which gateways that nobody has named are let in: whoever reaches the port can invent EUIs, and each is remembered.

Used by every server that gateways come to by themselves (`gwmp.session`, `basic_station.server`). Pure. The rules:
- Who is named in the settings, or was settled in an earlier run, always comes in.
- Anybody else is a guest. A few may come at once, then one a minute; a guest that has settled - it was here for an
  hour altogether - comes back freely.
- No more than `MAX_GUESTS` are remembered. One that went before it settled gives way to a new one, the shortest visit
  first; a settled guest, or one that is here, never does.
Whoever speaks for an hour is settled, whoever that may be: only a name in the settings keeps a place for certain.
"""

from collections.abc import Collection
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S

__all__ = ["MAX_GUESTS", "MEET_EVERY_NS", "NEWCOMERS", "SETTLED_NS", "Guests"]

NEWCOMERS = 32  # guests that may come at once: each is a row and some lines in the log...
MEET_EVERY_NS = 60 * NS_PER_S  # ...and then one in this time
MAX_GUESTS = 256
SETTLED_NS = 3600 * NS_PER_S


@dataclass(slots=True)
class _Guest:
    came_ns: int | None  # None while it is away
    stayed_ns: int = 0  # altogether, until it went last


class Guests:
    """The guests of one server. Times are monotonic nanoseconds."""

    def __init__(self, *, named: Collection[bytes] = ()) -> None:
        self._named = frozenset(named)
        self._guests: dict[bytes, _Guest] = {}
        self._met_ns = -NEWCOMERS * MEET_EVERY_NS  # how much of the credit for newcomers is used up

    def is_known(self, eui: bytes, *, now_ns: int) -> bool:
        """Return whether a gateway is named or settled."""
        return eui in self._named or self._stayed_ns(eui, now_ns) >= SETTLED_NS

    def may_come(self, eui: bytes, *, now_ns: int) -> bool:
        """Return whether a gateway that is not here is let in now; a flood of questions costs next to nothing."""
        if self.is_known(eui, now_ns=now_ns):
            return True
        if self._met_ns > now_ns - MEET_EVERY_NS:
            return False
        if eui in self._guests or len(self._guests) < MAX_GUESTS or self._giving_way(now_ns) is not None:
            return True
        self._met_ns = now_ns  # nobody gives way: that is looked at again in a minute
        return False

    def came(self, eui: bytes, *, now_ns: int) -> bytes | None:
        """Take note of one that was let in; return the guest that has given way to it and is to be forgotten."""
        if eui in self._named:
            return None
        if not self.is_known(eui, now_ns=now_ns):
            self._met_ns = max(self._met_ns, now_ns - NEWCOMERS * MEET_EVERY_NS) + MEET_EVERY_NS
        forgotten = None
        guest = self._guests.get(eui)
        if guest is None:
            forgotten = self._giving_way(now_ns) if len(self._guests) >= MAX_GUESTS else None
            if forgotten is not None:
                del self._guests[forgotten]
            guest = self._guests[eui] = _Guest(came_ns=now_ns)
        guest.came_ns = now_ns
        return forgotten

    def went(self, eui: bytes, *, now_ns: int) -> None:
        """Take note of one that is gone."""
        guest = self._guests.get(eui)
        if guest is not None:
            guest.stayed_ns, guest.came_ns = self._stayed_ns(eui, now_ns), None

    def _stayed_ns(self, eui: bytes, now_ns: int) -> int:
        guest = self._guests.get(eui)
        if guest is None:
            return 0
        return guest.stayed_ns + (0 if guest.came_ns is None else now_ns - guest.came_ns)

    def _giving_way(self, now_ns: int) -> bytes | None:
        away = [eui for eui, guest in self._guests.items() if guest.came_ns is None]
        shortest = min(away, key=lambda eui: self._guests[eui].stayed_ns, default=None)
        return None if shortest is None or self.is_known(shortest, now_ns=now_ns) else shortest
