"""The byte-stream link that every serial-like driver stands on."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from skerry_firmware_bridge.links.settings import Pin, SerialSettings

__all__ = ["BaudLink", "Link", "LinkOpener"]


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

    async def set_lines(self, *, dtr: Pin = Pin.LEAVE, rts: Pin = Pin.LEAVE) -> None:
        """Set control lines of a serial port. Raises `NotImplementedError` for a link without, `LinkLost`."""
        raise NotImplementedError

    @abstractmethod
    async def close(self) -> None:
        """Give the port back; later calls raise `LinkLost`. Safe to call twice."""


LinkOpener = Callable[[str, SerialSettings], Awaitable[Link]]
"""Opens a URL. Raises `LinkRefused`."""


@runtime_checkable
class BaudLink(Protocol):
    """A link whose speed can change while it is open (IEC 62056-21 needs it)."""

    async def set_baud(self, baud: int) -> None:
        """Change the speed once everything written has left."""
