"""One port of serial.radios: opened, handed to its radio's driver, opened again; what becomes of it are events.

A radio that is lost, or whose port cannot be opened, is down, with the reason of now. That it works its driver says.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import TYPE_CHECKING

from skerry_agent.runtime.radio_settings import SerialRadio
from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import LinkRefused
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.reopening import Reopening
from skerry_firmware_bridge.radio import DeviceState, EventSink, StateChanged

if TYPE_CHECKING:
    from skerry_firmware_bridge.links.reconnect import LinkChange
    from skerry_firmware_bridge.links.settings import SerialSettings

__all__ = ["SerialPort"]


class SerialPort:
    """`named_before` are the ports of earlier entries; `settings_of` may change line settings before each opening."""

    def __init__(
        self,
        serial: SerialRadio,
        *,
        named_before: Sequence[str],
        reopening: Reopening,
        settings_of: "Callable[[SerialSettings], SerialSettings]",
        clock: Clock,
        random: Random,
        sink: EventSink,
    ) -> None:
        self._serial = serial
        self._named_before = named_before
        self._reopening = reopening
        self._settings_of = settings_of
        self._clock = clock
        self._random = random
        self._sink = sink
        self._told = ""  # why it is down; empty while it may work
        self._may_be_over = False  # the reason is of the port: it ends when that is open

    async def keep_open(self, work: Callable[[Link], Awaitable[None]], line: "Callable[[], SerialSettings]") -> None:
        """Run until cancelled; `line` says before each opening with what settings."""
        from skerry_firmware_bridge.links.open import open_link
        from skerry_firmware_bridge.links.reconnect import Reconnector

        async def opened() -> Link:
            await self._refuse_twice()
            return await open_link(self._serial.port, clock=self._clock, settings=self._settings_of(line()))

        await Reconnector(
            name=self._serial.device_id,
            open_link=opened,
            use=lambda link: self._reopening.use(work, link),
            clock=self._clock,
            random=self._random,
            on_change=self._changed,
        ).run()

    def _changed(self, change: "LinkChange") -> None:
        from skerry_firmware_bridge.links.reconnect import LinkState

        if change.state is LinkState.LOST:  # also a port that could never be opened
            self._tell(change)
            self._may_be_over = not change.is_mute
        elif change.state is LinkState.UP:
            if self._told and self._may_be_over:
                self._tell(change)
            self._told = ""

    def _tell(self, change: "LinkChange") -> None:
        if change.reason == self._told:
            return
        self._told = change.reason
        self._sink(
            StateChanged(
                device_id=self._serial.device_id,
                state=DeviceState.DOWN,
                reason=change.reason,
                wall_ns=self._clock.wall_ns(),
                refusal=change.refusal,
            )
        )

    async def _refuse_twice(self) -> None:
        """Refuse a port that an earlier entry of the settings names too, by another name. Raises `LinkRefused`."""
        port = self._serial.port
        if "://" in port or not self._named_before:
            return
        with self._clock.hold(f"{port}: its other names"):
            other = await asyncio.to_thread(_same_port, port, self._named_before)
        if other is not None:
            raise LinkRefused(
                "E_PORT_TWICE", f"{port} and {other} are the same port.", remedy="Name it once in serial.radios."
            )


def _same_port(port: str, others: Sequence[str]) -> str | None:
    """Return which of the others leads to the same port. Asks the disk: call it off the event loop."""
    place = os.path.realpath(port)
    return next((other for other in others if os.path.realpath(other) == place), None)
