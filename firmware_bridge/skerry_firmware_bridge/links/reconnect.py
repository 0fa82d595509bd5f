"""Keeps one link alive: opens it, hands it to its driver, opens it again after a pause when it is lost.

Pauses and flapping follow `backoff`; a link that stayed up for a minute has worked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import Enum
from random import Random

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.backoff import Backoff
from skerry_firmware_bridge.links.base import Link

__all__ = ["LinkState", "Reconnector"]

_log = logging.getLogger(__name__)

STEADY_AFTER_S = 60
MISTAKE = "The driver made a mistake of its own. Please report it with what this writes: skerry bundle"


class LinkState(Enum):
    """Where the link is."""

    ABSENT = "absent"
    OPENING = "opening"
    UP = "up"
    LOST = "lost"


# What may follow what; anything else is a mistake of ours.
TRANSITIONS = {
    LinkState.ABSENT: {LinkState.OPENING},
    LinkState.OPENING: {LinkState.UP, LinkState.LOST},
    LinkState.UP: {LinkState.LOST},
    LinkState.LOST: {LinkState.OPENING},
}


class Reconnector:
    """`run()` never returns by itself: cancel its task to stop.

    `open` raises `LinkRefused`; `use` works with the link until it raises `LinkLost` or `DeviceTimeout`; `on_change`
    gets each new state with a sentence for people. `flapping` is True after three losses in ten minutes.
    """

    def __init__(
        self,
        *,
        name: str,
        open_link: Callable[[], Awaitable[Link]],
        use: Callable[[Link], Awaitable[None]],
        clock: Clock,
        random: Random,
        on_change: Callable[[LinkState, str], None],
    ) -> None:
        self.state = LinkState.ABSENT
        self._name = name
        self._open_link = open_link
        self._use = use
        self._clock = clock
        self._backoff = Backoff(clock=clock, random=random)
        self._on_change = on_change
        self._told = ""

    @property
    def flapping(self) -> bool:
        """Return whether the link was lost three times in the last ten minutes."""
        return self._backoff.flapping

    async def run(self) -> None:
        """Keep the link open and in use."""
        while True:
            self._enter(LinkState.OPENING, "Opening the port.")
            try:
                reason = await self._once()
            except Exception:  # noqa: BLE001 - outer edge: a mistake in one driver must not take other devices down
                _stop_if_cancelled()
                _log.exception("%s: the driver failed", self._name)
                self._backoff.failed()
                reason = MISTAKE
            self._enter(LinkState.LOST, reason)
            await self._clock.sleep(self._backoff.next_pause_s())

    async def _once(self) -> str:
        try:
            link = await self._open_link()
        except LinkRefused as error:
            self._backoff.failed(error)
            self._tell(str(error))
            return f"{error.detail} {error.remedy}"
        up_ns = self._clock.monotonic_ns()
        self._enter(LinkState.UP, "The port is open.")
        try:
            await self._use(link)
            reason = "The device's driver ended."
        except (LinkLost, DeviceTimeout) as error:
            reason = f"Link lost: {error}."
            _stop_if_cancelled()
        finally:
            await link.close()
        self._backoff.failed()
        self._backoff.lost()
        if self._clock.monotonic_ns() - up_ns >= STEADY_AFTER_S * NS_PER_S:
            self._backoff.worked()
            self._told = ""
        self._tell(reason)
        return self._backoff.advised(reason)

    def _enter(self, state: LinkState, reason: str) -> None:
        if state not in TRANSITIONS[self.state]:
            raise MisusedReconnector(f"{self._name}: {self.state.value} -> {state.value}")
        self.state = state
        if state is LinkState.UP:
            _log.debug("%s: the port is open", self._name)  # whether it works, the driver says
        self._on_change(state, reason)

    def _tell(self, reason: str) -> None:
        """Warn when a failure is a new one, stay quiet while it lasts, also when the port opens in between."""
        _log.log(logging.DEBUG if self._told == reason else logging.WARNING, "%s: %s", self._name, reason)
        self._told = reason


def _stop_if_cancelled() -> None:
    """Go on with a cancellation that came together with the loss: a task group reports only the loss then."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class MisusedReconnector(SkerryError):
    """A transition that the table does not allow: a mistake of ours."""
