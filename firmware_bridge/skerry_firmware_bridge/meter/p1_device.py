"""A P1 meter as a device: it sends by itself, every second (version 5) or ten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.energy import EnergyReading, from_p1
from skerry_firmware_bridge.meter.p1 import P1Stream, Telegram, check_telegram
from skerry_firmware_bridge.meter.p1_values import P1Reading, read_telegram

__all__ = ["LINES", "P1Session", "open_p1"]

# the 7E1 of old versions is read as 8N1, and its parity bit masked: the bits on the wire are the same
LINES = {"p1": SerialSettings(baudrate=115_200), "p1-v2": SerialSettings(baudrate=9600)}
SILENCE_S = 35.0  # more than three telegrams of the slow versions
BAD_IN_A_ROW = 10  # then it is no longer noise at the start but a bad cable (serial-devices 4, row 21)


@asynccontextmanager
async def open_p1(config: DeviceConfig, around: Surroundings) -> AsyncIterator["P1Session"]:
    """Open the port. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINES[config.kind])
    try:
        yield P1Session(link, clock=around.clock)
    finally:
        await link.close()


class P1Session(Session):
    """One meter's stream of telegrams; bad ones are dropped and counted."""

    interval_s = 0.0

    def __init__(self, link: Link, *, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._stream = P1Stream()
        self._waiting: list[bytes] = []
        self._bad_in_a_row = 0
        self.bad_telegrams = 0

    async def identify(self) -> Values:
        telegram, reading = await self.next_reading()
        return {"model": telegram.header, "serial": reading.meter_id, "p1_version": reading.version}

    async def read(self) -> Values:
        telegram, reading = await self.next_reading()
        values = self._energy(telegram, reading).values() | {"bad_telegrams": self.bad_telegrams}
        for number, phase in enumerate(reading.phases, start=1):
            values[f"l{number}_voltage_v"] = None if phase.voltage_v is None else float(phase.voltage_v)
        for meter in reading.mbus:
            values[f"mbus{meter.channel}_value"] = None if meter.value is None else float(meter.value)
            values[f"mbus{meter.channel}_unit"] = meter.unit
        return values

    async def next_reading(self) -> tuple[Telegram, P1Reading]:
        """Return the next good telegram. Raises `DeviceTimeout`, `FrameRejected` after many bad ones, `LinkLost`."""
        while True:
            raw = await self._next_raw()
            try:
                telegram = check_telegram(raw)
            except FrameRejected:
                self.bad_telegrams += 1
                self._bad_in_a_row += 1
                if self._bad_in_a_row >= BAD_IN_A_ROW:
                    raise
                continue
            self._bad_in_a_row = 0
            return telegram, read_telegram(telegram)

    async def _next_raw(self) -> bytes:
        try:
            async with self._clock.timeout(SILENCE_S):
                while not self._waiting:
                    # 7E1 read as 8N1 leaves the parity in the top bit
                    data = bytes(byte & 0x7F for byte in await self._link.read())
                    self._waiting += self._stream.feed(data)
        except TimeoutError:
            raise DeviceTimeout(f"P1: no whole telegram within {SILENCE_S:g} s") from None
        return self._waiting.pop(0)

    @staticmethod
    def _energy(telegram: Telegram, reading: P1Reading) -> EnergyReading:
        return from_p1(reading, checked=telegram.has_crc)
