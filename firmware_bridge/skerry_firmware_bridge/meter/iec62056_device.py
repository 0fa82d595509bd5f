"""A meter behind an optical head: IEC 62056-21 mode C, as a readout or register by register (serial-devices 2.7)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path

from skerry_core.clock import Clock
from skerry_firmware_bridge.device import BaudLink, DeviceConfig, Session, Surroundings, Values
from skerry_firmware_bridge.errors import FrameRejected, LinkLost, LinkRefused, ModuleRefused
from skerry_firmware_bridge.exchange import Exchange
from skerry_firmware_bridge.links.base import Link
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.meter.energy import EnergyReading, to_int
from skerry_firmware_bridge.meter.iec62056 import (
    ACK,
    BAUDS,
    NAK,
    DataSet,
    Message,
    ack_option,
    decode_message,
    encode_command,
    request,
)

__all__ = ["LINE", "Iec62056Session", "open_iec62056"]

# 7E1 on the wire, made in software out of 8N1: the bits are the same, and every port and network server can do it.
# Optical heads take their power from DTR, which the system raises when the port is opened.
LINE = SerialSettings(baudrate=300)
IDENTIFICATION_TIMEOUT_S = 5.0
READOUT_TIMEOUT_S = 90.0  # a readout at 300 baud takes tens of seconds
QUIET_S = 5.0  # and yet its characters follow each other: a head that fell off is silent
COMMAND_TIMEOUT_S = 5.0
SWITCH_PAUSE = 1.25  # of the meter's reaction time: both ends change speed meanwhile
# a sleeping meter is woken by NULs for 2.1 to 2.3 s, and listens 1.5 to 1.7 s later
WAKE_NULS = 66
WAKE_S = WAKE_NULS * 10 / BAUDS[0] + 1.6
POLL_S = 60.0
ATTEMPTS = 3
BLOCKS_LIMIT = 256  # partial blocks of one answer
# what a readout calls the counters: with and without medium and channel
IMPORTED = ("1.8.0", "1-0:1.8.0", "1-1:1.8.0", "1-0:1.8.0*255")
EXPORTED = ("2.8.0", "1-0:2.8.0", "1-1:2.8.0", "1-0:2.8.0*255")
METER_ID = ("0.0.0", "0-0:96.1.0", "0-0:96.1.0*255", "1-0:0.0.0", "1-0:0.0.0*255", "C.1.0")
POWER = ("16.7.0", "1-0:16.7.0", "1.7.0", "1-0:1.7.0")
TO_BASE = {"kwh": 1000, "wh": 1, "mwh": 1_000_000, "kw": 1000, "w": 1}
READOUT, PROGRAMMING = 0, 1


@asynccontextmanager
async def open_iec62056(config: DeviceConfig, around: Surroundings) -> AsyncIterator["Iec62056Session"]:
    """Open the port at 300 baud. Raises `BridgeError`."""
    options = config.options
    password = await asyncio.to_thread(_password, str(options.get("password_file", "")))
    link = await around.open_link(config.url, LINE)
    try:
        exchange = Exchange(EvenParityLink(link), clock=around.clock, name="optical head")
        yield Iec62056Session(
            exchange,
            clock=around.clock,
            speed=await _changeable(link),
            address=str(options.get("address", "")),
            wake=bool(options.get("wake")),
            registers=tuple(filter(None, str(options.get("registers", "")).split(","))),
            password=password,
            interval_s=float(options.get("poll_s", POLL_S)),
        )
    finally:
        await link.close()


class Iec62056Session(Session):
    """One meter; each reading is a whole readout, or those `registers` in programming mode, where it has no other."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        clock: Clock,
        speed: BaudLink | None = None,
        address: str = "",
        wake: bool = False,
        registers: tuple[str, ...] = (),
        password: str | None = None,
        interval_s: float = POLL_S,
    ) -> None:
        self._exchange = exchange
        self._speed = speed
        self._clock = clock
        self._address = address
        self._wake = wake
        self._registers = registers
        self._password = password
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

    async def watch(self) -> None:
        await self._exchange.watch()

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
        """Return identification and data sets. Raises `DeviceTimeout`, `FrameRejected`, `LinkLost`, `ModuleRefused`."""
        await self._set_speed(BAUDS[0])
        if self._wake:
            await self._exchange.link.write(bytes(WAKE_NULS))
            await self._clock.sleep(WAKE_S)
            await self._exchange.drain()
        hello = request(self._address)
        identification = await self._exchange.ask(
            hello, lambda raw: _identification(raw, echo=hello), timeout_s=IDENTIFICATION_TIMEOUT_S
        )
        if self._registers:
            return identification, await self._programmed(identification)
        option = await self._choose(identification, READOUT)
        return identification, await self._blocks(option, timeout_s=READOUT_TIMEOUT_S)

    async def _choose(self, identification: Message, mode: int) -> bytes:
        """Choose speed and mode; return what is still to be sent, for a link that cannot change its speed."""
        # such a link makes the meter stay at its opening speed
        baud = identification.baud if self._speed is not None and identification.baud else BAUDS[0]
        option = ack_option(baud_digit=BAUDS.index(baud), mode=mode)
        if self._speed is None:
            return option
        await self._exchange.link.write(option)
        await self._set_speed(BAUDS[0])  # waits until the option has left the port
        await self._clock.sleep(SWITCH_PAUSE * (identification.reaction_ms or 0) / 1000)
        await self._set_speed(baud)
        return b""

    async def _blocks(self, question: bytes, *, timeout_s: float) -> tuple[DataSet, ...]:
        """Return the data of an answer in one or more blocks; a damaged block is asked for again."""
        data: tuple[DataSet, ...] = ()
        for _ in range(BLOCKS_LIMIT):
            message = await self._block(question, timeout_s=timeout_s)
            data += message.data
            if message.last:
                return data
            question = ACK
        raise FrameRejected("endless", detail=f"more than {BLOCKS_LIMIT} blocks")

    async def _block(self, question: bytes, *, timeout_s: float) -> Message:
        for attempt in range(ATTEMPTS):
            try:
                return await self._exchange.ask(question, _block, timeout_s=timeout_s, quiet_s=QUIET_S)
            except FrameRejected as error:
                if error.reason != "bad_bcc" or attempt == ATTEMPTS - 1:
                    raise
                question = NAK
        raise AssertionError("unreachable")

    async def _programmed(self, identification: Message) -> tuple[DataSet, ...]:
        """Read the wanted registers one by one; the meter is left as it was found."""
        option = await self._choose(identification, PROGRAMMING)
        await self._exchange.ask(option, _command, timeout_s=COMMAND_TIMEOUT_S)  # its challenge
        data: list[DataSet] = []
        try:
            if self._password is not None:
                login = encode_command("P1", f"({self._password})")
                await self._exchange.ask(login, _permission, timeout_s=COMMAND_TIMEOUT_S)
            for register in self._registers:
                question = encode_command("R1", f"{register}()")
                answer = await self._blocks(question, timeout_s=COMMAND_TIMEOUT_S)
                data += [_named(entry, register) for entry in answer]
        finally:
            with suppress(LinkLost):
                await self._exchange.link.write(encode_command("B0"))
        return tuple(data)

    async def _set_speed(self, baud: int) -> None:
        if self._speed is not None:
            await self._speed.set_baud(baud)


