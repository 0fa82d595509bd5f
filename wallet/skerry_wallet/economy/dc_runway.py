"""How long data credits last: burn per day, days left, and the alerts at 14, 7 and 1 days."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ALERT_DAYS", "DcRunway", "dc_runway"]

ALERT_DAYS = (14, 7, 1)
_WINDOW_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DcRunway:
    """A balance's outlook; `days_left` None means that nothing is burned, `alert_days` the tightest limit reached."""

    balance_dc: int
    burned_per_day_milli_dc: int
    days_left: int | None
    alert_days: int | None


def dc_runway(balance_dc: int, burned_by_day: Sequence[int]) -> DcRunway:
    """Return the outlook at the average burn of the newest seven days given, oldest first; today's part day left out.

    Days left are whole days, rounded down.
    """
    recent = burned_by_day[-_WINDOW_DAYS:]
    burned = sum(recent)
    days_left = balance_dc * len(recent) // burned if burned else None
    reached = [limit for limit in ALERT_DAYS if days_left is not None and days_left <= limit]
    return DcRunway(
        balance_dc=balance_dc,
        burned_per_day_milli_dc=burned * 1000 // len(recent) if recent else 0,
        days_left=days_left,
        alert_days=min(reached, default=None),
    )
