"""The byte-stream link that every serial-like driver stands on."""

from abc import ABC, abstractmethod

__all__ = ["Link"]


class Link(ABC):
    """An open byte stream to one device. `key` is stable across reconnects (VID:PID:serial:interface, or the URL)."""

    key: str
    url: str

    @abstractmethod
    async def read(self) -> bytes:
        """Return the next bytes, at least one. Raises `LinkLost`."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Hand all bytes to the device. Raises `LinkLost`."""

    @abstractmethod
    async def close(self) -> None:
        """Give the port back; later calls raise `LinkLost`. Safe to call twice."""
