"""Warns the operator in this folder before the network's data credits run out: at 14, 7 and 1 days left.

The days come from the wallet's arithmetic (`dc_runway`), the burn from the ledger. Only the tightest limit is told:
whoever falls from 20 days to none hears of the last one only. Each clears when the days are a fifth above it.
"""

from collections.abc import Awaitable, Callable, Mapping

from skerry_agent.alerts.book import Condition
from skerry_core.clock import NS_PER_S
from skerry_wallet.economy.dc_runway import ALERT_DAYS, DcRunway

__all__ = ["CreditWatch", "credit_conditions"]

EVERY_NS = 3600 * NS_PER_S  # the burn is counted by whole days
CLEARS_PERCENT = 120  # of the limit, as the wallet's own alerts are armed again


class CreditWatch:
    """Reads the outlook once an hour; `runway()` reads the ledger."""

    def __init__(self, runway: Callable[[], Awaitable[DcRunway]]) -> None:
        self._runway = runway
        self._read_ns: int | None = None
        self._found: DcRunway | None = None

    async def conditions(self, *, standing: Mapping[str, str], now_ns: int, time_is_known: bool) -> list[Condition]:
        """Return one condition per limit; unknown while the time is, for the burn is counted by days.

        Raises `StoreUnavailable`.
        """
        if not time_is_known:
            return [Condition(key=_key(limit), firing=None, text="") for limit in ALERT_DAYS]
        if self._found is None or self._read_ns is None or not 0 <= now_ns - self._read_ns < EVERY_NS:
            self._found, self._read_ns = await self._runway(), now_ns
        return credit_conditions(self._found, standing=standing)


def credit_conditions(runway: DcRunway, *, standing: Mapping[str, str]) -> list[Condition]:
    """Return the condition of each limit."""
    return [
        Condition(key=_key(limit), firing=_firing(runway, limit, stands=_key(limit) in standing), text=_text(runway))
        for limit in ALERT_DAYS
    ]


def _firing(runway: DcRunway, limit: int, *, stands: bool) -> bool | None:
    days = runway.days_left
    if stands:
        return days is not None and days * 100 <= limit * CLEARS_PERCENT
    if runway.alert_days is not None and runway.alert_days < limit:
        return None  # a tighter limit is told instead; this one is neither raised nor over
    return runway.alert_days == limit


def _key(limit: int) -> str:
    return f"data credits {limit} d"


def _text(runway: DcRunway) -> str:
    if runway.days_left is None:
        return f"{runway.balance_dc} data credits are left and none are burned."
    days = f"{runway.days_left} day{'' if runway.days_left == 1 else 's'}"
    return (
        f"The network's data credits last {days} more ({runway.balance_dc} left, "
        f"{runway.burned_per_day_milli_dc // 1000} burned a day). Then its hotspots' packets are no longer paid for: "
        "buy more, or run `skerry dc mint` on a network of your own."
    )
