"""The kernel's side of a GPIO chip, its structures written down a second time with ctypes; for tests without a chip."""

import ctypes
import os

__all__ = ["FakeKernel", "LineRequest", "LineValues"]

u32, u64 = ctypes.c_uint32, ctypes.c_uint64


class LineAttribute(ctypes.Structure):
    """struct gpio_v2_line_attribute."""

    _fields_ = (("id", u32), ("padding", u32), ("value", u64))


class ConfigAttribute(ctypes.Structure):
    """struct gpio_v2_line_config_attribute."""

    _fields_ = (("attr", LineAttribute), ("mask", u64))


class LineConfig(ctypes.Structure):
    """struct gpio_v2_line_config."""

    _fields_ = (("flags", u64), ("num_attrs", u32), ("padding", u32 * 5), ("attrs", ConfigAttribute * 10))


class LineRequest(ctypes.Structure):
    """struct gpio_v2_line_request."""

    _fields_ = (
        ("offsets", u32 * 64), ("consumer", ctypes.c_char * 32), ("config", LineConfig), ("num_lines", u32),
        ("event_buffer_size", u32), ("padding", u32 * 5), ("fd", ctypes.c_int32),
    )  # fmt: skip


class LineValues(ctypes.Structure):
    """struct gpio_v2_line_values."""

    _fields_ = (("bits", u64), ("mask", u64))


class FakeKernel:
    """Takes the ioctls of a GPIO chip and of a line; `told` says in words what they asked for."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._line = -1

    def ioctl(self, descriptor: int, request: int, argument: bytearray | bytes, change: bool = False) -> int:
        if (request, len(argument)) == (0xC250B407, ctypes.sizeof(LineRequest)) and change:
            assert isinstance(argument, bytearray)
            self._request(LineRequest.from_buffer(argument))
        else:
            assert (request, descriptor) == (0xC010B40F, self._line)
            values = LineValues.from_buffer_copy(argument)
            assert values.mask == 1
            self.told.append("active" if values.bits else "inactive")
        return 0

    def is_given_back(self) -> bool:
        """Return whether the line's descriptor was closed."""
        try:
            os.fstat(self._line)
        except OSError:
            return True
        return False

    def _request(self, wanted: LineRequest) -> None:
        assert (wanted.num_lines, wanted.config.num_attrs, wanted.event_buffer_size) == (1, 0, 0)
        assert wanted.config.flags & ~0b1010 == 0, "other bits are refused"
        words = [f"line {wanted.offsets[0]} for {wanted.consumer.decode()}"]
        words += ["output"] * bool(wanted.config.flags & 8) + ["active low"] * bool(wanted.config.flags & 2)
        self.told.append(", ".join(words))
        self._line = wanted.fd = os.open(os.devnull, os.O_RDWR)
