"""One Modbus connection per bus, shared by every device on it; pymodbus moves the frames.

Drivers ask `Buses.use` for their unit on a bus. A silent unit harms no other (serial-devices 4, row 17): requests take
turns, retries are ours, and the connection stays open while another unit uses it. URLs: `modbus-tcp://host:port`,
`modbus-rtu:///dev/serial/by-id/...`, `modbus-rtu://COM3`.
"""

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skerry_core.clock import Clock, SystemClock, io_timeout
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.refusal import explain
from skerry_firmware_bridge.links.settings import SerialSettings

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

__all__ = ["LINE", "Buses", "Registers", "Unit", "open_bus"]

Registers = Sequence[int]

LINE = SerialSettings(baudrate=9600)  # SunSpec practice; the Modbus document says 8E1
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 1.0
ATTEMPTS = 3
SETTLE_S = 1.0  # after a repeated request: its first answer may still come, and must not be taken for the next one's
BUSY_PAUSE_S = 0.5
SILENCES_UNTIL_CLOSED = 30  # in a row, of all units of a TCP bus: then its far end is gone without a word
DEFAULT_TCP_PORT = 502
SCHEME_TCP, SCHEME_RTU = "modbus-tcp://", "modbus-rtu://"
COME_AGAIN = frozenset({5, 6})  # exceptions "acknowledge" and "busy"
NOBODY_THERE = frozenset({10, 11})  # a gateway's exceptions "no path" and "the target does not answer"


class Buses:
    """The buses in use; devices that name the same URL share its connection."""

    def __init__(self) -> None:
        self._open: dict[str, _Connection] = {}

    @asynccontextmanager
    async def use(
        self, url: str, *, unit: int = 1, line: SerialSettings = LINE, clock: Clock | None = None
    ) -> AsyncIterator["Unit"]:
        """Give one unit of a bus for the length of the body. Raises `LinkRefused`."""
        connection = self._open.setdefault(url, _Connection(url, line))
        if connection.line != line and url.startswith(SCHEME_RTU):
            raise LinkRefused(
                "E_MODBUS_LINE",
                f"Another device on {url} is set to {_told(connection.line)}, this one to {_told(line)}.",
                remedy="Give all devices on a bus the same baud and parity.",
            )
        connection.users += 1
        try:
            await connection.connect()
            yield Unit(connection, unit=unit, clock=clock or SystemClock())
        finally:
            connection.users -= 1
            if not connection.users:
                del self._open[url]
                connection.close()


def open_bus(url: str, *, unit: int = 1, line: SerialSettings = LINE) -> AbstractAsyncContextManager["Unit"]:
    """Connect to a bus that nobody shares. Raises `LinkRefused`."""
    return Buses().use(url, unit=unit, line=line)


class Unit:
    """One device on a bus."""

    def __init__(self, connection: "_Connection", *, unit: int, clock: Clock) -> None:
        self._connection = connection
        self._unit = unit
        self._clock = clock

    async def watch(self) -> None:
        """Wait until the connection is lost. Raises `LinkLost`, never returns."""
        await self._connection.lost.wait()
        raise LinkLost(f"The connection to {self._connection.url} is gone.")

    async def read(self, address: int, count: int) -> Registers | None:
        """Return `count` holding registers, None when the device refuses them. Raises `DeviceTimeout`, `LinkLost`."""
        from pymodbus.exceptions import ModbusException

        for attempt in range(1, ATTEMPTS + 1):
            client = self._connection.client
            try:
                answer = await client.read_holding_registers(address, count=count, device_id=self._unit)
            except ModbusException:
                if not client.connected:
                    raise LinkLost(f"The connection to {self._connection.url} is gone.") from None
                continue
            if answer.isError():
                if answer.exception_code in COME_AGAIN:
                    await self._clock.sleep(BUSY_PAUSE_S)
                elif answer.exception_code not in NOBODY_THERE:
                    return None
            elif len(answer.registers) == count:
                if attempt > 1:
                    await self._clock.sleep(SETTLE_S)
                return list(answer.registers)
        raise DeviceTimeout(f"Unit {self._unit} on {self._connection.url} gave no answer in {ATTEMPTS} attempts")


