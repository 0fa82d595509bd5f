"""The windowed circuit breaker around mints and escrow transfers (sheet 1.9)."""

from dataclasses import dataclass
from typing import Literal

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["Breaker", "BreakerDecision"]

_FULL = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerDecision:
    """What the breaker says of one amount; `new_value` is what it would store."""

    limit: int
    decayed: int
    accepted: bool
    new_value: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Configuration and last window; `threshold` is base units, or a u64 fraction for `percent`."""

    window_s: int
    kind: Literal["absolute", "percent"]
    threshold: int
    last_value: int
    last_s: int

    def decayed(self, now_s: int) -> int:
        """Return what of the last aggregated value still counts."""
        return self.last_value * (self.window_s - min(now_s - self.last_s, self.window_s)) // self.window_s

    def check(self, amount: int, *, now_s: int, value: int | None) -> BreakerDecision:
        """Judge an amount; `value` is the supply before a mint or the balance before a transfer (percent only).

        Raises `EconomyRejected` arithmetic_error when a percent breaker is given no value.
        """
        limit = self._limit(value)
        decayed = self.decayed(now_s)
        accepted = amount + decayed <= limit
        return BreakerDecision(
            limit=limit, decayed=decayed, accepted=accepted, new_value=amount + decayed if accepted else None
        )

    def _limit(self, value: int | None) -> int:
        if self.kind == "absolute":
            return self.threshold
        if value is None:
            raise EconomyRejected("arithmetic_error", "a percent breaker needs the current value")
        return value * self.threshold // _FULL
