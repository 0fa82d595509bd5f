"""The CoreCell USB microcontroller as a diagnostic device: identity, EUI, chip version, temperature, reset.

It reads no LoRa frames: those come through the vendor's packet forwarder. The vendor's own code waits for ever for an
answer and does not check the echoed id (serial-devices 4, rows 1, 2, 6); here every command has a deadline, and any
answer that does not fit makes the line be drained and the command repeated, and ends the session the third time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected, LinkLost
from skerry_firmware_bridge.exchange import Exchange
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.mcu import FRAMES
from skerry_firmware_bridge.mcu.sx1302 import (
    Answer,
    Command,
    Request,
    Spi,
    SpiKind,
    decode_answer,
    encode_request,
    expected_version,
    gpio,
)

__all__ = ["LINE", "Sx1302Session", "open_sx1302"]

LINE = SerialSettings(baudrate=115_200)  # irrelevant on USB, as the vendor sets it
FIRST_PING_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 1.0
HEARTBEAT_S = 30.0
UPTIME_WRAP_MS = 2**32
ATTEMPTS = 3  # every command here may be repeated
CHIP_VERSION_REGISTER = 0x5606
CHIP_VERSIONS = {0x10: "1.0", 0x12: "1.2"}
OTP_ADDRESS_REGISTER, OTP_DATA_REGISTER = 0x6180, 0x6181
EUI_BYTES = 8
POWER_AND_RESET = ((1, 1), (2, 1), (2, 0), (8, 0), (8, 1))  # pins of port A: power on, SX1302 and SX1261 reset pulses


@asynccontextmanager
async def open_sx1302(config: DeviceConfig, around: Surroundings) -> AsyncIterator["Sx1302Session"]:
    """Open the port and drop what a former user left in it. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINE)
    try:
        exchange = Exchange(link, clock=around.clock, name="sx1302 microcontroller")
        await exchange.drain()
        yield Sx1302Session(
            exchange,
            interval_s=float(config.options.get("poll_s", HEARTBEAT_S)),
            gentle=bool(config.options.get("gentle")),
        )
    finally:
        await link.close()


class Sx1302Session(Session):
    """One concentrator card; `gentle` = ask nothing that needs the concentrator's reset."""

    def __init__(self, exchange: Exchange, *, interval_s: float = HEARTBEAT_S, gentle: bool = False) -> None:
        self._exchange = exchange
        self._ids = count()
        self._gentle = gentle
        self.interval_s = interval_s
        self._timeout_s = FIRST_PING_TIMEOUT_S
        self._uptime_ms: int | None = None
        self._restarts = 0

    async def identify(self) -> Values:
        ping = await self._ask(Command.PING)
        self._timeout_s = COMMAND_TIMEOUT_S
        version = ping.version or ""
        values: Values = {
            "model": "sx1302 USB microcontroller",
            "firmware": version,
            "serial": (ping.unique_id or b"").hex(),
            "eui": None,
            "chip_version": None,
            "frames": FRAMES,
        }
        # other firmware numbers its commands differently: no SPI there
        if expected_version(version) and not self._gentle:
            await self.reset_concentrator()
            chip = (await self._read(CHIP_VERSION_REGISTER))[0]
            values["chip_version"] = CHIP_VERSIONS.get(chip, f"{chip:#04x}")
            values["eui"] = (await self._eui()).hex()
        return values

    async def read(self) -> Values:
        status = await self._ask(Command.STATUS)
        celsius = None if status.temperature_c is None else float(status.temperature_c)
        self._note_uptime(status.uptime_ms or 0)
        return {"uptime_ms": status.uptime_ms, "temperature_c": celsius, "restarts": self._restarts}

    async def watch(self) -> None:
        await self._exchange.watch()

    async def keep_alive(self) -> None:
        await self._ask(Command.STATUS)

    def _note_uptime(self, uptime_ms: int) -> None:
        """Count a restart of the microcontroller: the concentrator is without power then, its forwarder deaf."""
        before_ms = uptime_ms if self._uptime_ms is None else self._uptime_ms
        if (uptime_ms - before_ms) % UPTIME_WRAP_MS >= UPTIME_WRAP_MS // 2:
            self._restarts += 1
        self._uptime_ms = uptime_ms

    async def reset_concentrator(self) -> None:
        """Power the concentrator up and pulse both resets; a restart without it fails (serial-devices 4, row 5)."""
        for pin, state in POWER_AND_RESET:
            answer = await self._send(gpio(self._next_id(), port=0, pin=pin, state=state))
            if answer.status:
                raise FrameRejected("gpio_refused", detail=f"A{pin}={state}: status {answer.status}")

    async def _eui(self) -> bytes:
        octets = []
        for index in range(EUI_BYTES):
            select = Spi(id=0, kind=SpiKind.WRITE, address=OTP_ADDRESS_REGISTER, data=bytes([index]))
            await self._send(Request(id=self._next_id(), command=Command.SPI, spi=(select,)))
            octets.append((await self._read(OTP_DATA_REGISTER))[0])
        return bytes(octets)

    async def _read(self, address: int) -> bytes:
        entry = Spi(id=0, kind=SpiKind.READ, address=address, count=1)
        answer = await self._send(Request(id=self._next_id(), command=Command.SPI, spi=(entry,)))
        (spi,) = answer.spi or ()
        return spi.data or b""

    async def _ask(self, command: Command) -> Answer:
        return await self._send(Request(id=self._next_id(), command=command))

    async def _send(self, request: Request) -> Answer:
        answer = await self._exchange.ask(
            encode_request(request),
            lambda raw: decode_answer(request, raw),
            timeout_s=self._timeout_s,
            attempts=ATTEMPTS,
        )
        if answer.rest_bytes:
            raise LinkLost(f"sx1302 microcontroller: {answer.rest_bytes} bytes that nobody asked for")
        return answer

    def _next_id(self) -> int:
        return next(self._ids) % 255
