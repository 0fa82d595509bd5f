"""Lazy-distributor arithmetic: what a distribution pays, how an oracle's slot is set, what a client claims (sheet 1.6).

Oracles hold a lifetime amount per hotspot, the recipient account what was paid; a claim pays the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_wallet.economy.breaker import Breaker
from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["ClaimPlan", "Slots", "distribute", "max_claim", "plan_claim", "set_current_rewards", "upper_median"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """A recipient's slots, one per oracle, and the distributor version they belong to."""

    values: tuple[int | None, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPlan:
    """What a client would claim now; `lifetime` is what the oracles have to be asked to sign, None for nothing."""

    pending: int
    claim: int
    lifetime: int | None


def upper_median(values: Sequence[int]) -> int:
    """Return the middle value, the upper one of two."""
    return sorted(values)[len(values) // 2]


def distribute(slots: Sequence[int | None], total_rewards: int) -> tuple[int, int]:
    """Return what is paid and the new lifetime total.

    Raises `HeliumRejected` not_enough_oracles (fewer than half of the slots, rounded up, are filled) or
    arithmetic_error (the median is below what was paid).
    """
    filled = [value for value in slots if value is not None]
    if not filled or len(filled) < (len(slots) + 1) // 2:
        raise HeliumRejected("not_enough_oracles", f"{len(filled)} of {len(slots)} slots are filled")
    median = upper_median(filled)
    if median < total_rewards:
        raise HeliumRejected("arithmetic_error", f"the median {median} is below the {total_rewards} already paid")
    return median - total_rewards, median


def set_current_rewards(
    slots: Slots, *, distributor_version: int, oracles: int, oracle_index: int, current_rewards: int, may_shrink: bool
) -> Slots:
    """Return the slots after an oracle's value; another distributor version empties them first.

    `may_shrink` is the older call v0. Raises `HeliumRejected` invalid_oracle_index, invalid_current_rewards.
    """
    values: list[int | None] = list(slots.values) if slots.version == distributor_version else [None] * oracles
    if not 0 <= oracle_index < len(values):
        raise HeliumRejected("invalid_oracle_index", f"{oracle_index} of {len(values)}")
    former = values[oracle_index]
    if not may_shrink and former is not None and current_rewards < former:
        raise HeliumRejected("invalid_current_rewards", f"{current_rewards} after {former}")
    values[oracle_index] = current_rewards
    return Slots(values=tuple(values), version=distributor_version)


def plan_claim(
    oracle_values: Sequence[int | None], total_rewards: int | None, *, wanted: int | None, max_claim: int | None
) -> ClaimPlan:
    """Plan a claim from the oracles' answers (None = 0), what was paid (None = no recipient yet) and the limits."""
    paid = total_rewards or 0
    median = upper_median([value or 0 for value in oracle_values]) if oracle_values else 0
    pending = max(0, median - paid)
    claim = min(limit for limit in (pending, wanted, max_claim) if limit is not None)
    return ClaimPlan(pending=pending, claim=claim, lifetime=median - pending + claim if claim else None)


def max_claim(breaker: Breaker, now_s: int) -> int:
    """Return what the escrow's breaker lets through now. Raises `HeliumRejected` percent_breaker."""
    if breaker.kind == "percent":
        raise HeliumRejected("percent_breaker", "the limit depends on the escrow's balance at execution")
    return breaker.threshold - breaker.decayed(now_s)
