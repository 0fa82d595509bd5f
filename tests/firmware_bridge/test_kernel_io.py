"""The numbers of the kernel's interfaces are those of its headers."""

import ctypes
import subprocess
from pathlib import Path
from shutil import which

import pytest

from skerry_firmware_bridge import kernel_io
from skerry_testing.gpio import LineRequest, LineValues

HEADERS = [Path("/usr/include/linux") / name for name in ("gpio.h", "usbdevice_fs.h")]
PROGRAM = """
#include <stddef.h>
#include <stdio.h>
#include <linux/gpio.h>
#include <linux/usbdevice_fs.h>
#define AT(member) offsetof(struct gpio_v2_line_request, member)
int main(void) {
    printf("%zu %zu %lu %lu %lu %lu %lu %zu %zu %zu %zu %zu\\n", sizeof(struct gpio_v2_line_request),
        sizeof(struct gpio_v2_line_values), (unsigned long)GPIO_V2_GET_LINE_IOCTL,
        (unsigned long)GPIO_V2_LINE_SET_VALUES_IOCTL, (unsigned long)USBDEVFS_RESET,
        (unsigned long)GPIO_V2_LINE_FLAG_OUTPUT, (unsigned long)GPIO_V2_LINE_FLAG_ACTIVE_LOW,
        AT(consumer), AT(config.flags), AT(config.num_attrs), AT(num_lines), AT(fd));
    return 0;
}
"""


@pytest.mark.skipif(
    which("cc") is None or not all(header.is_file() for header in HEADERS), reason="no C compiler or kernel headers"
)
def test_sizes_offsets_and_numbers_are_those_of_the_kernels_headers(tmp_path: Path) -> None:
    source, program = tmp_path / "numbers.c", tmp_path / "numbers"
    source.write_text(PROGRAM)
    subprocess.run(["cc", "-o", str(program), str(source)], check=True)
    numbers = [int(word) for word in subprocess.check_output([str(program)]).split()]
    request, values, *ioctls = numbers[:5]
    assert (kernel_io.LINE_REQUEST.size, kernel_io.LINE_VALUES.size) == (request, values)
    assert (ctypes.sizeof(LineRequest), ctypes.sizeof(LineValues)) == (request, values)
    assert ioctls == [kernel_io.GET_LINE, kernel_io.SET_VALUES, kernel_io.USBDEVFS_RESET]
    assert numbers[5:7] == [kernel_io.OUTPUT, kernel_io.ACTIVE_LOW]
    packed = kernel_io.LINE_REQUEST.pack(
        0x01010101, b"skerry", 0x0202020202020202, 0x03030303, 0x04040404, 0, 0x05050505
    )
    places = [packed.index(mark) for mark in (b"skerry", b"\x02" * 8, b"\x03" * 4, b"\x04" * 4, b"\x05" * 4)]
    assert places == numbers[7:]
