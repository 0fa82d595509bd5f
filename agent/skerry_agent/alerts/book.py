"""Which alerts stand, and which the owner has been told of. Pure; kept as JSON so that a restart repeats nothing.

A condition must last before it counts, in both directions. What is told is the difference between what stands and
what was told last: after quiet hours or maintenance only what still differs is told.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from skerry_core import strict_json
from skerry_core.clock import NS_PER_S

__all__ = ["BOOK", "AlertBook", "Condition", "Notice"]

BOOK = "alerts"  # name of the fact that keeps the state
RAISE_AFTER_S = 120  # a forwarder's restart takes less
CLEAR_AFTER_S = 60
MAX_ENTRIES = 1000  # two per device and a few more; a device that is there no more gives way to one that is


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What is the case now; `firing` None means unknown, which changes nothing."""

    key: str
    firing: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message for the owner."""

    key: str
    raised: bool  # False: it is over
    text: str


@dataclass(slots=True, kw_only=True)
class _Entry:
    stands: bool
    told: bool
    text: str
    other_since_ns: int | None = None  # since when the condition has been the opposite of `stands`


@dataclass(slots=True)
class AlertBook:
    """The state of every alert."""

    _entries: dict[str, _Entry] = field(default_factory=dict)

    def take(self, conditions: Iterable[Condition], *, now_ns: int) -> None:
        """Take over a pass. What fires at the very first pass is the baseline and is not told."""
        first, conditions = not self._entries, list(conditions)
        for condition in conditions:
            entry = self._entries.get(condition.key)
            if entry is None:
                if condition.firing is not None and self._has_room(conditions):
                    stands = condition.firing and first
                    self._entries[condition.key] = _Entry(stands=stands, told=stands, text=condition.text)
                    self._move(self._entries[condition.key], condition, now_ns)
                continue
            self._move(entry, condition, now_ns)

    def _has_room(self, conditions: Iterable[Condition]) -> bool:
        if len(self._entries) >= MAX_ENTRIES:
            for key in self._entries.keys() - {condition.key for condition in conditions}:
                del self._entries[key]
        return len(self._entries) < MAX_ENTRIES

    def pending(self) -> list[Notice]:
        """Return what the owner has not been told yet."""
        return [
            Notice(key=key, raised=entry.stands, text=entry.text)
            for key, entry in self._entries.items()
            if entry.stands != entry.told
        ]

    def told(self, notice: Notice) -> None:
        """Note that a message was delivered."""
        self._entries[notice.key].told = notice.raised

    def standing(self) -> dict[str, str]:
        """Return the alerts that stand, by key."""
        return {key: entry.text for key, entry in self._entries.items() if entry.stands}

    def to_json(self) -> str:
        """Return the state for the store."""
        return strict_json.canonical({key: asdict(entry) for key, entry in self._entries.items()}).decode()

    @classmethod
    def from_json(cls, text: str | None) -> "AlertBook":
        """Return the stored state; an empty book where it cannot be read."""
        try:
            stored: Any = strict_json.loads((text or "{}").encode())
            return cls({key: _Entry(**entry) for key, entry in stored.items()})
        except (strict_json.JsonRejected, TypeError, AttributeError):
            return cls()

    @staticmethod
    def _move(entry: _Entry, condition: Condition, now_ns: int) -> None:
        if condition.firing is None or condition.firing == entry.stands:
            entry.other_since_ns = None
            if condition.firing:
                entry.text = condition.text
            return
        if entry.other_since_ns is None or entry.other_since_ns > now_ns:  # a clock set back starts the wait anew
            entry.other_since_ns = now_ns
        wait_s = RAISE_AFTER_S if condition.firing else CLEAR_AFTER_S
        if now_ns - entry.other_since_ns >= wait_s * NS_PER_S:
            entry.stands, entry.other_since_ns = condition.firing, None
            entry.text = condition.text
