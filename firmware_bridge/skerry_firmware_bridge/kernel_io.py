"""Two things that only the kernel does: a pin of this computer as an output, and the reset of a USB device.

By ioctl, without a library: the GPIO character device, version 2 of its interface (Linux 5.10 and later,
`linux/gpio.h`), and `USBDEVFS_RESET` (`linux/usbdevice_fs.h`). Used by `hardware_reset`; every call here may block.
"""

import os
import struct
from errno import ENODEV
from fcntl import ioctl
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["OutputLine", "reset_usb", "usb_node"]

# struct gpio_v2_line_request: offsets[64], consumer[32], config (flags, num_attrs, padding, attrs), num_lines,
# event_buffer_size, padding, fd. No attribute is used: an output begins inactive.
LINE_REQUEST = struct.Struct("=I252x32sQI20x240xII20xi")
LINE_VALUES = struct.Struct("=QQ")  # bits, mask
CONSUMER = b"skerry"
ACTIVE_LOW, OUTPUT = 1 << 1, 1 << 3


def _read_write(group: int, number: int, size: int) -> int:
    """Return `_IOWR(group, number, size)` as most machines count it; alpha, mips, powerpc and sparc differ."""
    return 3 << 30 | size << 16 | group << 8 | number


GET_LINE = _read_write(0xB4, 0x07, LINE_REQUEST.size)
SET_VALUES = _read_write(0xB4, 0x0F, LINE_VALUES.size)
USBDEVFS_RESET = ord("U") << 8 | 20


class OutputLine:
    """`with OutputLine(chip, 17, active_low=False) as line:` holds a pin, inactive at first. Raises `OSError`."""

    def __init__(self, chip: str, line: int, *, active_low: bool) -> None:
        self._chip = chip
        self._line = line
        self._flags = OUTPUT | (ACTIVE_LOW if active_low else 0)
        self._fd = -1

    def __enter__(self) -> Self:
        request = bytearray(LINE_REQUEST.pack(self._line, CONSUMER, self._flags, 0, 1, 0, 0))
        chip = os.open(self._chip, os.O_RDWR | os.O_CLOEXEC)
        try:
            ioctl(chip, GET_LINE, request, True)
        finally:
            os.close(chip)
        self._fd = LINE_REQUEST.unpack(request)[-1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)  # the kernel gives the pin back

    def set(self, *, active: bool) -> None:
        """Make the pin active or inactive; `active_low` says which level that is."""
        ioctl(self._fd, SET_VALUES, LINE_VALUES.pack(int(active), 1))


def usb_node(port: Path, *, sys_root: Path, dev_root: Path) -> Path | None:
    """Return the device file of the USB device behind a serial port, None for a port that is not behind USB."""
    name = port.resolve().name  # a by-id name is a link
    place = (sys_root / "class" / "tty" / name / "device").resolve()
    for folder in (place, *place.parents):
        try:
            bus, number = (int((folder / file).read_text()) for file in ("busnum", "devnum"))
        except (OSError, ValueError):
            continue
        return dev_root / "bus" / "usb" / f"{bus:03d}" / f"{number:03d}"
    return None


def reset_usb(node: Path) -> None:
    """Reset a USB device as plugging it in does; its ports vanish and come back. Raises `OSError`."""
    device = os.open(node, os.O_WRONLY | os.O_CLOEXEC)
    try:
        ioctl(device, USBDEVFS_RESET, 0)
    except OSError as error:
        if error.errno != ENODEV:  # it is another device after the reset: that is one, too
            raise
    finally:
        os.close(device)
