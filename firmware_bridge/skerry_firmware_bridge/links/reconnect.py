"""Keeps one link alive: opens it, hands it to its driver, opens it again after a pause when it is lost.

Rules (serial-devices 3, "States"): pauses of 1, 2, 5, 10, 30 s with 20 % jitter; a link that stayed up for a minute
starts again at 1 s; three losses within ten minutes are told as a flapping cable or power supply.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from random import Random

from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.base import Link

__all__ = ["LinkState", "Reconnector"]

_log = logging.getLogger(__name__)

PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
JITTER = 0.2
STEADY_AFTER_S = 60
FLAP_WINDOW_S = 600
FLAP_LOSSES = 3


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
        self.losses: deque[int] = deque(maxlen=FLAP_LOSSES)
        self._name = name
        self._open_link = open_link
        self._use = use
        self._clock = clock
        self._random = random
        self._on_change = on_change
        self._attempt = 0
        self._told = ""

    @property
    def flapping(self) -> bool:
        """Return whether the link was lost three times in the last ten minutes."""
        if len(self.losses) < FLAP_LOSSES:
            return False
        return self._clock.monotonic_ns() - self.losses[0] < FLAP_WINDOW_S * NS_PER_S

    async def run(self) -> None:
        """Keep the link open and in use."""
        while True:
            self._enter(LinkState.OPENING, "Opening the port.")
            reason = await self._once()
            self._enter(LinkState.LOST, reason)
            await self._clock.sleep(self.next_pause_s())

    async def _once(self) -> str:
        try:
            link = await self._open_link()
        except LinkRefused as error:
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
        now_ns = self._clock.monotonic_ns()
        self.losses.append(now_ns)
        if now_ns - up_ns >= STEADY_AFTER_S * NS_PER_S:
            self._attempt = 0
        self._tell(reason)
        if self.flapping:
            reason += f" {FLAP_LOSSES} losses in {FLAP_WINDOW_S // 60} minutes: check cable and power supply."
        return reason

    def next_pause_s(self) -> float:
        """Return the next pause and count the attempt."""
        pause_s = PAUSES_S[min(self._attempt, len(PAUSES_S) - 1)]
        self._attempt += 1
        return pause_s * self._random.uniform(1 - JITTER, 1 + JITTER)

    def _enter(self, state: LinkState, reason: str) -> None:
        if state not in TRANSITIONS[self.state]:
            raise MisusedReconnector(f"{self._name}: {self.state.value} -> {state.value}")
        self.state = state
        if state is LinkState.UP and self._told:
            _log.info("%s: link is back", self._name)
            self._told = ""
        self._on_change(state, reason)

    def _tell(self, reason: str) -> None:
        """Warn at the first failure, stay quiet while it lasts."""
        _log.log(logging.DEBUG if self._told else logging.WARNING, "%s: %s", self._name, reason)
        self._told = reason


def _stop_if_cancelled() -> None:
    """Go on with a cancellation that came together with the loss: a task group reports only the loss then."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class MisusedReconnector(SkerryError):
    """A transition that the table does not allow: a mistake of ours."""
