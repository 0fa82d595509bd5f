"""Reward of a delegated veHNT position (sheet 1.9; `claim_rewards_v1`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from skerry_wallet.economy.epochs import epoch_of, start_of

__all__ = ["Proposal", "delegation_end_epoch", "delegation_reward", "eligible_proposals", "reward_is_burned"]

_VOTING_S = 604_800  # a proposal this young cannot have been missed yet
_REMEMBERED_PROPOSALS = 4
_NEEDED_VOTES = 2


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal of the epoch info and when it began; an empty slot of the account is None instead."""

    address: str
    ts_s: int


def delegation_reward(
    *, position_vehnt: int, total_vehnt: int, rewards_issued: int, pool_balance: int, expiration_s: int, epoch: int
) -> int:
    """Return a position's bones of one epoch: its part of what was issued, at most the pool; 0 once expired."""
    if expiration_s <= start_of(epoch) or total_vehnt == 0:
        return 0
    return min(pool_balance, position_vehnt * rewards_issued // total_vehnt)


def eligible_proposals(proposals: Sequence[Proposal | None], voted: Collection[str], epoch: int) -> int:
    """Count the proposals the position voted on, and those still open at the start of the epoch."""
    start_s = start_of(epoch)
    return sum(
        proposal is not None and (proposal.address in voted or proposal.ts_s + _VOTING_S > start_s)
        for proposal in proposals
    )


def reward_is_burned(proposals: Sequence[Proposal | None], voted: Collection[str], epoch: int) -> bool:
    """Say whether the reward is burned for not voting: four proposals exist and fewer than two are eligible."""
    existing = sum(proposal is not None for proposal in proposals)
    return existing >= _REMEMBERED_PROPOSALS and eligible_proposals(proposals, voted, epoch) < _NEEDED_VOTES


def delegation_end_epoch(expiration_s: int) -> int | None:
    """Return the first epoch that no longer pays, None for a delegation without end."""
    return None if expiration_s == 0 else epoch_of(expiration_s - 1) + 1
