"""A P1 meter as a device: it sends by itself, every second (version 5) or ten."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.device import DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.energy import from_p1, to_int
from skerry_firmware_bridge.meter.p1 import P1Stream, Telegram, check_telegram
from skerry_firmware_bridge.meter.p1_trouble import HEARD_BYTES, encrypted, no_telegram
from skerry_firmware_bridge.meter.p1_values import MBusReading, P1Reading, Phase, read_telegram

__all__ = ["LINES", "P1Session", "open_p1"]

# the 7E1 of old versions is read as 8N1, and its parity bit masked: the bits on the wire are the same
LINES = {"p1": SerialSettings(baudrate=115_200), "p1-v2": SerialSettings(baudrate=9600)}
SILENCE_S = 35.0  # more than three telegrams of the slow versions
SHORTEST_SILENCE_S = 5.0
MISSED_TELEGRAMS = 3.5  # once the meter's pace is known, so many periods without a telegram are silence
BAD_IN_A_ROW = 10  # then it is no longer noise at the start but a bad cable (serial-devices 4, row 21)
TARIFFS = ("t1", "t2")


@asynccontextmanager
async def open_p1(config: DeviceConfig, around: Surroundings) -> AsyncIterator["P1Session"]:
    """Open the port. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINES[config.kind])
    try:
        yield P1Session(link, clock=around.clock, kind=config.kind)
    finally:
        await link.close()


class P1Session(Session):
    """One meter's stream of telegrams; bad ones are dropped and counted."""

    interval_s = 0.0

    def __init__(self, link: Link, *, clock: Clock, kind: str = "p1") -> None:
        self._link = link
        self._kind = kind
        self._clock = clock
        self._stream = P1Stream()
        self._waiting: list[bytes] = []
        self._heard = b""  # since the latest telegram, with its top bits
        self._prints_checks = False
        self._bad_in_a_row = 0
        self._first: tuple[Telegram, P1Reading] | None = None
        self._silence_s = SILENCE_S
        self._last_ns: int | None = None
        self.bad_telegrams = 0

    async def identify(self) -> Values:
        self._first = await self.next_reading()
        return _identity(*self._first)

    async def read(self) -> Values:
        # the telegram that told who the meter is has readings too, and the next may be ten seconds away
        first, self._first = self._first, None
        telegram, reading = first or await self.next_reading()
        # the meter may have been exchanged since it was identified
        values = _identity(telegram, reading) | from_p1(reading, checked=telegram.has_crc).values()
        values["bad_telegrams"] = self.bad_telegrams
        for direction, registers in (("imported", reading.import_kwh), ("exported", reading.export_kwh)):
            for name, kwh in zip(TARIFFS, registers[1:], strict=True):
                values[f"{direction}_{name}_wh"] = to_int(kwh, 1000)
        values["tariff"] = reading.tariff
        for number, phase in enumerate(reading.phases, start=1):
            values |= _phase_values(f"l{number}", phase)
        for meter in reading.mbus:
            values |= _mbus_values(f"mbus{meter.channel}", meter)
        return values

    async def next_reading(self) -> tuple[Telegram, P1Reading]:
        """Return the next good telegram.

        Raises `DeviceTimeout`, `LinkLost`, `FrameRejected` after many bad ones, `ModuleUnfit` when they are encrypted.
        """
        while True:
            raw = await self._next_raw()
            try:
                telegram, reading = self._checked(raw)
            except FrameRejected:
                self.bad_telegrams += 1
                self._bad_in_a_row += 1
                if self._bad_in_a_row >= BAD_IN_A_ROW:
                    raise FrameRejected(
                        "bad_telegrams", detail=f"{BAD_IN_A_ROW} telegrams in a row had a wrong checksum"
                    ).advising("Characters get lost or changed on the way: try another cable or USB port.") from None
                continue
            self._bad_in_a_row = 0
            self._note_pace()
            return telegram, reading

    def _checked(self, raw: bytes) -> tuple[Telegram, P1Reading]:
        """Raise `FrameRejected` also when a meter that prints checksums seems to print none: it was lost on the way."""
        telegram = check_telegram(raw)
        reading = read_telegram(telegram)
        # the versions that tell their number print a checksum
        if not telegram.has_crc and (self._prints_checks or reading.version is not None):
            raise FrameRejected("bad_crc", detail="the checksum is missing", frame=raw)
        self._prints_checks = telegram.has_crc
        return telegram, reading

    def _note_pace(self) -> None:
        """Learn the meter's period from two good telegrams; a lost one in between only makes it too long."""
        now_ns = self._clock.monotonic_ns()
        if self._last_ns is not None:
            period_s = (now_ns - self._last_ns) / NS_PER_S
            self._silence_s = min(SILENCE_S, max(SHORTEST_SILENCE_S, MISSED_TELEGRAMS * period_s))
        self._last_ns = now_ns

    async def _next_raw(self) -> bytes:
        try:
            async with self._clock.timeout(self._silence_s):
                while not self._waiting:
                    self._hear(await self._link.read())
        except TimeoutError:
            raise no_telegram(self._heard, kind=self._kind, limit_s=self._silence_s) from None
        self._heard = b""
        return self._waiting.pop(0)

    def _hear(self, data: bytes) -> None:
        """Take bytes in. Raises `ModuleUnfit` for those of a meter that encrypts."""
        self._heard = (self._heard + data)[-HEARD_BYTES:]
        # 7E1 read as 8N1 leaves the parity in the top bit
        self._waiting += self._stream.feed(bytes(byte & 0x7F for byte in data))
        if (refusal := encrypted(self._heard)) is not None:
            raise refusal


def _identity(telegram: Telegram, reading: P1Reading) -> Values:
    return {"model": telegram.header, "serial": reading.meter_id, "p1_version": reading.version}


def _phase_values(name: str, phase: Phase) -> Values:
    power = None if phase.import_kw is None else phase.import_kw - (phase.export_kw or 0)
    return {
        f"{name}_voltage_v": _number(phase.voltage_v),
        f"{name}_current_a": _number(phase.current_a),
        f"{name}_power_w": to_int(power, 1000),
    }


def _mbus_values(name: str, meter: MBusReading) -> Values:
    """Return what a meter behind the meter says: type 3 gas, 4 heat, 7 water, 12 cooling."""
    return {
        f"{name}_id": meter.id,
        f"{name}_type": meter.type,
        f"{name}_time_s": meter.time_s,
        f"{name}_value": _number(meter.value),
        f"{name}_unit": meter.unit,
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
