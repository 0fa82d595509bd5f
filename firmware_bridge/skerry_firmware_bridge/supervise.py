"""Keeps one configured device running: opens, identifies, reads, reports, and comes back after every loss.

The agent runs one `supervise()` per configured device in its TaskGroup:

    await supervise(config, around=Surroundings(clock=..., random=..., open_link=...), events=sink)

States: a device whose link was just lost or fell silent is `unknown`; after `DOWN_AFTER_S` without an answer it is
`down`; the first reading makes it `up`. Every report carries identity and readings together. Pauses and flapping follow
`links.backoff`; a device that was read has worked.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never

from skerry_core.clock import NS_PER_S
from skerry_firmware_bridge.cellular.ladder import Ladder, Rung
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.drivers import DRIVERS, checked
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, LinkRefused
from skerry_firmware_bridge.links.backoff import Backoff
from skerry_firmware_bridge.radio import DeviceEvent, DeviceState, EventSink, StateChanged, StatusReported

_log = logging.getLogger(__name__)

__all__ = ["DOWN_AFTER_S", "supervise"]

DOWN_AFTER_S = 10.0  # a modem's reset takes longer, a torn frame or a slow poll does not


async def supervise(config: DeviceConfig, *, around: Surroundings, events: EventSink) -> Never:
    """Run a device until cancelled. Raises `UsageError` at once for an unknown kind or option, and nothing later."""
    config = checked(config)
    open_session = DRIVERS[config.kind].open
    secondary_url = config.options.get("secondary_url")
    ladder = Ladder(has_secondary=secondary_url is not None)
    backoff = Backoff(clock=around.clock, random=around.random)
    report = _Reporter(config.device_id, around, events, backoff)
    url = config.url
    while True:
        target = DeviceConfig(device_id=config.device_id, kind=config.kind, url=url, options=config.options)
        rung = Rung.STAY
        backoff.failed()
        try:
            async with open_session(target, around) as session:
                await _run(session, report, around, ladder)
        except DeviceTimeout as error:
            report.failed(str(error))
            rung = ladder.silent(around.clock.monotonic_ns()) if config.kind == "modem" else Rung.REOPEN
        except LinkRefused as error:
            report.failed(error.detail)
            backoff.failed(error)
        except BridgeError as error:
            report.failed(str(error))
        except Exception:  # noqa: BLE001 - outer edge: a mistake in one driver must not take other devices down
            _log.exception("%s: the driver failed", config.device_id)
            report.failed("internal error in the driver, see the log")
        if rung is Rung.SECONDARY_PORT and secondary_url is not None:
            url = str(secondary_url) if url == config.url else config.url
        elif rung is Rung.REBOOT:
            await _reboot(target, around, report)
        await report.pause(backoff.next_pause_s())


async def _run(session: Session, report: "_Reporter", around: Surroundings, ladder: Ladder) -> None:
    identity = await session.identify()
    while True:
        values = await session.read()
        ladder.answered()
        report.reading(identity | values)
        if session.interval_s:
            await around.clock.sleep(session.interval_s)


async def _reboot(config: DeviceConfig, around: Surroundings, report: "_Reporter") -> None:
    from skerry_firmware_bridge.cellular.modem import ModemSession

    try:
        async with DRIVERS[config.kind].open(config, around) as session:
            if isinstance(session, ModemSession):
                await session.reboot()
    except BridgeError as error:
        report.failed(f"reboot: {error}")


@dataclass(slots=True)
class _Reporter:
    """Turns successes and failures into events, once per change."""

    device_id: str
    around: Surroundings
    events: Callable[[DeviceEvent], None]
    backoff: Backoff
    state: DeviceState | None = None
    _failing_since_ns: int | None = None
    _reason: str = ""

    def reading(self, values: Values) -> None:
        self.backoff.worked()
        self._failing_since_ns = None
        wall_ns = self.around.clock.wall_ns()
        self._change(DeviceState.UP, "answers")
        self.events(StatusReported(device_id=self.device_id, values=values, wall_ns=wall_ns))

    def failed(self, reason: str) -> None:
        now_ns = self.around.clock.monotonic_ns()
        if self._failing_since_ns is None:
            self._failing_since_ns = now_ns
            self.backoff.lost()
        if self.state is not DeviceState.DOWN:
            self._change(DeviceState.UNKNOWN, self.backoff.advised(reason))
        self._reason = reason
        self._age()

    async def pause(self, seconds: float) -> None:
        """Sleep before the next attempt, and call the device down on time even when that falls into the pause."""
        clock = self.around.clock
        wake_ns = clock.monotonic_ns() + round(seconds * NS_PER_S)
        if self._failing_since_ns is not None and self.state is DeviceState.UNKNOWN:
            down_ns = self._failing_since_ns + round(DOWN_AFTER_S * NS_PER_S)
            if down_ns < wake_ns:
                await clock.sleep_until(down_ns)
                self._age()
        await clock.sleep_until(wake_ns)

    def _age(self) -> None:
        since_ns = self._failing_since_ns
        if since_ns is not None and self.around.clock.monotonic_ns() - since_ns >= DOWN_AFTER_S * NS_PER_S:
            self._change(DeviceState.DOWN, self._reason)

    def _change(self, state: DeviceState, reason: str) -> None:
        if state is not self.state:
            self.state = state
            wall_ns = self.around.clock.wall_ns()
            self.events(StateChanged(device_id=self.device_id, state=state, reason=reason, wall_ns=wall_ns))
