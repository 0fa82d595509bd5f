"""Does what the sentinel asks for: soft reset by command, reset of the hardware, opening the link again.

The agent's radios are made with their links here; `sentinel` decides when, and how often at most.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from skerry_core.clock import Clock
from skerry_firmware_bridge.hardware_reset import HardwareReset, ResetFailed, perform, pulse
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.reopening import Reopening
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.radio import DeviceTrouble, EventSink
from skerry_firmware_bridge.sentinel.ladder import Repair

__all__ = ["RadioRepair", "Repairs"]

_log = logging.getLogger(__name__)

MAX_DUE = 8  # resets that wait; more radios than that ill at one time do not suffer from their hardware
DEAF = "opened again because the radio seems deaf"


class Repairs(Protocol):
    """What can be done for radios; both methods return at once."""

    def possible(self, device_id: str) -> set[Repair]:
        """Return the stages that this radio has."""

    def begin(self, device_id: str, repair: Repair) -> str:
        """Begin a stage; return a sentence for people."""


class RadioRepair(Repairs):
    """The repairs of one agent's radios.

    `links` are those of serial ports, `soft_resets` tell a radio to start its module anew when its link is used next;
    `behind` names the port of a radio that is not its own: a gateway on a UART. A reset may name either.
    """

    def __init__(
        self,
        *,
        resets: Sequence[HardwareReset],
        links: Mapping[str, Reopening],
        soft_resets: Mapping[str, Callable[[], None]],
        clock: Clock,
        sink: EventSink,
        behind: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._resets = {reset.device_id: reset for reset in resets}
        self._links = links
        self._soft_resets = soft_resets
        self._clock = clock
        self._sink = sink
        self._behind = behind
        self._due: asyncio.Queue[HardwareReset] = asyncio.Queue(MAX_DUE)

    def rested(self, device_id: str, settings: SerialSettings) -> SerialSettings:
        """Return a port's settings with the control line that resets the device at rest."""
        reset = self._resets.get(device_id)
        return settings if reset is None else reset.rested(settings)

    def possible(self, device_id: str) -> set[Repair]:
        port = self._port(device_id)
        stages = {Repair.RESTART_LINK} if port in self._links else set[Repair]()
        if device_id in self._soft_resets:
            stages.add(Repair.SOFT_RESET)
        reset = self._reset_of(device_id)
        if reset is not None and (reset.line is None or port in self._links):
            stages.add(Repair.HARD_RESET)
        return stages

    def begin(self, device_id: str, repair: Repair) -> str:
        if repair not in self.possible(device_id):
            return "There is nothing that could be done."
        match repair:
            case Repair.SOFT_RESET:
                self._soft_resets[device_id]()
                self._links[device_id].reopen(DEAF)
                return "The module is told to start anew."
            case Repair.HARD_RESET:
                reset = self._reset_of(device_id)
                assert reset is not None
                return self._reset(reset)
            case _:
                self._links[self._port(device_id)].reopen(DEAF)
                return "Its link is opened again."

    async def run(self) -> None:
        """Reset one device after the other until cancelled; a serial radio's link is opened anew afterwards."""
        while True:
            reset = await self._due.get()
            device = self._port(reset.device_id)
            link = self._links.get(device)
            port = None if link is None else device.partition(":")[2]
            try:
                await perform(reset, port=port, clock=self._clock)
            except ResetFailed as error:
                self._failed(reset, error)
            else:
                self._done(reset)
            if link is not None:
                link.reopen("its hardware was reset")

    def _port(self, device_id: str) -> str:
        """Return the device whose link a radio uses: mostly itself."""
        return self._behind.get(device_id, device_id)

    def _reset_of(self, device_id: str) -> HardwareReset | None:
        return self._resets.get(device_id) or self._resets.get(self._port(device_id))

    def _reset(self, reset: HardwareReset) -> str:
        if reset.line is not None:
            link = self._links[self._port(reset.device_id)]
            link.reopen("its hardware is reset", before=lambda link: self._pulse(reset, link))
            return f"Its hardware is reset by {reset.means.value}."
        try:
            self._due.put_nowait(reset)
        except asyncio.QueueFull:
            return "Too many resets are waiting; this one is left out."
        return f"Its hardware is reset by {reset.means.value}."

    async def _pulse(self, reset: HardwareReset, link: Link) -> None:
        try:
            await pulse(reset, link, clock=self._clock)
        except ResetFailed as error:
            self._failed(reset, error)
        else:
            self._done(reset)

    def _done(self, reset: HardwareReset) -> None:
        _log.warning("%s: the hardware was reset by %s", reset.device_id, reset.means.value)

    def _failed(self, reset: HardwareReset, error: ResetFailed) -> None:
        detail, wall_ns = f"The hardware could not be reset: {error}", self._clock.wall_ns()
        code = "hardware_reset_failed"
        self._sink(DeviceTrouble(device_id=reset.device_id, code=code, detail=detail, wall_ns=wall_ns))
