"""Reads SunSpec devices over Modbus RTU or TCP; pymodbus moves the frames, this decides what to ask.

`sunspec.device` makes a device of it. URLs: `modbus-tcp://host:port`, `modbus-rtu:///dev/serial/by-id/...`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from skerry_core.clock import io_timeout
from skerry_firmware_bridge.errors import DeviceTimeout, LinkLost, LinkRefused
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.modbus.frames import split_requests
from skerry_firmware_bridge.sunspec.blocks import Model, decode_model
from skerry_firmware_bridge.sunspec.scan import Found, ModelAt, Registers, scan

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient

__all__ = ["LINE", "PymodbusBus", "RegisterBus", "SunSpecReader", "open_bus"]

LINE = SerialSettings(baudrate=9600)  # SunSpec practice; the Modbus document says 8E1
CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 1.0
ATTEMPTS = 3  # one silent device must not close a bus that others share, so retries are ours
DEFAULT_TCP_PORT = 502


class RegisterBus(Protocol):
    """Reads holding registers."""

    async def read(self, address: int, count: int) -> Registers | None:
        """Return the registers, None when the device answers with an exception. Raises `DeviceTimeout`, `LinkLost`."""


class SunSpecReader:
    """Finds the models of one device once, then reads whole blocks."""

    def __init__(self, bus: RegisterBus) -> None:
        self._bus = bus
        self.found: Found | None = None

    async def scan(self) -> Found:
        """Walk the device's model chain. Raises `FrameRejected` not_found, `DeviceTimeout`, `LinkLost`."""
        questions = scan()
        answer: Registers | None = None
        try:
            address, count = next(questions)
            while True:
                answer = await self._bus.read(address, count)
                address, count = questions.send(answer)
        except StopIteration as end:
            self.found = end.value
        assert self.found is not None
        return self.found

    async def models(self, *, only: frozenset[int] | None = None) -> list[Model]:
        """Read and decode the device's models (all, or those of the given ids); a refused block is left out."""
        found = self.found or await self.scan()
        wanted = [model for model in found.models if only is None or model.id in only]
        blocks = [(model, await self._block(model)) for model in wanted]
        return [decode_model(model.id, block) for model, block in blocks if block is not None]

    async def _block(self, model: ModelAt) -> bytes | None:
        parts: list[int] = []
        for address, count in split_requests(write=False, address=model.address + 2, count=model.length):
            registers = await self._bus.read(address, count)
            if registers is None:
                return None
            parts += registers
        return b"".join(register.to_bytes(2, "big") for register in parts)


class PymodbusBus:
    """One device (`unit`) behind a pymodbus client."""

    def __init__(self, client: "ModbusBaseClient", *, unit: int, name: str) -> None:
        self._client = client
        self._unit = unit
        self._name = name

    async def read(self, address: int, count: int) -> Registers | None:
        """Return `count` holding registers, None for an exception answer."""
        from pymodbus.exceptions import ModbusException

        for _ in range(ATTEMPTS):
            try:
                answer = await self._client.read_holding_registers(address, count=count, device_id=self._unit)
            except ModbusException:
                if not self._client.connected:
                    raise LinkLost(f"{self._name}: the connection is gone") from None
                continue
            if answer.isError():
                return None
            if len(answer.registers) == count:
                return list(answer.registers)
        raise DeviceTimeout(f"{self._name}: no answer from unit {self._unit} in {ATTEMPTS} attempts")


@asynccontextmanager
async def open_bus(url: str, *, unit: int = 1, line: SerialSettings = LINE) -> AsyncIterator[PymodbusBus]:
    """Connect to a Modbus device for the length of the body. Raises `LinkRefused`."""
    client = _client(url, line)
    try:
        async with io_timeout(CONNECT_TIMEOUT_S):
            connected = await client.connect()
    except (OSError, TimeoutError):
        connected = False
    try:
        if not connected:
            raise LinkRefused(
                "E_MODBUS_CONNECT", f"cannot connect to {url}", remedy="Check that it is on and the address is right."
            )
        yield PymodbusBus(client, unit=unit, name=url)
    finally:
        client.close()


def _client(url: str, line: SerialSettings) -> "ModbusBaseClient":
    import_module("serial")  # pymodbus looks whether somebody has imported it
    from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

    parts = urlsplit(url)
    if parts.scheme == "modbus-tcp" and parts.hostname:
        # our supervisor reconnects, and our loop retries: the client must do neither
        return AsyncModbusTcpClient(
            parts.hostname,
            port=parts.port or DEFAULT_TCP_PORT,
            timeout=ANSWER_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
        )
    if parts.scheme == "modbus-rtu" and parts.path:
        return AsyncModbusSerialClient(
            parts.path,
            baudrate=line.baudrate,
            bytesize=line.byte_size,
            parity=line.parity,
            timeout=ANSWER_TIMEOUT_S,
            retries=0,
            reconnect_delay=0,
        )
    raise LinkRefused(
        "E_MODBUS_URL", f"{url} is no Modbus address", remedy="Use modbus-tcp://HOST:PORT or modbus-rtu:///dev/PORT."
    )
