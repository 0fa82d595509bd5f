"""How long data credits last: burn per day, days left, and the alerts at 14, 7 and 1 days, re-armed by a top-up."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ALERT_DAYS", "DcRunway", "alert_due", "dc_runway"]

ALERT_DAYS = (14, 7, 1)
_LONG_DAYS = 30
_REARM_PERCENT = 120  # of the balance at the alert


@dataclass(frozen=True, slots=True, kw_only=True)
class DcRunway:
    """A balance's outlook; `days_left` None means that nothing is burned, `alert_days` the tightest limit reached."""

    balance_dc: int
    burned_per_day_milli_dc: int
    days_left: int | None
    alert_days: int | None


def dc_runway(balance_dc: int, burned_by_day: Sequence[int]) -> DcRunway:
    """Return the outlook from the burn of whole days, oldest first; today's part day left out.

    The rate is the higher of the newest day and the mean of the newest thirty (fewer where there are fewer): a network
    that has just grown is warned in time. Days left are whole days, rounded down.
    """
    recent = burned_by_day[-_LONG_DAYS:]
    # As fractions over the same count, so that nothing is rounded before the comparison.
    burned = max(sum(recent), recent[-1] * len(recent)) if recent else 0
    days_left = balance_dc * len(recent) // burned if burned else None
    reached = [limit for limit in ALERT_DAYS if days_left is not None and days_left <= limit]
    return DcRunway(
        balance_dc=balance_dc,
        burned_per_day_milli_dc=burned * 1000 // len(recent) if recent else 0,
        days_left=days_left,
        alert_days=min(reached, default=None),
    )


def alert_due(runway: DcRunway, *, last_alert_days: int | None, balance_then_dc: int) -> int | None:
    """Return the alert to send now, None for none: each limit once, until the balance has grown by a fifth since.

    `last_alert_days` is the tightest alert already sent, `balance_then_dc` the balance when it was.
    """
    if runway.alert_days is None:
        return None
    rearmed = runway.balance_dc * 100 >= balance_then_dc * _REARM_PERCENT
    if last_alert_days is None or runway.alert_days < last_alert_days or rearmed:
        return runway.alert_days
    return None
