"""Re-emission of burned HNT: burn of an epoch, its smoothing over seven days, the cap, the supply (sheet 2.2)."""

from dataclasses import dataclass

from skerry_wallet.economy.epochs import epoch_of, start_of
from skerry_wallet.economy.supplement import supplement_at

__all__ = [
    "NET_EMISSION_CAP_BONES",
    "EpochSupply",
    "EpochTotals",
    "epoch_totals",
    "smooth_burn",
    "smooth_burn_hnt",
]

NET_EMISSION_CAP_BONES = 164_383_561_643  # 1 % of 60 million HNT a year, per day
_CAP_HNT = 1643.83561643
_MISSING_SMOOTHED = 300  # bones; the program's stand-in for no history
_TREASURY_MINT_BONES = 1_223_628_691_983  # per epoch: 2.9 million HNT over 237 days
_TREASURY_MINT_END_S = 1_754_006_400


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSupply:
    """What the program reads when it closes an epoch; amounts in bones."""

    prev_supply: int | None
    mint_supply: int
    prev_not_emitted_total: int
    not_emitted_total: int
    prev_smoothed: int | None
    emission: int
    net_cap: int
    top_up: int
    now_s: int
    num_sub_daos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochTotals:
    """What it then writes; amounts in bones."""

    burned: int
    smoothed: int
    re_emission: int
    total_rewards: int
    recorded_supply: int


def smooth_burn(prev_smoothed: int | None, burned: int) -> int:
    """Return 6/7 of the former value plus 1/7 of the new burn, each floored; no or a zero history counts as 300."""
    return 6 * (prev_smoothed or _MISSING_SMOOTHED) // 7 + burned // 7


def smooth_burn_hnt(prev_smoothed_hnt: float, burned_hnt: float) -> tuple[float, float]:
    """Return smoothed burn and re-emission in HNT as the documentation's calculator shows them."""
    smoothed = 6 * prev_smoothed_hnt / 7 + burned_hnt / 7
    return smoothed, min(smoothed, _CAP_HNT)


def epoch_totals(supply: EpochSupply) -> EpochTotals:
    """Close one epoch. Source: `calculate_utility_score_v0` of helium_sub_daos."""
    not_emitted = max(0, supply.not_emitted_total - supply.prev_not_emitted_total)
    shrunk = 0 if supply.prev_supply is None else max(0, supply.prev_supply - supply.mint_supply)
    burned = max(0, shrunk - not_emitted)
    smoothed = smooth_burn(supply.prev_smoothed, burned)
    re_emission = min(smoothed, supply.net_cap)
    total_rewards = supply.emission + re_emission + supply.top_up
    treasury_mint = _TREASURY_MINT_BONES if start_of(epoch_of(supply.now_s)) < _TREASURY_MINT_END_S else 0
    supplements = supply.num_sub_daos * supplement_at(supply.now_s)
    return EpochTotals(
        burned=burned,
        smoothed=smoothed,
        re_emission=re_emission,
        total_rewards=total_rewards,
        recorded_supply=supply.mint_supply + total_rewards + supplements + treasury_mint,
    )
