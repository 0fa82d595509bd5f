"""HIP-149: the floor (top-up) and cap (overflow) of the Mobile data bucket (sheet 2.5)."""

from dataclasses import dataclass

from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["TopUp", "overflow", "top_up"]

_FULL_SHARE = 2**32 - 1
_DATA_PERCENT = 70  # the data bucket's part of the Mobile emission
_U64 = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """What the backstop adds to an epoch; bones."""

    re_emission: int
    cap_hnt: int
    top_up: int
    total_rewards: int


def top_up(
    *,
    emission: int,
    smoothed: int,
    net_cap: int,
    dc_burned: int,
    share: int,
    factor: int,
    price_floor: int,
    price_cap: int,
) -> TopUp:
    """Return re-emission, Mobile cap and top-up; `share` is Mobile's u32 fraction, prices have 8 decimals.

    Raises `EconomyRejected` arithmetic_error without a positive price.
    """
    if price_floor <= 0 or price_cap <= 0:
        raise EconomyRejected("arithmetic_error", "no price")
    re_emission = min(smoothed, net_cap)
    cap_hnt = min(dc_burned * 3 * factor // price_cap, _U64 - 1)
    target = (dc_burned // 2) * factor // price_floor
    baseline = (emission + re_emission) * share // _FULL_SHARE * _DATA_PERCENT // 100
    added = 0
    if share:
        demand = max(0, target - baseline) * _FULL_SHARE * 100 // (share * _DATA_PERCENT)
        added = min(demand if demand < _U64 else 0, max(0, smoothed - net_cap))
    return TopUp(re_emission=re_emission, cap_hnt=cap_hnt, top_up=added, total_rewards=emission + re_emission + added)


def overflow(rewards: int, cap_hnt: int, escrow: int) -> int:
    """Return what of the Mobile data bucket exceeds the cap and goes to delegators instead; bones. Cap 0 = no cap."""
    if cap_hnt == 0:
        return 0
    return min(max(0, rewards * _DATA_PERCENT // 100 - cap_hnt), escrow)
