"""Keeps one link alive: opens it, hands it to its driver, opens it again after a pause when it is lost.

Pauses and flapping follow `backoff`; a link that stayed up for a minute has worked. What changes is told by whoever
asks for it: nothing is logged here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import BridgeError, LinkLost, LinkRefused
from skerry_firmware_bridge.links.backoff import Backoff, refusal_of
from skerry_firmware_bridge.links.base import Link

__all__ = ["LinkChange", "LinkState", "Reconnector"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange:
    """A new state with its reason for people, what to do included; `refusal` is the code of what they have to mend.

    `is_mute`: the link itself works, and the device behind it does not.
    """

    state: LinkState
    reason: str
    refusal: str = ""
    is_mute: bool = False


class Reconnector:
    """`run()` never returns by itself: cancel its task to stop.

    `open_link` raises `LinkRefused`; `use` works with the link until it raises a `BridgeError`: `LinkLost`, or another
    one of a device that does not do what it should; `on_change` gets each new state, and tells it. `flapping` is True
    after three losses in ten minutes.
    """

    def __init__(
        self,
        *,
        name: str,
        open_link: Callable[[], Awaitable[Link]],
        use: Callable[[Link], Awaitable[None]],
        clock: Clock,
        random: Random,
        on_change: Callable[[LinkChange], None],
    ) -> None:
        self.state = LinkState.ABSENT
        self._name = name
        self._open_link = open_link
        self._use = use
        self._clock = clock
        self._backoff = Backoff(clock=clock, random=random)
        self._on_change = on_change

    @property
    def flapping(self) -> bool:
        """Return whether the link was lost three times in the last ten minutes."""
        return self._backoff.flapping

    async def run(self) -> None:
        """Keep the link open and in use."""
        while True:
            self._enter(LinkChange(state=LinkState.OPENING, reason="Opening the port."))
            try:
                lost = await self._once()
            except Exception:  # noqa: BLE001 - outer edge: a mistake in one driver must not take other devices down
                _stop_if_cancelled()
                _log.exception("%s: the driver failed", self._name)
                self._backoff.failed()
                lost = LinkChange(state=LinkState.LOST, reason=MISTAKE)
            self._enter(lost)
            await self._clock.sleep(self._backoff.next_pause_s())

    async def _once(self) -> LinkChange:
        """Open the link, use it until it is lost, and say why it was."""
        try:
            link = await self._open_link()
        except LinkRefused as error:
            self._backoff.failed(error)
            reason = f"{error.detail} {error.remedy}"
            return LinkChange(state=LinkState.LOST, reason=reason, refusal=refusal_of(error))
        up_ns = self._clock.monotonic_ns()
        self._enter(LinkChange(state=LinkState.UP, reason="The port is open; its device has not answered yet."))
        reason, is_mute = "The device's driver ended.", False
        try:
            await self._use(link)
        except LinkLost as error:
            reason = f"{error.sentence()} {error.remedy}".rstrip()
            _stop_if_cancelled()
        except BridgeError as error:
            reason, is_mute = error.sentence(), True
            _stop_if_cancelled()
        finally:
            await link.close()
        self._backoff.failed()
        self._backoff.lost()
        if self._clock.monotonic_ns() - up_ns >= STEADY_AFTER_S * NS_PER_S:
            self._backoff.worked()
        return LinkChange(state=LinkState.LOST, reason=self._backoff.advised(reason), is_mute=is_mute)

    def _enter(self, change: LinkChange) -> None:
        if change.state not in TRANSITIONS[self.state]:
            raise MisusedReconnector(f"{self._name}: {self.state.value} -> {change.state.value}")
        self.state = change.state
        self._on_change(change)


def _stop_if_cancelled() -> None:
    """Go on with a cancellation that came together with the loss: a task group reports only the loss then."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class MisusedReconnector(SkerryError):
    """A transition that the table does not allow: a mistake of ours."""
