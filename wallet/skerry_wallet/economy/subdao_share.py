"""A sub-DAO's smoothed share of the emission and what it is issued (sheet 2.3; `issue_rewards_v0`)."""

from dataclasses import dataclass

from skerry_wallet.economy import fixed_point as fp
from skerry_wallet.economy.backstop import overflow
from skerry_wallet.economy.errors import EconomyRejected

__all__ = ["FULL_SHARE", "Issue", "converge", "initial_share", "issue_rewards", "smoothed_share"]

FULL_SHARE = 2**32 - 1
_SMOOTHING_EPOCHS = 30
_PERCENT_UNIT = 10**10  # delegator percent times 10^8, out of 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One epoch's issuance of one sub-DAO in bones; `share_18` has 18 decimals, `new_share` is a u32 fraction."""

    share_18: int
    new_share: int
    rewards: int
    delegation: int
    overflow: int
    delegation_issued: int
    escrow: int


def smoothed_share(score: int, total_score: int, prev_share: int) -> int:
    """Return 29/30 of the former u32 share plus 1/30 of the new one, with 18 decimals.

    Raises `EconomyRejected` arithmetic_error when nobody has a score.
    """
    if total_score == 0:
        raise EconomyRejected("arithmetic_error", "the total score is 0")
    thirty = fp.to_fixed(_SMOOTHING_EPOCHS)
    former = fp.divide(fp.to_fixed(prev_share), fp.to_fixed(FULL_SHARE))
    kept = fp.divide(fp.multiply(former, fp.to_fixed(_SMOOTHING_EPOCHS - 1)), thirty)
    raw = fp.divide(score, total_score)
    return kept + fp.divide(fp.multiply(raw, fp.ONE), thirty)


def issue_rewards(
    *,
    score: int,
    total_score: int,
    prev_share: int,
    total_rewards: int,
    hst_percent: int,
    delegator_percent: int,
    cap_hnt: int | None,
) -> Issue:
    """Issue one sub-DAO's epoch; `cap_hnt` is given in the Mobile pass only (HIP-149 overflow).

    Raises `EconomyRejected` arithmetic_error.
    """
    share = smoothed_share(score, total_score, prev_share)
    emissions = total_rewards * (100 - hst_percent) // 100
    rewards = fp.to_floor(fp.multiply(share, fp.to_fixed(emissions)))
    delegation = rewards * delegator_percent // _PERCENT_UNIT
    beyond = 0 if cap_hnt is None else overflow(rewards, cap_hnt, rewards - delegation)
    return Issue(
        share_18=share,
        new_share=_to_u32(share),
        rewards=rewards,
        delegation=delegation,
        overflow=beyond,
        delegation_issued=delegation + beyond,
        escrow=rewards - delegation - beyond,
    )


def converge(score: int, total_score: int, prev_share: int, epochs: int) -> int:
    """Return the u32 share after that many epochs of unchanged scores."""
    share = prev_share
    for _ in range(epochs):
        share = _to_u32(smoothed_share(score, total_score, share))
    return share


def initial_share(*, stored_share: int, prev_score: int | None, prev_total_score: int, num_sub_daos: int) -> int:
    """Return the u32 share an epoch starts from when the former one may not have stored it."""
    if stored_share:
        return stored_share
    if prev_score is not None:
        return prev_score * FULL_SHARE // prev_total_score if prev_total_score else 0
    return 0 if prev_total_score else FULL_SHARE // num_sub_daos


def _to_u32(share_18: int) -> int:
    return fp.to_integer(fp.multiply(share_18, fp.to_fixed(FULL_SHARE)))
