"""Voting weight of a locked position (sheet 1.9; voter_stake_registry)."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["VotingConfig", "voting_weight"]

_FACTOR_UNIT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class VotingConfig:
    """How a mint's deposits vote; factors times 10^9."""

    baseline: int
    extra: int
    genesis_multiplier: int
    saturation_s: int


def voting_weight(
    config: VotingConfig,
    *,
    amount: int,
    kind: Literal["none", "cliff", "constant"],
    start_s: int,
    end_s: int,
    genesis_end_s: int,
    now_s: int,
) -> int:
    """Return the veHNT (bones) of an amount: baseline, plus the extra in proportion to the time left up to saturation.

    A constant lockup does not decay; the genesis multiplier holds while now < genesis_end_s.
    """
    base = amount * config.baseline // _FACTOR_UNIT
    most = amount * config.extra // _FACTOR_UNIT
    left_s = max(0, end_s - (start_s if kind == "constant" else now_s))
    locked = 0 if kind == "none" else most * min(left_s, config.saturation_s) // config.saturation_s
    return (base + locked) * (config.genesis_multiplier if now_s < genesis_end_s else 1)
