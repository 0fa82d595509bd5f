"""The hardware stage of a radio's repair: what the owner has said may be done to which device, and doing it.

Nothing is guessed: which line resets a board, or whether a script may cut its power, only its owner knows. Means:
- `dtr-low`, `dtr-high`, `rts-low`, `rts-high`: the serial port's line that resets the board, and at which level; it
  rests at the other one. `pulse` is given the open link.
- `gpio:CHIP:LINE`, or `gpio-low:` for a line that resets while low: a pin of this computer.
- `usb`: the kernel resets the USB device, as plugging it in does; needs write access to its file in /dev/bus/usb.
- `command:PROGRAM [ARGUMENT...]`: a program of the owner's, such as the vendor's reset script.
"""

import asyncio
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from errno import EACCES, EBUSY, EINVAL, ENOTTY, EPERM
from functools import partial
from pathlib import Path

from skerry_core.clock import Clock, io_timeout
from skerry_core.errors import UsageError
from skerry_firmware_bridge.errors import BridgeError
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import Pin, SerialSettings

__all__ = ["HardwareReset", "Means", "ResetFailed", "perform", "pulse", "read_reset"]

PULSE_S = 0.25  # reset inputs ask for microseconds, capacitors between line and input for some tens of milliseconds
COMMAND_LIMIT_S = 30.0
LAST_GPIO_LINE = (1 << 32) - 1  # the kernel's number has 32 bits
GPIO_REASONS = {
    EBUSY: "another program or driver has it",
    EINVAL: "the chip has no such line",
    ENOTTY: "that is no GPIO chip, or the kernel is older than 5.10",
    EACCES: "this user may not; the group of the chip's file must be the agent's",
}


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
    if not at or not device_id or not complete or not _can_be(means, argument):
        raise _bad(text)
    return HardwareReset(device_id=device_id, means=means, argument=argument)


def _can_be(means: Means, argument: str) -> bool:
    """Tell whether an argument names a program, or a line of a chip; other means have none."""
    try:
        match means:
            case Means.COMMAND:
                return bool(shlex.split(argument))
            case Means.GPIO | Means.GPIO_LOW:
                return 0 <= int(argument.rpartition(":")[2]) <= LAST_GPIO_LINE
            case _:
                return True
    except ValueError:  # no number, or a quotation without an end
        return False


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


async def perform(
    reset: HardwareReset,
    *,
    port: str | None,
    clock: Clock,
    sys_root: Path = Path("/sys"),
    dev_root: Path = Path("/dev"),
) -> None:
    """Reset by any means but a serial line; `port` is the path of a serial device. Raises `ResetFailed`."""
    match reset.means:
        case Means.GPIO | Means.GPIO_LOW:
            await _gpio(reset, clock)
        case Means.USB:
            if port is None:
                raise ResetFailed(f"{reset.device_id} is not behind a USB port of this computer.")
            await _usb(Path(port), sys_root, dev_root)
        case Means.COMMAND:
            await _command(reset.argument, clock)
        case _:
            raise ResetFailed(f"{reset.device_id} has no serial line here.")


def _need_linux(what: str) -> None:
    if sys.platform != "linux":
        raise ResetFailed(f"{what} can be reset on Linux only. Name a command instead.")


async def _usb(port: Path, sys_root: Path, dev_root: Path) -> None:
    _need_linux("A USB device")
    from skerry_firmware_bridge.kernel_io import reset_usb, usb_node

    loop = asyncio.get_running_loop()
    node = await loop.run_in_executor(None, lambda: usb_node(port, sys_root=sys_root, dev_root=dev_root))
    if node is None:
        raise ResetFailed(f"{port} is not there, or not behind USB.")
    try:
        await loop.run_in_executor(None, reset_usb, node)
    except OSError as error:
        help_ = " A udev rule can hand it to the agent's group." if error.errno in {EACCES, EPERM} else ""
        raise ResetFailed(f"{node} cannot be reset ({error.strerror}).{help_}") from error


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
    _need_linux("A GPIO line")
    from skerry_firmware_bridge.kernel_io import OutputLine

    chip, _, number = reset.argument.rpartition(":")
    line = OutputLine(chip, int(number), active_low=reset.means is Means.GPIO_LOW)
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(None, line.__enter__)
        try:
            for active in (True, False):
                await loop.run_in_executor(None, partial(line.set, active=active))
                await clock.sleep(PULSE_S)
        finally:
            line.__exit__(None, None, None)
    except OSError as error:
        reason = GPIO_REASONS.get(error.errno or 0, error.strerror)
        raise ResetFailed(f"Line {number} of {chip} cannot be used ({reason}).") from error
