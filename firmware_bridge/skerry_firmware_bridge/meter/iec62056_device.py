"""A meter behind an optical head: IEC 62056-21 mode C readout (serial-devices 2.7)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import BaudLink, DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.exchange import Exchange
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.energy import EnergyReading, to_int
from skerry_firmware_bridge.meter.iec62056 import BAUDS, DataSet, Message, ack_option, decode_message, request

__all__ = ["LINE", "Iec62056Session", "open_iec62056"]

# 7E1 on the wire, made in software out of 8N1: the bits are the same, and every port and network server can do it.
# Optical heads take their power from DTR, which the system raises when the port is opened.
LINE = SerialSettings(baudrate=300)
IDENTIFICATION_TIMEOUT_S = 5.0
READOUT_TIMEOUT_S = 90.0  # a readout at 300 baud takes tens of seconds
SWITCH_PAUSE_S = 0.25  # both ends change speed meanwhile
POLL_S = 60.0
ATTEMPTS = 3
# what a readout calls the counters: with and without medium and channel
IMPORTED = ("1.8.0", "1-0:1.8.0", "1-1:1.8.0", "1-0:1.8.0*255")
EXPORTED = ("2.8.0", "1-0:2.8.0", "1-1:2.8.0", "1-0:2.8.0*255")
METER_ID = ("0.0.0", "0-0:96.1.0", "0-0:96.1.0*255", "1-0:0.0.0", "1-0:0.0.0*255", "C.1.0")
POWER = ("16.7.0", "1-0:16.7.0", "1.7.0", "1-0:1.7.0")
TO_BASE = {"kwh": 1000, "wh": 1, "mwh": 1_000_000, "kw": 1000, "w": 1}


@asynccontextmanager
async def open_iec62056(config: DeviceConfig, around: Surroundings) -> AsyncIterator["Iec62056Session"]:
    """Open the port at 300 baud. Raises `BridgeError`."""
    link = await around.open_link(config.url, LINE)
    try:
        exchange = Exchange(EvenParityLink(link), clock=around.clock, name="optical head")
        yield Iec62056Session(
            exchange,
            clock=around.clock,
            speed=link if isinstance(link, BaudLink) else None,
            address=str(config.options.get("address", "")),
            interval_s=float(config.options.get("poll_s", POLL_S)),
        )
    finally:
        await link.close()


class Iec62056Session(Session):
    """One meter; each reading is a whole readout."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock: Clock,
        speed: BaudLink | None = None,
        address: str = "",
        interval_s: float = POLL_S,
    ) -> None:
        self._exchange = exchange
        self._speed = speed
        self._clock = clock
        self._address = address
        self.interval_s = interval_s
        self._readout: tuple[DataSet, ...] | None = None

    async def identify(self) -> Values:
        identification, data = await self._with_retries()
        self._readout = data
        return {"maker": identification.maker, "model": identification.ident, "serial": _text(data, METER_ID)}

    async def read(self) -> Values:
        data, self._readout = self._readout, None
        if data is None:
            _, data = await self._with_retries()
        reading = EnergyReading(
            meter_id=_text(data, METER_ID),
            time_s=None,
            imported_wh=_base_units(data, IMPORTED),
            exported_wh=_base_units(data, EXPORTED),
            power_w=_base_units(data, POWER),
            quality="checked",
        )
        return reading.values()

    async def _with_retries(self) -> tuple[Message, tuple[DataSet, ...]]:
        for attempt in range(ATTEMPTS):
            try:
                return await self.readout()
            except FrameRejected:
                if attempt == ATTEMPTS - 1:
                    raise
                await self._exchange.drain()
        raise AssertionError("unreachable")

    async def readout(self) -> tuple[Message, tuple[DataSet, ...]]:
        """Return identification and data sets of one readout. Raises `DeviceTimeout`, `FrameRejected`, `LinkLost`."""
        await self._set_speed(BAUDS[0])
        hello = request(self._address)
        identification = await self._exchange.ask(
            hello, lambda raw: _identification(raw, echo=hello), timeout_s=IDENTIFICATION_TIMEOUT_S
        )
        # a link that cannot change speed makes the meter stay at its opening speed
        baud = identification.baud if self._speed is not None and identification.baud else BAUDS[0]
        option = ack_option(baud_digit=BAUDS.index(baud), mode=0)
        if self._speed is not None:
            await self._exchange.link.write(option)
            await self._clock.sleep(SWITCH_PAUSE_S)
            await self._set_speed(baud)
            option = b""
        message = await self._exchange.ask(option, _block, timeout_s=READOUT_TIMEOUT_S)
        return identification, message.data

    async def _set_speed(self, baud: int) -> None:
        if self._speed is not None:
            await self._speed.set_baud(baud)


class EvenParityLink(Link):
    """Adds the even parity bit to what is written, takes it from what is read."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.key, self.url = link.key, link.url

    async def read(self) -> bytes:
        return bytes(byte & 0x7F for byte in await self._link.read())

    async def write(self, data: bytes) -> None:
        await self._link.write(bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data))

    async def close(self) -> None:
        await self._link.close()


def _identification(raw: bytes, *, echo: bytes) -> Message:
    text = raw.removeprefix(echo)  # many heads echo what they send
    start = text.find(b"/")
    if start < 0 or not text.endswith(b"\r\n"):
        raise FrameRejected("incomplete", frame=raw)
    message = decode_message(text[start:])
    if message.kind != "identification":
        raise FrameRejected("malformed", detail=f"expected an identification, got {message.kind}", frame=raw)
    return message


def _block(raw: bytes) -> Message:
    start, end = raw.find(b"\x02"), raw.find(b"\x03")
    if start < 0 or end < 0 or len(raw) < end + 2:
        raise FrameRejected("incomplete", frame=raw)
    return decode_message(raw[start : end + 2])


def _find(data: tuple[DataSet, ...], names: tuple[str, ...]) -> DataSet | None:
    return next((entry for name in names for entry in data if entry.address == name), None)


def _text(data: tuple[DataSet, ...], names: tuple[str, ...]) -> str | None:
    entry = _find(data, names)
    return None if entry is None else entry.value


def _base_units(data: tuple[DataSet, ...], names: tuple[str, ...]) -> int | None:
    entry = _find(data, names)
    if entry is None or entry.value is None or entry.unit is None:
        return None
    factor = TO_BASE.get(entry.unit.lower())
    try:
        value = Decimal(entry.value)
    except InvalidOperation:
        return None
    return to_int(value, factor) if factor is not None and value.is_finite() else None
