"""The I2C bus as the ECC608 driver needs it, and Linux's /dev/i2c-N behind it."""

import fcntl
import os
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["I2cBus", "LinuxI2cBus"]

_I2C_SLAVE = 0x0703  # linux/i2c-dev.h


class I2cBus(ABC):
    """Plain reads and writes; every method but `pause` raises `OSError` when nothing acknowledges."""

    @abstractmethod
    def write(self, address: int, data: bytes) -> None:
        """Write to a 7-bit address."""

    @abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """Read from a 7-bit address."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """Let the chip work."""

    @abstractmethod
    def close(self) -> None:
        """Free the bus."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LinuxI2cBus(I2cBus):
    """A bus of the kernel's i2c-dev driver; raises `OSError` when the device is missing or not allowed."""

    def __init__(self, device: str) -> None:
        self._descriptor = os.open(f"/dev/{device}", os.O_RDWR)

    def write(self, address: int, data: bytes) -> None:
        fcntl.ioctl(self._descriptor, _I2C_SLAVE, address)
        os.write(self._descriptor, data)

    def read(self, address: int, size: int) -> bytes:
        fcntl.ioctl(self._descriptor, _I2C_SLAVE, address)
        return os.read(self._descriptor, size)

    def pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)  # real milliseconds that the chip's data sheet asks for

    def close(self) -> None:
        os.close(self._descriptor)
