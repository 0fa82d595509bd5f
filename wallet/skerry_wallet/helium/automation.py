"""Automatic claims: schedule texts, what they cost per firing, how long funds last (sheet 1.7)."""

from dataclasses import dataclass
from datetime import UTC, datetime

from skerry_wallet.helium.fees import WALLET_FLOOR_LAMPORTS

__all__ = ["AutomationFunds", "AutomationPeriods", "claim_pool_cost", "cron_pool_cost", "cron_text"]

_START_DELAY_S = 60
_HOTSPOTS_PER_TRANSACTION = 5
_LAMPORTS_PER_STEP = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationPeriods:
    """How many more firings each pool pays for, and both together."""

    cron_periods: int
    claim_periods: int
    periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationFunds:
    """Balances, costs per firing and reserved rents, all in lamports."""

    cron_balance: int
    cron_cost: int
    cron_rent: int
    task_return_rent: int
    claim_balance: int
    claim_cost: int
    recipient_rent: int
    ata_rent: int

    def periods(self) -> AutomationPeriods:
        """Return how long the funds last."""
        cron_free = max(0, self.cron_balance - self.cron_rent - self.task_return_rent)
        claim_free = max(0, self.claim_balance - WALLET_FLOOR_LAMPORTS - self.recipient_rent - self.ata_rent)
        cron, claim = cron_free // self.cron_cost, claim_free // self.claim_cost
        return AutomationPeriods(cron_periods=cron, claim_periods=claim, periods=min(cron, claim))


def claim_pool_cost(hotspots: int) -> int:
    """Return the lamports of one firing for claiming: per transaction of five hotspots, and per hotspot."""
    return (-(-hotspots // _HOTSPOTS_PER_TRANSACTION) + hotspots) * _LAMPORTS_PER_STEP


def cron_pool_cost(*, min_crank_reward: int, cron_transactions: int) -> int:
    """Return the lamports of one firing for the cranker."""
    return (1 + cron_transactions) * min_crank_reward


def cron_text(schedule: str, now_s: int) -> str:
    """Return "sec min hour day month weekday" of a preset, one minute from now in UTC; other texts stay as they are."""
    start = datetime.fromtimestamp(now_s + _START_DELAY_S, tz=UTC)
    time = f"{start.second} {start.minute} {start.hour}"
    match schedule:
        case "daily":
            return f"{time} * * *"
        case "weekly":
            return f"{time} * * {start.isoweekday() % 7 + 1}"  # Sunday is 1
        case "monthly":
            return f"{time} {start.day} * *"
    return schedule