async def _changeable(link: Link) -> BaudLink | None:
    """Return the link where its speed can be changed: a bare network socket's far end keeps its own."""
    if isinstance(link, BaudLink):
        with suppress(NotImplementedError):
            await link.set_baud(BAUDS[0])
            return link
    return None


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
    """Cut a block out of what came: from STX to the check behind ETX (the last block) or EOT."""
    start = raw.find(b"\x02")
    ends = [end for end in (raw.find(mark, start) for mark in (b"\x03", b"\x04")) if end >= 0]
    if start < 0 or not ends or len(raw) < min(ends) + 2:
        raise FrameRejected("incomplete", frame=raw)
    return decode_message(raw[start : min(ends) + 2])


def _command(raw: bytes) -> Message:
    start, end = raw.find(b"\x01"), raw.find(b"\x03")
    if start < 0 or end < 0 or len(raw) < end + 2:
        raise FrameRejected("incomplete", frame=raw)
    return decode_message(raw[start : end + 2])


def _permission(raw: bytes) -> None:
    """Accept an ACK; anything else that is whole is the meter's refusal."""
    if raw.endswith(ACK):
        return
    try:
        refusal = _block(raw) if b"\x02" in raw else _command(raw)
    except FrameRejected:
        if raw.endswith(NAK):
            raise ModuleRefused("P1", "the meter does not take the password") from None
        raise
    said = refusal.data[0].value if refusal.data else refusal.command
    raise ModuleRefused("P1", f"the meter does not take the password ({said})")


def _named(entry: DataSet, register: str) -> DataSet:
    """Give a value the register's name where the meter left it out. Raises `ModuleRefused` for an error message."""
    if entry.address is None and (entry.value or "").startswith("ER"):
        raise ModuleRefused(f"R1 {register}", str(entry.value).lower())
    return DataSet(address=entry.address or register, value=entry.value, unit=entry.unit)


def _password(path: str) -> str | None:
    """Read the password from its file, so that it stands in no setting. Raises `LinkRefused`."""
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="latin-1").strip()
    except OSError as error:
        raise LinkRefused(
            "E_METER_PASSWORD", f"Cannot read {path}: {error.strerror}.", remedy="Check password_file."
        ) from None


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
