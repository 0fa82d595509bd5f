"""Sums over what was loaded: rewards by token and epoch, verdicts, reasons. Pure; used by the overview and rewards."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from skerry_client.models import Balance, Beacon, Reward, Witness

__all__ = ["EpochSum", "by_epoch", "decimals_of", "reasons", "totals", "verdicts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochSum:
    """What one epoch earned in one token; `states` names the states of its shares."""

    epoch: int
    token: str
    amount: int
    shares: int
    states: tuple[str, ...]


def totals(rewards: Iterable[Reward]) -> dict[tuple[str, str], int]:
    """Return sums in base units by token and state: what is paid and what is only stated are never added up."""
    sums: Counter[tuple[str, str]] = Counter()
    for reward in rewards:
        sums[reward.token, reward.state] += reward.amount
    return dict(sorted(sums.items()))


def by_epoch(rewards: Iterable[Reward]) -> list[EpochSum]:
    """Return one line per epoch and token, newest first."""
    groups: dict[tuple[int, str], list[Reward]] = {}
    for reward in rewards:
        groups.setdefault((reward.epoch, reward.token), []).append(reward)
    return [
        EpochSum(
            epoch=epoch,
            token=token,
            amount=sum(reward.amount for reward in group),
            shares=len(group),
            states=tuple(sorted({reward.state for reward in group})),
        )
        for (epoch, token), group in sorted(groups.items(), key=lambda item: (-item[0][0], item[0][1]))
    ]


def decimals_of(balances: Iterable[Balance]) -> dict[str, int]:
    """Return the decimals of every token that a balance names."""
    return {balance.token: balance.decimals for balance in balances}


def verdicts(reports: Iterable[Beacon | Witness]) -> dict[str, int]:
    """Return how many reports have each verdict; all three are always there."""
    counts = Counter(report.verdict for report in reports)
    return {"valid": counts["valid"], "invalid": counts["invalid"], "unknown": counts["unknown"]}


def reasons(reports: Iterable[Beacon | Witness]) -> list[tuple[str, int]]:
    """Return why reports did not count, the commonest first."""
    return Counter(report.reason for report in reports if report.reason is not None).most_common()
