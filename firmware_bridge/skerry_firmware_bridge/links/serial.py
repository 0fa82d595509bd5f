"""Serial ports, local and over the network (`rfc2217://`, `socket://`), through serialx; `open_link` opens them."""

import asyncio
import os
from contextlib import suppress
from typing import Any

from serialx import (
    BaseSerialTransport,
    Parity,
    PinState,
    SerialException,
    StopBits,
    create_serial_connection,
    list_serial_ports,
)

from skerry_core.clock import Clock, io_timeout
from skerry_firmware_bridge.errors import LinkLost, LinkRefused
from skerry_firmware_bridge.links import rfc2217
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.refusal import explain
from skerry_firmware_bridge.links.settings import Pin, SerialSettings

__all__ = ["SerialLink"]

OPEN_TIMEOUT_S = 10.0  # a network port's connection; a local one opens in milliseconds
CLOSE_TIMEOUT_S = 2.0
LINES_TIMEOUT_S = 5.0  # a network port confirms each change
WRITE_TIMEOUT_S = 10.0  # at 300 baud the longest request still leaves in time
MAX_UNREAD_BYTES = 64 * 1024  # beyond this the port is paused: the driver does not keep up


_WITHOUT_LINES = "socket://"  # a pseudo-terminal has none either, but takes the call without a word
rfc2217.register()
_PINS = {Pin.LEAVE: PinState.UNDEFINED, Pin.LOW: PinState.LOW, Pin.HIGH: PinState.HIGH}


class SerialLink(Link):
    """One open port; opened exclusively, so that a second program, or a second link of ours, is refused."""

    def __init__(self, *, url: str, key: str, clock: Clock) -> None:
        self.url = url
        self.key = key
        self._clock = clock
        self._transport: BaseSerialTransport | None = None
        self._receiver = _Receiver()

    @classmethod
    async def open(cls, url: str, *, settings: SerialSettings, clock: Clock) -> "SerialLink":
        """Open a port. Raises `LinkRefused` with the reason and the remedy."""
        loop = asyncio.get_running_loop()
        with clock.hold(f"open {url}"):
            key = await loop.run_in_executor(None, _key_of, url)
            link = cls(url=url, key=key, clock=clock)
            try:
                async with io_timeout(OPEN_TIMEOUT_S):
                    link._transport, _ = await create_serial_connection(
                        loop, lambda: link._receiver, url, **_arguments(settings)
                    )
            except TimeoutError:
                raise LinkRefused(
                    "E_PORT_TIMEOUT",
                    f"{url} did not open in {OPEN_TIMEOUT_S:.0f} s.",
                    remedy="Check the cable and the network.",
                ) from None
            except OSError as error:
                raise await loop.run_in_executor(None, explain, url, error) from error
            except (SerialException, ValueError) as error:
                raise LinkRefused(
                    "E_PORT_SETTINGS", f"{url}: {error}.", remedy="Check the port's URL and settings."
                ) from error
        link._receiver.transport = link._transport
        return link

    async def read(self) -> bytes:
        return await self._receiver.read()

    async def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._receiver.lost is not None:
            raise LinkLost(f"{self.url} is closed") from self._receiver.lost
        transport.write(data)
        try:
            async with io_timeout(WRITE_TIMEOUT_S):
                await self._receiver.writable.wait()
        except TimeoutError:
            raise LinkLost(f"{self.url} takes no bytes") from None
        if self._receiver.lost is not None:
            raise LinkLost(f"{self.url} is gone") from self._receiver.lost

    async def set_lines(self, *, dtr: Pin = Pin.LEAVE, rts: Pin = Pin.LEAVE) -> None:
        transport = self._with_lines()
        try:
            with self._clock.hold(f"{self.url}: lines"):
                async with io_timeout(LINES_TIMEOUT_S):
                    await transport.set_modem_pins(dtr=_PINS[dtr], rts=_PINS[rts])
        except (OSError, SerialException) as error:
            raise LinkLost(f"{self.url}: {str(error) or 'its lines do not change'}") from error

    async def set_baud(self, baud: int) -> None:
        """Change the speed once all written has left. Raises `NotImplementedError` (a bare socket), `LinkLost`."""
        transport = self._with_lines()
        try:
            with self._clock.hold(f"{self.url}: speed"):
                async with io_timeout(WRITE_TIMEOUT_S):
                    await transport.flush()
                    if transport.baudrate != baud:
                        await _reconfigure(transport, baud, local="://" not in self.url)
        except (OSError, SerialException, TimeoutError) as error:
            raise LinkLost(f"{self.url}: {str(error) or 'takes no bytes'}") from error

    def _with_lines(self) -> BaseSerialTransport:
        """Return the open port. Raises `LinkLost`, `NotImplementedError` for a bare socket, which is no serial line."""
        if self._transport is None or self._receiver.lost is not None:
            raise LinkLost(f"{self.url} is closed") from self._receiver.lost
        if self.url.startswith(_WITHOUT_LINES):
            raise NotImplementedError(self.url)
        return self._transport

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport is None:
            return
        transport.abort()
        with suppress(TimeoutError, OSError), self._clock.hold(f"close {self.url}"):
            async with io_timeout(CLOSE_TIMEOUT_S):
                await transport.wait_closed()
        self._receiver.connection_lost(None)


