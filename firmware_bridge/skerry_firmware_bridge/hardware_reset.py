"""The hardware stage of a radio's repair: what the owner has said may be done to which device, and doing it.

Nothing is guessed: which line resets a board, or whether a script may cut its power, only its owner knows. Means:
- `dtr-low`, `dtr-high`, `rts-low`, `rts-high`: the serial port's line that resets the board, and at which level; it
  rests at the other one. `pulse` is given the open link.
- `gpio:CHIP:LINE`, or `gpio-low:` for a line that resets while low: a pin of this computer (by the package gpiod).
- `usb`: the USB device is let go and taken in again by the kernel, which needs write access to its `authorized` file.
- `command:PROGRAM [ARGUMENT...]`: a program of the owner's, such as the vendor's reset script.
"""

import asyncio
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from importlib import import_module
from pathlib import Path

from skerry_core.clock import Clock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.errors import BridgeError
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import Pin, SerialSettings

__all__ = ["HardwareReset", "Means", "ResetFailed", "perform", "pulse", "read_reset"]

PULSE_S = 0.25  # reset inputs ask for microseconds, capacitors between line and input for some tens of milliseconds
USB_PAUSE_S = 2.0  # the device draws its power away from its old state
COMMAND_LIMIT_S = 30.0


class Means(Enum):
    """How a device is reset."""

    DTR_LOW = "dtr-low"
    DTR_HIGH = "dtr-high"
    RTS_LOW = "rts-low"
    RTS_HIGH = "rts-high"
    GPIO = "gpio"
    GPIO_LOW = "gpio-low"
    USB = "usb"
    COMMAND = "command"


LINES = {
    Means.DTR_LOW: ("dtr", Pin.LOW),
    Means.DTR_HIGH: ("dtr", Pin.HIGH),
    Means.RTS_LOW: ("rts", Pin.LOW),
    Means.RTS_HIGH: ("rts", Pin.HIGH),
}
OTHER = {Pin.LOW: Pin.HIGH, Pin.HIGH: Pin.LOW}
WITH_ARGUMENT = {Means.GPIO, Means.GPIO_LOW, Means.COMMAND}


class ResetFailed(BridgeError):
    """The hardware could not be reset; the text says why, and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareReset:
    """One device's means; `argument` is the program or CHIP:LINE."""

    device_id: str
    means: Means
    argument: str = ""

    @property
    def line(self) -> tuple[str, Pin] | None:
        """The serial line and the level that resets; None for other means."""
        return LINES.get(self.means)

    def rested(self, settings: SerialSettings) -> SerialSettings:
        """Return the port's settings with the line that resets at rest."""
        if self.line is None:
            return settings
        name, level = self.line
        return replace(settings, dtr=OTHER[level]) if name == "dtr" else replace(settings, rts=OTHER[level])


def read_reset(text: str) -> HardwareReset:
    """Read `MEANS@DEVICE`. Raises `UsageError` E_RADIO_RESET."""
    how, at, device_id = text.rpartition("@")
    name, colon, argument = how.partition(":")
    try:
        means = Means(name)
    except ValueError:
        raise _bad(text) from None
    complete = bool(argument) == (means in WITH_ARGUMENT) and bool(colon) == bool(argument)
    if not at or not device_id or not complete:
        raise _bad(text)
    if means in {Means.GPIO, Means.GPIO_LOW} and not argument.rpartition(":")[2].isdecimal():
        raise _bad(text)
    return HardwareReset(device_id=device_id, means=means, argument=argument)


def _bad(text: str) -> UsageError:
    return UsageError(
        "E_RADIO_RESET",
        f"{text!r} in radio.hardware_reset is not MEANS@DEVICE.",
        remedy="Write it like dtr-low@wio-e5:/dev/ttyUSB0, usb@rak3172:/dev/ttyACM0, "
        "gpio:/dev/gpiochip0:17@gwmp:aa555a0000000001 or command:/usr/local/bin/reset-radio@gwmp:aa555a0000000001.",
        params={"value": text},
    )


async def pulse(reset: HardwareReset, link: Link, *, clock: Clock) -> None:
    """Reset through a line of the open port. Raises `ResetFailed` for a link without lines, `LinkLost`."""
    assert reset.line is not None
    name, level = reset.line
    for value in (level, OTHER[level]):
        try:
            await link.set_lines(**{name: value})
        except NotImplementedError:
            raise ResetFailed(f"{link.url} has no {name.upper()} line.") from None
        await clock.sleep(PULSE_S)


async def perform(reset: HardwareReset, *, port: str | None, clock: Clock, sys_root: Path = Path("/sys")) -> None:
    """Reset by any means but a serial line; `port` is the path of a serial device. Raises `ResetFailed`."""
    match reset.means:
        case Means.GPIO | Means.GPIO_LOW:
            await _gpio(reset, clock)
        case Means.USB:
            if port is None:
                raise ResetFailed(f"{reset.device_id} is not behind a USB port of this computer.")
            await _usb(Path(port), clock, sys_root)
        case Means.COMMAND:
            await _command(reset.argument, clock)
        case _:
            raise ResetFailed(f"{reset.device_id} has no serial line here.")


def usb_switch(port: Path, sys_root: Path) -> Path:
    """Return the `authorized` file of the USB device behind a serial port. Raises `ResetFailed`."""
    name = port.resolve().name  # a by-id name is a link
    place = (sys_root / "class" / "tty" / name / "device").resolve()
    for folder in (place, *place.parents):
        if (folder / "authorized").is_file() and (folder / "idVendor").is_file():  # root hubs and interfaces lack one
            return folder / "authorized"
    raise ResetFailed(f"{port} is not behind USB.")


async def _usb(port: Path, clock: Clock, sys_root: Path) -> None:
    switch = usb_switch(port, sys_root)
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(None, switch.write_text, "0")
        try:
            await clock.sleep(USB_PAUSE_S)
        finally:  # never leave it off, also when the agent is being stopped
            switch.write_text("1")
    except OSError as error:
        detail = f"{switch} cannot be written ({error.strerror})."
        raise ResetFailed(f"{detail} A udev rule can hand it to the agent's group.") from error


async def _command(text: str, clock: Clock) -> None:
    try:
        with clock.hold("hardware reset"):
            process = await asyncio.create_subprocess_exec(
                *shlex.split(text),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with io_timeout(COMMAND_LIMIT_S):
                    status = await process.wait()
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
    except TimeoutError:
        raise ResetFailed(f"{text} did not end within {COMMAND_LIMIT_S:.0f} s.") from None
    except (OSError, ValueError) as error:
        raise ResetFailed(f"{text} cannot be started ({error}).") from error
    if status:
        raise ResetFailed(f"{text} ended with status {status}.")


async def _gpio(reset: HardwareReset, clock: Clock) -> None:
    chip, _, line = reset.argument.rpartition(":")
    try:
        gpiod = import_module("gpiod")
    except ImportError:
        raise ResetFailed("The Python package gpiod is missing. Install it, or name a command instead.") from None
    values = (gpiod.line.Value.ACTIVE, gpiod.line.Value.INACTIVE)
    config = gpiod.LineSettings(
        direction=gpiod.line.Direction.OUTPUT,
        output_value=gpiod.line.Value.INACTIVE,
        active_low=reset.means is Means.GPIO_LOW,
    )
    try:
        with gpiod.request_lines(chip, consumer="skerry", config={int(line): config}) as request:
            for value in values:
                request.set_value(int(line), value)
                await clock.sleep(PULSE_S)
    except OSError as error:
        raise ResetFailed(f"Line {line} of {chip} cannot be used ({error.strerror}).") from error
