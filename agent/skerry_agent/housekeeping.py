"""Retention: deletes by age and size what may be deleted, and nothing that proves anything. Started by the service."""

import logging
from collections.abc import Callable

from skerry_agent.runtime.steady_time import SteadyTime
from skerry_agent.settings import Settings
from skerry_agent.settings.table import RETENTION_AUDIT_DAYS, RETENTION_PACKETS, RETENTION_PACKETS_DAYS
from skerry_agent.store import Stores
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import UserError

__all__ = ["keep_house", "tidy"]

EVERY_S = 3600.0
DAY_NS = 86_400 * NS_PER_S
OUTBOX_KEPT_NS = 30 * DAY_NS  # longer than any repeat of the same id can come (late reports: 3 days)
DUTY_KEPT_NS = 2 * DAY_NS  # the longest limit looks back one hour
_log = logging.getLogger(__name__)


async def keep_house(*, stores: Stores, settings: Callable[[], Settings], clock: Clock, time: SteadyTime) -> None:
    """Tidy once an hour until cancelled, by the settings then in force; a full disk is told and tried again."""
    believed = True
    while True:
        await clock.sleep(EVERY_S)
        now_ns = time.now_ns()
        if now_ns is None and believed:
            _log.warning("retention: the clock cannot be believed now, so nothing is deleted by its age")
        believed = now_ns is not None
        try:
            await tidy(stores=stores, settings=settings(), now_ns=now_ns)
        except UserError as error:
            _log.error("retention: %s", error)


async def tidy(*, stores: Stores, settings: Settings, now_ns: int | None) -> None:
    """Delete what is too much, and what is past its time unless that is unknown (None). Raises `StoreUnavailable`."""
    kept_ns = settings[RETENTION_PACKETS_DAYS] * DAY_NS
    removed = await stores.packets.prune(
        older_than_ns=0 if now_ns is None else now_ns - kept_ns, keep_at_most=settings[RETENTION_PACKETS]
    )
    if removed:
        _log.info("retention: %d frames deleted", removed)
    if now_ns is None:
        return
    await stores.outbox.prune(settled_before_ns=now_ns - OUTBOX_KEPT_NS)
    await stores.duty.prune(before_ns=now_ns - DUTY_KEPT_NS)
    await stores.audit.prune(before_ns=now_ns - settings[RETENTION_AUDIT_DAYS] * DAY_NS)