class _Receiver(asyncio.Protocol):
    """Collects bytes until somebody reads them; wakes everybody at once when the port is lost."""

    def __init__(self) -> None:
        self.transport: BaseSerialTransport | None = None
        self.lost: Exception | None = None
        self.writable = asyncio.Event()
        self.writable.set()
        self._arrived = asyncio.Event()
        self._unread = bytearray()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._arrived.set()
        if len(self._unread) > MAX_UNREAD_BYTES and isinstance(self.transport, asyncio.ReadTransport):
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or exc or ConnectionError("closed")
        self._arrived.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    async def read(self) -> bytes:
        while not self._unread:
            if self.lost is not None:
                reason = self.lost.strerror if isinstance(self.lost, OSError) else None
                raise LinkLost(f"the serial port is gone ({reason or self.lost})") from self.lost
            self._arrived.clear()
            await self._arrived.wait()
        data = bytes(self._unread)
        self._unread.clear()
        if self.lost is None and isinstance(self.transport, asyncio.ReadTransport):
            self.transport.resume_reading()
        return data


async def _reconfigure(transport: BaseSerialTransport, baud: int, *, local: bool) -> None:
    """Change the speed of a port, a local one with reading paused: serialx takes the read that it empties for a loss.

    A network port confirms the change by the bytes that are read.
    """
    reading = transport if local and isinstance(transport, asyncio.ReadTransport) else None
    if reading is not None:
        reading.pause_reading()
    try:
        await transport.reconfigure_port(baudrate=baud)
    finally:
        if reading is not None:
            reading.resume_reading()


def _arguments(settings: SerialSettings) -> dict[str, Any]:
    pins = {"dtr": _PINS[settings.dtr], "rts": _PINS[settings.rts]}
    return {
        "baudrate": settings.baudrate,
        "byte_size": settings.byte_size,
        "parity": Parity(settings.parity),
        "stopbits": StopBits(settings.stop_bits),
        "exclusive": True,
    } | {f"{name}_on_{moment}": pin for name, pin in pins.items() for moment in ("open", "close")}


def _key_of(url: str) -> str:
    """Return VID:PID:serial:interface of a USB port, else the URL itself."""
    with suppress(OSError):
        target = os.path.realpath(url)
        for port in list_serial_ports():
            if os.path.realpath(str(port.device)) == target and port.vid is not None and port.pid is not None:
                serial = port.serial_number or "-"
                return f"{port.vid:04x}:{port.pid:04x}:{serial}:{port.interface_num or 0}"
    return url
