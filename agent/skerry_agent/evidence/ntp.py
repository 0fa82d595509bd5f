"""Asks the Linux kernel whether its clock is synchronised (adjtimex), and for the boot's id.

Used by the composition root. Other systems answer None: there the operator's first answer with a time counts instead.
"""

import ctypes
import hashlib
import sys
from pathlib import Path

__all__ = ["boot_id", "kernel_error_ns"]

_TIME_ERROR = 5  # adjtimex's return value while the clock is not synchronised
_STA_UNSYNC = 0x0040
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _Timeval(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h>; the kernel fills it and never reads more than `modes` when that is 0."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Timeval),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),  # fields of later kernels and padding
    )


def kernel_error_ns() -> int | None:
    """Return the kernel's bound on its clock's error, None while it is not synchronised or cannot be asked."""
    if sys.platform != "linux":
        return None
    timex = _Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (AttributeError, OSError):  # a C library without it
        return None
    if state < 0 or state == _TIME_ERROR or timex.status & _STA_UNSYNC:
        return None
    return int(timex.maxerror) * 1000


def boot_id(fallback: bytes) -> bytes:
    """Return 16 bytes that name this boot of the computer; from `fallback` where the system has no such id.

    Monotonic time counts from the boot, so that it may be compared between two runs of the agent in one boot.
    """
    try:
        return bytes.fromhex(_BOOT_ID.read_text().strip().replace("-", ""))
    except (OSError, ValueError):
        return hashlib.sha256(fallback).digest()[:16]
