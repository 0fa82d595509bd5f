"""How much one peer, and all peers together, may send: token buckets in bounded memory."""

from collections import OrderedDict
from dataclasses import dataclass

from skerry_core.clock import NS_PER_S, Clock

__all__ = ["IngestLimits", "RateLimiter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestLimits:
    """An oracle's limits; each names what it protects.

    The rates are far above an honest hotspot: even among 300 neighbours it hears a beacon every minute or so.
    """

    report_bytes: int = 2_048  # a real report has some 230 bytes
    reports_per_s_per_peer: int = 50
    burst_per_peer: int = 500  # a hotspot's outbox after an outage
    reports_per_s_total: int = 50_000
    burst_total: int = 100_000
    tracked_peers: int = 20_000  # buckets in memory, some 3 MB
    reports_per_gateway_and_epoch: int = 5_000
    unknown_reports_per_epoch: int = 5_000  # stored for gateways that are not admitted; more are only counted


class RateLimiter:
    """Token buckets by key; the least recently used one is forgotten when there are too many."""

    def __init__(self, *, clock: Clock, per_s: int, burst: int, max_keys: int) -> None:
        self._clock = clock
        self._burst_ns = burst * NS_PER_S // per_s  # a bucket is the time at which it is full again
        self._token_ns = NS_PER_S // per_s
        self._max_keys = max_keys
        self._full_at_ns: OrderedDict[str, int] = OrderedDict()

    def take(self, key: str) -> bool:
        """Take one token; False when the key has none left."""
        now_ns = self._clock.monotonic_ns()
        full_at_ns = max(self._full_at_ns.pop(key, now_ns), now_ns)
        allowed = full_at_ns + self._token_ns - now_ns <= self._burst_ns
        self._full_at_ns[key] = full_at_ns + self._token_ns if allowed else full_at_ns
        if len(self._full_at_ns) > self._max_keys:
            self._full_at_ns.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._full_at_ns)