class _Connection:
    """The connection of one bus, made again in place when it was lost."""

    def __init__(self, url: str, line: SerialSettings) -> None:
        self.url = url
        self.line = line
        self.users = 0
        self.lost = asyncio.Event()
        self._client: ModbusBaseClient | None = None
        self._connecting = asyncio.Lock()

    @property
    def client(self) -> "ModbusBaseClient":
        """Return pymodbus's client. Raises `LinkLost` while the connection is being made again."""
        if self._client is None:
            raise LinkLost(f"The connection to {self.url} is gone.")
        return self._client

    async def connect(self) -> None:
        """Connect unless connected. Raises `LinkRefused`."""
        async with self._connecting:
            if self._client is not None and self._client.connected:
                return
            self.close()
            client = _client(self.url, self.line, on_change=self._changed)
            # a silent unit must not close the bus under the others
            client.ctx.max_until_disconnect = client.ctx.count_until_disconnect = SILENCES_UNTIL_CLOSED
            client.ctx.callback_data = _tolerant(client.ctx.callback_data)  # type: ignore[method-assign]
            try:
                async with io_timeout(CONNECT_TIMEOUT_S):
                    connected = await client.connect()
            except (OSError, TimeoutError, ValueError):
                connected = False
            if not connected:
                client.close()
                raise await asyncio.get_running_loop().run_in_executor(None, _refusal, self.url)
            self._client = client
            self.lost.clear()

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _changed(self, connected: bool) -> None:
        """Fail the pending request at once when the connection is lost; pymodbus would let it time out."""
        from pymodbus.exceptions import ConnectionException

        if connected or self._client is None:
            return
        self.lost.set()
        pending = self._client.ctx.response_future
        if not pending.done():
            pending.set_exception(ConnectionException("lost"))
            pending.exception()  # nobody need be waiting for it


def _client(url: str, line: SerialSettings, *, on_change: Callable[[bool], None]) -> "ModbusBaseClient":
    import_module("serial")  # pymodbus looks whether somebody has imported it
    from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

    # each unanswered request would be an error line; what matters is told by the supervisor, once
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    parts = urlsplit(url)
    # our supervisor reconnects, and our loop retries: the client must do neither
    if url.startswith(SCHEME_TCP) and parts.hostname:
        return AsyncModbusTcpClient(
            parts.hostname,
            port=parts.port or DEFAULT_TCP_PORT,
            timeout=ANSWER_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_connect=on_change,
        )
    if url.startswith(SCHEME_RTU) and url != SCHEME_RTU:
        return AsyncModbusSerialClient(
            url.removeprefix(SCHEME_RTU),
            baudrate=line.baudrate,
            bytesize=line.byte_size,
            parity=line.parity,
            timeout=ANSWER_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
            trace_connect=on_change,
        )
    raise LinkRefused(
        "E_MODBUS_URL", f"{url} is no Modbus address.", remedy="Use modbus-tcp://HOST:PORT or modbus-rtu:///dev/PORT."
    )


def _tolerant(decode: Callable[..., int]) -> Callable[..., int]:
    """Make pymodbus drop what it cannot decode; its error would close the connection and fill the log."""

    def guarded(data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        try:
            return decode(data, addr=addr)
        except Exception:  # noqa: BLE001 - whatever a library makes of hostile bytes: the request is asked again
            return len(data)

    return guarded


def _refusal(url: str) -> LinkRefused:
    """Find out why a bus cannot be opened; pymodbus only says that."""
    if url.startswith(SCHEME_TCP):
        return LinkRefused(
            "E_MODBUS_CONNECT",
            f"Nothing accepts connections at {url}.",
            remedy="Check that the device is on, that Modbus TCP is switched on in it, and its address and port.",
        )
    path = url.removeprefix(SCHEME_RTU)
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return explain(path, error)
    os.close(descriptor)
    return explain(path, OSError(errno.EBUSY, "in use"))


def _told(line: SerialSettings) -> str:
    return f"{line.baudrate} baud, parity {line.parity}"
