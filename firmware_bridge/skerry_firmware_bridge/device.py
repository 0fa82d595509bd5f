"""What every non-radio driver is to the supervisor: a session on an open link that identifies a device and reads it.

Drivers live in `cellular`, `meter`, `mcu`, `sunspec`; `drivers` names them, `supervise` runs them.
"""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from skerry_core.clock import Clock
from skerry_firmware_bridge.links.base import LinkOpener
from skerry_firmware_bridge.meter.lines import MeterLines
from skerry_firmware_bridge.modbus.bus import Buses

__all__ = ["DeviceConfig", "Option", "Session", "Surroundings", "Values"]

Values = dict[str, int | float | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """One configured device. `options` are the kind's own, as its driver declares them (`drivers.checked`)."""

    device_id: str
    kind: str
    url: str
    options: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a device kind: its name, type, and one line for people. The default stands in the driver.

    `pattern`: what a text has to look like, said by `looks`.
    """

    name: str
    type: type[int] | type[str]
    about: str
    low: int = 0
    high: int = 2**31 - 1
    choices: tuple[str, ...] = ()
    pattern: str = ".+"
    looks: str = "a text"

    @property
    def wanted(self) -> str:
        """Say what may be written."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return f"a whole number from {self.low} to {self.high}" if self.type is int else self.looks

    def checked(self, value: str | int) -> str | int:
        """Return the value in its type. Raises `ValueError` for one that `wanted` does not describe."""
        if self.type is int:
            number = int(value)
            if not self.low <= number <= self.high:
                raise ValueError(number)
            return number
        text = str(value).strip()
        if not re.fullmatch(self.pattern, text) or (self.choices and text.upper() not in self.choices):
            raise ValueError(text)
        return text.upper() if self.choices else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What drivers may use of the outside; `open_link` is `links.open.open_link` with the clock filled in."""

    clock: Clock
    random: Random
    open_link: LinkOpener
    buses: Buses = field(default_factory=Buses)
    meter_lines: MeterLines = field(default_factory=MeterLines)


class Session(ABC):
    """An open conversation with one device. `interval_s` = pause between readings, 0 where the device sends itself."""

    interval_s: float

    @abstractmethod
    async def identify(self) -> Values:
        """Return who the device is: maker, model, firmware, serial. Raises `BridgeError`."""

    @abstractmethod
    async def read(self) -> Values:
        """Return the next readings; what the device does not say is None. Raises `BridgeError`."""

    async def watch(self) -> None:
        """Wait between readings; the loss of the link ends it at once. Raises `LinkLost`, never returns."""
        await asyncio.Event().wait()

    async def keep_alive(self) -> None:  # noqa: B027 - nothing to do for most devices
        """Ask the device for a sign of life in a long pause between readings. Raises `BridgeError`."""
