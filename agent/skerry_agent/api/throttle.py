"""Slows down whoever guesses tokens, per address and per account, never everybody at once. Pure; time is passed in."""

from collections import OrderedDict
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S

__all__ = ["Throttle"]

FREE_FAILURES = 5  # a script with an old token in it fails a few times before somebody looks
FIRST_DELAY_S = 1
LONGEST_DELAY_S = 300
MAX_KEYS = 4096  # an attacker with many addresses must not fill the memory
FORGET_AFTER_S = 3600


@dataclass(slots=True)
class _Record:
    failures: int
    blocked_until_ns: int
    last_ns: int


class Throttle:
    """Failures by key with exponential delay."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait_s(self, key: str, now_ns: int) -> int:
        """Return how many whole seconds this key must wait, 0 when it may try."""
        record = self._records.get(key)
        if record is None or record.blocked_until_ns <= now_ns:
            return 0
        return -((now_ns - record.blocked_until_ns) // NS_PER_S)

    def failed(self, key: str, now_ns: int) -> None:
        """Count a failure."""
        record = self._records.get(key)
        if record is None or now_ns - record.last_ns > FORGET_AFTER_S * NS_PER_S:
            record = self._records[key] = _Record(0, 0, now_ns)
        record.failures += 1
        record.last_ns = now_ns
        if record.failures > FREE_FAILURES:
            delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S << min(16, record.failures - FREE_FAILURES - 1))
            record.blocked_until_ns = now_ns + delay_s * NS_PER_S
        self._records.move_to_end(key)
        while len(self._records) > MAX_KEYS:
            self._records.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget a key's failures."""
        self._records.pop(key, None)
