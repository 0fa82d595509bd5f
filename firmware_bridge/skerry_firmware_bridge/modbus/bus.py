"""One Modbus connection per bus, shared by every device on it; pymodbus moves the frames.

Drivers ask `Buses.use` for their unit on a bus. A silent unit harms no other (serial-devices 4, row 17): requests take
turns, retries are ours, and the connection stays open while another unit uses it. URLs: `modbus-tcp://host:port`,
`modbus-rtu:///dev/serial/by-id/...`, `modbus-rtu://COM3`.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from skerry_core.clock import Clock, SystemClock, io_timeout
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus.client import SCHEME_RTU, new_client, refusal
from skerry_firmware_bridge.modbus.frames import EXCEPTIONS

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

__all__ = ["LINE", "Buses", "Registers", "Unit", "open_bus"]

Registers = Sequence[int]

LINE = SerialSettings(baudrate=9600)  # SunSpec practice; the Modbus document says 8E1
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 1.0
TCP_ANSWER_TIMEOUT_S = 2.0  # a gateway waits a second for its unit before it says that there is no answer
ATTEMPTS = 3
SETTLE_S = 1.0  # after a repeated request: its first answer may still come, and must not be taken for the next one's
BUSY_PAUSE_S = 0.5
SILENCES_UNTIL_CLOSED = 30  # in a row, of all units of a TCP bus: then its far end is gone without a word
TCP_ADVICE = "Check its unit number, and that SunSpec (Modbus) is switched on in the device."
ONE_CLIENT = "Many devices serve one client only: stop the other program that reads it."
COME_AGAIN = frozenset({5, 6})  # exceptions "acknowledge" and "busy"
NOBODY_THERE = frozenset({10, 11})  # a gateway's exceptions "no path" and "the target does not answer"
SERIAL_UNITS = range(1, 248)  # 0 is for all, who do not answer; network devices also have 0 and 255


class Buses:
    """The buses in use; devices that name the same URL share its connection."""

    def __init__(self) -> None:
        self._open: dict[str, _Connection] = {}

    @asynccontextmanager
    async def use(
        self, url: str, *, unit: int = 1, line: SerialSettings = LINE, clock: Clock | None = None
    ) -> AsyncIterator["Unit"]:
        """Give one unit of a bus for the length of the body. Raises `LinkRefused`."""
        if url.startswith(SCHEME_RTU) and unit not in SERIAL_UNITS:
            raise LinkRefused(
                "E_MODBUS_UNIT",
                f"Nobody on the serial bus {url} answers as unit {unit}.",
                remedy=f"Units have numbers from {SERIAL_UNITS[0]} to {SERIAL_UNITS[-1]} there; 1 is the usual one.",
            )
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
    """One device on a bus. `refusal`: the exception with which it refused a request last."""

    def __init__(self, connection: "_Connection", *, unit: int, clock: Clock) -> None:
        self.refusal: str | None = None
        self._connection = connection
        self._unit = unit
        self._clock = clock

    async def watch(self) -> None:
        """Wait until the connection is lost. Raises `LinkLost`, never returns."""
        await self._connection.lost.wait()
        raise self._connection.gone()

    async def read(self, address: int, count: int) -> Registers | None:
        """Return `count` holding registers, None when the device refuses them. Raises `DeviceTimeout`, `LinkLost`."""
        from pymodbus.exceptions import ModbusException

        latest: int | None = None  # exception that asks for another attempt
        for attempt in range(1, ATTEMPTS + 1):
            client = self._connection.client
            try:
                answer = await client.read_holding_registers(address, count=count, device_id=self._unit)
            except ModbusException:
                if not client.connected:
                    raise self._connection.gone() from None
                self._connection.is_fresh = False
                continue
            self._connection.is_fresh = False
            if answer.isError():
                latest = answer.exception_code
                if latest in COME_AGAIN:
                    await self._clock.sleep(BUSY_PAUSE_S)
                elif latest not in NOBODY_THERE:
                    self.refusal = EXCEPTIONS.get(latest, f"exception {latest}")
                    return None
            elif len(answer.registers) == count:
                if attempt > 1:
                    await self._clock.sleep(SETTLE_S)
                return list(answer.registers)
        raise self._no_answer(latest)

    def _no_answer(self, latest: int | None) -> DeviceTimeout:
        url = self._connection.url
        if latest in NOBODY_THERE:
            what = f"The gateway at {url} answers, but unit {self._unit} behind it does not ({EXCEPTIONS[latest]})"
            return DeviceTimeout(what).advising("Check the unit's number and power, and the bus behind the gateway.")
        if latest in COME_AGAIN:
            what = f"Unit {self._unit} on {url} was too busy for an answer in {ATTEMPTS} attempts"
            return DeviceTimeout(what).advising(
                "Another program may be asking it too: stop that, or set a longer poll_s."
            )
        error = DeviceTimeout(f"Unit {self._unit} on {url} gave no answer in {ATTEMPTS} attempts")
        return error if url.startswith(SCHEME_RTU) else error.advising(TCP_ADVICE)


class _Connection:
    """The connection of one bus, made again in place when it was lost."""

    def __init__(self, url: str, line: SerialSettings) -> None:
        self.url = url
        self.line = line
        self.users = 0
        self.is_fresh = True  # nobody was heard on it yet, nor waited for in vain
        self.lost = asyncio.Event()
        self._client: ModbusBaseClient | None = None
        self._connecting = asyncio.Lock()

    @property
    def client(self) -> "ModbusBaseClient":
        """Return pymodbus's client. Raises `LinkLost` while the connection is being made again."""
        if self._client is None:
            raise self.gone()
        return self._client

    async def connect(self) -> None:
        """Connect unless connected. Raises `LinkRefused`."""
        async with self._connecting:
            if self._client is not None and self._client.connected:
                return
            self.close()
            timeout_s = ANSWER_TIMEOUT_S if self.url.startswith(SCHEME_RTU) else TCP_ANSWER_TIMEOUT_S
            client = new_client(self.url, self.line, timeout_s=timeout_s, on_change=self._changed)
            # a silent unit must not close the bus under the others
            client.ctx.max_until_disconnect = client.ctx.count_until_disconnect = SILENCES_UNTIL_CLOSED
            try:
                async with io_timeout(CONNECT_TIMEOUT_S):
                    connected = await client.connect()
            except (OSError, TimeoutError):
                connected = False
            except ValueError as error:
                raise LinkRefused(
                    "E_PORT_SETTINGS", f"{self.url}: {error}.", remedy="Check the device's baud and parity."
                ) from error
            finally:
                if not client.connected:
                    client.close()
            if not connected:
                raise await asyncio.get_running_loop().run_in_executor(None, refusal, self.url)
            self._client = client
            self.is_fresh = True
            self.lost.clear()

    def gone(self) -> LinkLost:
        """Return what to tell of the lost connection."""
        if self.is_fresh and not self.url.startswith(SCHEME_RTU):
            return LinkLost(f"{self.url} closes the connection before it answers").advising(ONE_CLIENT)
        return LinkLost(f"The connection to {self.url} is gone.")

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _changed(self, connected: bool) -> None:
        """Fail the pending request at once when the connection is lost; pymodbus would let it time out."""
        from pymodbus.exceptions import ConnectionException

        if connected:
            self.lost.clear()
        if connected or self._client is None:
            return
        self.lost.set()
        pending = self._client.ctx.response_future
        if not pending.done():
            pending.set_exception(ConnectionException("lost"))
            pending.exception()  # nobody need be waiting for it


def _told(line: SerialSettings) -> str:
    return f"{line.baudrate} baud, parity {line.parity}"
