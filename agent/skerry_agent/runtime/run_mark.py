"""Notices that the last run did not end cleanly, so that the gap it may have left is said (DESIGN, Acknowledged).

A packet forwarder's PUSH_ACK is link-level only: what came in during the last quarter of a second before a crash may
be lost. The agent sets a mark at its start and clears it at a clean stop.
"""

import logging
from datetime import UTC, datetime

from skerry_agent.events import EventHub
from skerry_agent.store import Facts
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError

__all__ = ["LOST_MS", "RunMark"]

LOST_MS = 250  # `packet_path.FLUSH_S`
RUNNING, UNCLEAN_ENDS = "running_since_ns", "unclean_ends"
_log = logging.getLogger(__name__)


class RunMark:
    """The mark in skerry.db; `unclean_ends` counts runs that ended without a stop since the folder was made."""

    def __init__(self, *, facts: Facts, clock: Clock, hub: EventHub) -> None:
        self._facts = facts
        self._clock = clock
        self._hub = hub
        self.unclean_ends = 0
        self.gap: str | None = None  # the sentence to show in this run; None after a clean stop

    async def begin(self) -> None:
        """Set the mark; say so when it was set already. Raises `StoreUnavailable`."""
        since = await self._facts.get(RUNNING)
        self.unclean_ends = int(await self._facts.get(UNCLEAN_ENDS) or 0)
        if since is not None:
            self.unclean_ends += 1
            await self._facts.set(UNCLEAN_ENDS, str(self.unclean_ends))
            self.gap = (
                f"The last run was not stopped but ended: up to {LOST_MS} ms of frames that were acknowledged to "
                "packet forwarders may be lost."
            )
            began = datetime.fromtimestamp(int(since) // NS_PER_S, UTC)
            _log.warning("%s It began at %s; runs that ended so: %d.", self.gap, began, self.unclean_ends)
            self._hub.publish("agent", {"gap_ms": LOST_MS, "unclean_ends": self.unclean_ends})
        await self._facts.set(RUNNING, str(self._clock.wall_ns()))

    async def end(self) -> None:
        """Clear the mark: everything is stored."""
        try:
            await self._facts.forget(RUNNING)
        except SkerryError as error:
            _log.error("the end of this run is not noted (%s); the next start will take it for a crash", error)
