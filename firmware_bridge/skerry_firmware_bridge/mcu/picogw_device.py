"""The PicoCell gateway as a diagnostic device: identity, firmware, chip version, counter, reset.

It reads no LoRa frames: those come through the vendor's packet forwarder.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected, LinkLost
from skerry_firmware_bridge.exchange import Exchange
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.mcu import FRAMES
from skerry_firmware_bridge.mcu.picogw import Command, decode_answer, encode_request

__all__ = ["LINE", "PicoGatewaySession", "open_picogw"]

LINE = SerialSettings(baudrate=115_200)
FIRMWARE_VERSION = 0x010A0006
CHIP_VERSION_REGISTER = 1
CHIP_VERSION = 103
COMMAND_TIMEOUT_S = 1.0
HEARTBEAT_S = 30.0
AFTER_RESET_S = 1.2  # it resets 200 ms after its answer, and needs a second
ATTEMPTS = 3  # every command here may be repeated


@asynccontextmanager
async def open_picogw(config: DeviceConfig, around: Surroundings) -> AsyncIterator["PicoGatewaySession"]:
    """Open the port and drop what a former user left in it. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINE)
    try:
        exchange = Exchange(link, clock=around.clock, name="PicoCell gateway")
        await exchange.drain()
        session = PicoGatewaySession(exchange, interval_s=float(config.options.get("poll_s", HEARTBEAT_S)))
        if config.options.get("reset"):
            await session.reset(around.clock)
        yield session
    finally:
        await link.close()


class PicoGatewaySession(Session):
    """One PicoCell."""

    def __init__(self, exchange: Exchange, *, interval_s: float = HEARTBEAT_S) -> None:
        self._exchange = exchange
        self.interval_s = interval_s

    async def identify(self) -> Values:
        try:
            unique_id = await self._ask(Command.FIRMWARE, data=FIRMWARE_VERSION.to_bytes(4, "big"))
        except FrameRejected as error:
            if error.reason != "refused":
                raise
            # the gateway refuses when it runs another firmware
            return {"model": "picoGW", "firmware": "other", "serial": None, "chip_version": None, "frames": FRAMES}
        chip = await self._ask(Command.READ, address=CHIP_VERSION_REGISTER, data=b"\0")
        if chip != bytes([CHIP_VERSION]):
            raise FrameRejected("wrong_chip", detail=f"version register reads {chip.hex()}, expected {CHIP_VERSION}")
        return {
            "model": "picoGW",
            "firmware": f"{FIRMWARE_VERSION:#010x}",
            "serial": unique_id.hex(),
            "chip_version": chip[0],
            "frames": FRAMES,
        }

    async def read(self) -> Values:
        counter = await self._ask(Command.TRIGGER)
        return {"counter_us": int.from_bytes(counter, "big")}

    async def watch(self) -> None:
        await self._exchange.watch()

    async def keep_alive(self) -> None:
        await self._ask(Command.TRIGGER)

    async def reset(self, clock: Clock) -> None:
        """Restart SX1308 and microcontroller and wait until they answer again."""
        await self._ask(Command.RESET)
        await clock.sleep(AFTER_RESET_S)
        await self._exchange.drain()

    async def _ask(self, command: Command, *, address: int = 0, data: bytes = b"") -> bytes:
        answer = await self._exchange.ask(
            encode_request(command, address=address, data=data),
            lambda raw: decode_answer(command, raw),
            timeout_s=COMMAND_TIMEOUT_S,
            attempts=ATTEMPTS,
        )
        if answer.rest_bytes:
            raise LinkLost(f"PicoCell gateway: {answer.rest_bytes} bytes that nobody asked for")
        return answer.data
