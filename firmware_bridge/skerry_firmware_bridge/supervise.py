"""Keeps one configured device running: opens, identifies, reads, reports, and comes back after every loss.

The agent runs one `supervise()` per configured device in its TaskGroup:

    await supervise(config, around=Surroundings(clock=..., random=..., open_link=...), events=sink)

States: a device whose link was just lost or fell silent is `unknown`; after `DOWN_AFTER_S` without an answer it is
`down`; the first reading makes it `up`. Every report carries identity and readings together, and a value that a device
no longer tells is None in it. Pauses and flapping follow `links.backoff`; a device that was read has worked.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Never

from skerry_core.clock import NS_PER_S, Timer
from skerry_firmware_bridge.cellular.ladder import Ladder, Rung
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.drivers import DRIVERS, checked
from skerry_firmware_bridge.errors import BridgeError, DeviceTimeout, FrameRejected, LinkLost, LinkRefused
from skerry_firmware_bridge.links.backoff import Backoff
from skerry_firmware_bridge.meter.counters import CounterWatch
from skerry_firmware_bridge.radio import DeviceState, DeviceTrouble, EventSink, StateChanged, StatusReported

_log = logging.getLogger(__name__)

__all__ = ["DOWN_AFTER_S", "KEEP_ALIVE_S", "supervise"]

DOWN_AFTER_S = 10.0  # a modem's reset takes longer, a torn frame or a slow poll does not
KNOCK_S = 5.0  # a device that starts again on the network is tried so often: it costs one packet
KEEP_ALIVE_S = 30.0  # without a sign of life for so long a device is asked for one (serial-devices 4, rows 1 and 19)


async def supervise(config: DeviceConfig, *, around: Surroundings, events: EventSink) -> Never:
    """Run a device until cancelled. Raises `UsageError` at once for an unknown kind or option, and nothing later."""
    config = checked(config)
    backoff = Backoff(clock=around.clock, random=around.random)
    report = _Reporter(config.device_id, around, events, backoff)
    await _Supervisor(config, around=around, report=report, backoff=backoff).run()


class _Supervisor:
    """One device; the ladder is for modems only, whose AT ports die alone (a device of another kind is reopened)."""

    def __init__(self, config: DeviceConfig, *, around: Surroundings, report: "_Reporter", backoff: Backoff) -> None:
        self._config = config
        self._driver = DRIVERS[config.kind]
        self._around = around
        self._report = report
        self._backoff = backoff
        self._urls = [config.url, *(str(url) for url in [config.options.get("secondary_url")] if url)]
        self._nobody_listens = False
        self._ladder = Ladder(has_secondary=len(self._urls) > 1)

    async def run(self) -> Never:
        try:
            while True:
                self._backoff.failed()
                await self._once_for_sure()
                pause_s = self._backoff.next_pause_s()
                await self._around.clock.sleep(min(pause_s, KNOCK_S) if self._nobody_listens else pause_s)
        finally:
            self._report.close()

    async def _once_for_sure(self) -> None:
        try:
            await self._once()
        except Exception:  # noqa: BLE001 - outer edge: a mistake in one driver must not take other devices down
            _log.exception("%s: the driver failed", self._config.device_id)
            what = "The driver made a mistake of its own."
            self._report.failed(what, "Please report it with what this writes: skerry bundle", cause="mistake")

    async def _once(self) -> None:
        """Use the device until it fails, and say why it did."""
        self._nobody_listens = False
        try:
            async with self._driver.open(replace(self._config, url=self._urls[0]), self._around) as session:
                await self._use(session)
        except DeviceTimeout as error:
            self._report.failed(_sentence(error), error.remedy or self._driver.advice, cause="silent")
            if self._config.kind == "modem":
                await self._climb()
        except LinkRefused as error:
            self._report.failed(error.detail, error.remedy, cause=error.code)
            self._backoff.failed(error)
            self._nobody_listens = error.code == "E_MODBUS_CONNECT"
            if self._urls[0] != self._config.url:  # a secondary port that is not there must not be waited for
                self._urls.reverse()
        except LinkLost as error:
            remedy = error.remedy or "It is opened again as soon as it is back."
            self._report.failed(_sentence(error), remedy, cause="lost")
        except FrameRejected as error:
            is_understood = error.remedy and error.detail  # only it is not what was wanted
            what = _sentence(error.detail) if is_understood else f"What it answers cannot be understood ({error})."
            self._report.failed(what, error.remedy or self._driver.advice, cause=error.reason)
        except BridgeError as error:
            self._report.failed(_sentence(error), error.remedy or self._driver.advice, cause=type(error).__name__)

    async def _use(self, session: Session) -> Never:
        identity = await session.identify()
        while True:
            values = await session.read()
            self._ladder.answered()
            self._report.reading(identity | values)
            await self._rest(session)

    async def _rest(self, session: Session) -> None:
        """Pause until the next reading; a link that is lost meanwhile ends it at once."""
        rest_s = session.interval_s
        while rest_s > 0:
            with suppress(TimeoutError):
                async with self._around.clock.timeout(min(rest_s, KEEP_ALIVE_S)):
                    await session.watch()
            rest_s -= KEEP_ALIVE_S
            if rest_s > 0:
                await session.keep_alive()

    async def _climb(self) -> None:
        match self._ladder.silent(self._around.clock.monotonic_ns()):
            case Rung.SECONDARY_PORT:
                self._urls.reverse()
            case Rung.REBOOT:
                await self._reboot()

    async def _reboot(self) -> None:
        """Restart the modem by whichever of its ports still takes a command."""
        from skerry_firmware_bridge.cellular.modem import ModemSession

        self._report.trouble("modem_restart", "Its AT ports are silent: restarting the modem (AT+CFUN=1,1).")
        for url in self._urls:
            try:
                async with self._driver.open(replace(self._config, url=url), self._around) as session:
                    if isinstance(session, ModemSession):
                        await session.reboot()
                        return
            except BridgeError as error:
                _log.debug("%s: no restart by %s (%s)", self._config.device_id, url, error)


def _sentence(error: BridgeError | str) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


@dataclass(slots=True)
class _Reporter:
    """Turns successes and failures into events, once per change: of the state, and of the cause of being down."""

    device_id: str
    around: Surroundings
    events: EventSink
    backoff: Backoff
    state: DeviceState | None = None
    _told: tuple[DeviceState | None, str] = (None, "")
    _down_timer: Timer | None = None  # since the first failure, until the next reading
    _reason: str = ""
    _cause: str = ""
    _names: set[str] = field(default_factory=set)
    _counters: CounterWatch = field(default_factory=CounterWatch)
    _read_ns: int | None = None  # wall time of the latest reading: what is told of a lost device is as old as that

    def reading(self, values: Values) -> None:
        self.backoff.worked()
        self.close()
        self._read_ns = wall_ns = self.around.clock.wall_ns()
        self._change(DeviceState.UP, "Answers.", "")
        self._names |= values.keys()
        whole = dict.fromkeys(sorted(self._names)) | values
        self.events(StatusReported(device_id=self.device_id, values=whole, wall_ns=wall_ns))
        for code, detail in self._counters.see(values):
            self.trouble(code, detail)

    def failed(self, what: str, remedy: str, *, cause: str) -> None:
        first = self._down_timer is None
        if first:
            self.backoff.lost()
        self._reason, self._cause = self.backoff.advised(f"{what} {remedy}".strip()), cause
        if first:
            clock = self.around.clock
            down_ns = clock.monotonic_ns() + round(DOWN_AFTER_S * NS_PER_S)
            self._down_timer = clock.call_at(down_ns, self._is_down)
            self._change(DeviceState.UNKNOWN, self._reason, cause)
        elif self.state is DeviceState.DOWN:
            self._change(DeviceState.DOWN, self._reason, cause)

    def trouble(self, code: str, detail: str) -> None:
        wall_ns = self.around.clock.wall_ns()
        self.events(DeviceTrouble(device_id=self.device_id, code=code, detail=detail, wall_ns=wall_ns))

    def close(self) -> None:
        if self._down_timer is not None:
            self._down_timer.cancel()
            self._down_timer = None

    def _is_down(self) -> None:
        """Call the device down; also while an attempt to reach it is still waiting for an answer."""
        self._change(DeviceState.DOWN, self._reason, self._cause)

    def _change(self, state: DeviceState, reason: str, cause: str) -> None:
        if (state, cause) != self._told:
            self.state, self._told = state, (state, cause)
            wall_ns = self.around.clock.wall_ns() if self._read_ns is None else self._read_ns
            self.events(StateChanged(device_id=self.device_id, state=state, reason=reason, wall_ns=wall_ns))
