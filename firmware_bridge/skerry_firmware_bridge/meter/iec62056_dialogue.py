"""The dialogue with a meter behind an optical head, IEC 62056-21 mode C (serial-devices 2.7): wake, speed, blocks.

`meter.iec62056_device` makes readings of what it returns; `meter.iec62056` has the messages.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from skerry_core.clock import Clock
from skerry_firmware_bridge.errors import DeviceTimeout, FrameRejected, LinkLost, ModuleRefused, ModuleUnfit
from skerry_firmware_bridge.exchange import Exchange
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
from skerry_firmware_bridge.meter.lines import MeterLine

__all__ = ["Dialogue"]

IDENTIFICATION_TIMEOUT_S = 5.0
READOUT_TIMEOUT_S = 90.0  # a readout at 300 baud takes tens of seconds
QUIET_S = 5.0  # and yet its characters follow each other: a head that fell off is silent
COMMAND_TIMEOUT_S = 5.0
TURN_LIMIT_S = 300.0  # nine thousand characters at 300 baud; the longest readouts have half of that
SWITCH_PAUSE = 1.25  # of the meter's reaction time: both ends change speed meanwhile
# a sleeping meter is woken by NULs for 2.1 to 2.3 s, and listens 1.5 to 1.7 s later
WAKE_NULS = 66
WAKE_S = WAKE_NULS * 10 / BAUDS[0] + 1.6
ATTEMPTS = 3
BLOCKS_LIMIT = 256  # partial blocks of one answer
READOUT, PROGRAMMING = 0, 1
NOT_UNDERSTOOD = (
    "Something answers, but not clearly: the meter may begin at another speed than the option baud says, or several "
    "answer at once and need the option address."
)
OTHER_MODE = "See whether it also has a P1 or Modbus port, or can be set to mode C."
_OTHER_MODE = re.compile(rb"/[A-Za-z]{3}[^0-9\x00-\x1f][^\r\n]*\r\n")
Answer = TypeVar("Answer")


Heard = tuple[Message, tuple[DataSet, ...]]


class Dialogue:
    """Asks one meter for its whole readout, or for single `registers` in programming mode.

    `baud` is where the meter listens for its request. `accept` is shown each answer, and refuses one that cannot be
    this meter's with `FrameRejected`. `password` guards the programming mode of some meters.
    """

    def __init__(
        self,
        line: MeterLine,
        *,
        clock: Clock,
        accept: Callable[[tuple[DataSet, ...]], None],
        address: str = "",
        wake: bool = False,
        baud: int = BAUDS[0],
        registers: tuple[str, ...] = (),
        password: str | None = None,
    ) -> None:
        self._line = line
        self._baud = baud
        self._name = f"meter {address}" if address else "meter"
        self._exchange = Exchange(line, clock=clock, name=self._name)
        self._clock = clock
        self._accept = accept
        self._address = address
        self._wake = wake
        self._registers = registers
        self._password = password

    async def run(self) -> Heard:
        """Return identification and data sets; what came damaged is repeated, after the other meters' turns.

        Raises `DeviceTimeout`, `FrameRejected`, `LinkLost`, `ModuleRefused`, `ModuleUnfit`.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._line.turn():
                    identification, data = await self._once_in_time()
                    self._accept(data)
                    return identification, data
            except FrameRejected:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _once_in_time(self) -> Heard:
        """Have one dialogue, and leave the line to the others in the end whatever the meter does."""
        try:
            async with self._clock.timeout(TURN_LIMIT_S):
                return await self._once()
        except TimeoutError:
            raise DeviceTimeout(f"{self._name}: its answer had no end within {TURN_LIMIT_S:g} s") from None

    async def _once(self) -> Heard:
        await self._set_speed(self._baud)
        if self._wake:
            await self._line.write(bytes(self._baud // BAUDS[0] * WAKE_NULS))
            await self._clock.sleep(WAKE_S)
            await self._exchange.drain()
        identification = await self._identify()
        if self._registers:
            return identification, await self._programmed(identification)
        option = await self._choose(identification, READOUT)
        return identification, await self._blocks(option, timeout_s=READOUT_TIMEOUT_S)

    async def _identify(self) -> Message:
        """Ask who is there; an answer that nobody understands may have come at another speed."""
        came = b""

        def heard(raw: bytes) -> Message:
            nonlocal came
            came = raw
            return _identification(raw)

        try:
            return await self._ask(request(self._address), heard, timeout_s=IDENTIFICATION_TIMEOUT_S)
        except (DeviceTimeout, FrameRejected) as error:
            if came:
                error.advising(NOT_UNDERSTOOD)
            raise

    async def _choose(self, identification: Message, mode: int) -> bytes:
        """Choose speed and mode; return what is still to be sent, for a link that cannot change its speed."""
        # such a link makes the meter stay at its opening speed
        baud = identification.baud if self._line.speed is not None and identification.baud else self._baud
        option = ack_option(baud_digit=BAUDS.index(baud), mode=mode)
        if self._line.speed is None:
            return option
        await self._line.write(option)
        await self._set_speed(self._baud)  # waits until the option has left the port
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
                return await self._ask(question, _block, timeout_s=timeout_s, quiet_s=QUIET_S)
            except FrameRejected as error:
                if error.reason != "bad_bcc" or attempt == ATTEMPTS - 1:
                    raise
                question = NAK
        raise AssertionError("unreachable")

    async def _programmed(self, identification: Message) -> tuple[DataSet, ...]:
        """Read the wanted registers one by one; the meter is left as it was found."""
        option = await self._choose(identification, PROGRAMMING)
        try:
            await self._ask(option, _command, timeout_s=COMMAND_TIMEOUT_S)  # its challenge
            await self._log_in()
            data: list[DataSet] = []
            for register in self._registers:
                question = encode_command("R1", f"{register}()")
                answer = await self._blocks(question, timeout_s=COMMAND_TIMEOUT_S)
                data += [_named(entry, register) for entry in answer]
            return tuple(data)
        finally:
            with suppress(LinkLost):  # a meter that is not let go keeps its speed, and hears nobody for a minute or two
                await self._line.write(encode_command("B0"))

    async def _log_in(self) -> None:
        if self._password is not None:
            login = encode_command("P1", f"({self._password})")
            await self._ask(login, _permission, timeout_s=COMMAND_TIMEOUT_S)

    async def _ask(
        self, question: bytes, decode: Callable[[bytes], Answer], *, timeout_s: float, quiet_s: float | None = None
    ) -> Answer:
        """Ask, and leave out the question where the head echoes what it sends, as many do."""

        def answered(raw: bytes) -> Answer:
            if question.startswith(raw):
                raise FrameRejected("incomplete", frame=raw)
            return decode(raw.removeprefix(question))

        return await self._exchange.ask(question, answered, timeout_s=timeout_s, quiet_s=quiet_s)

    async def _set_speed(self, baud: int) -> None:
        if self._line.speed is not None:
            await self._line.speed.set_baud(baud)


def _identification(raw: bytes) -> Message:
    start = raw.find(b"/")
    if start < 0 or not raw.endswith(b"\r\n"):
        raise FrameRejected("incomplete", frame=raw)
    if b"\0" in raw[start:]:
        raise FrameRejected("bad_parity", detail="its name came damaged", frame=raw)
    if _OTHER_MODE.fullmatch(raw[start:]):
        raise ModuleUnfit("The meter speaks mode A or B of IEC 62056-21; Skerry reads mode C").advising(OTHER_MODE)
    message = decode_message(raw[start:])
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
            raise ModuleRefused("P1", "the meter does not take the password in password_file") from None
        raise
    said = refusal.data[0].value if refusal.data else refusal.command
    raise ModuleRefused("P1", f"the meter does not take the password in password_file ({said})")


def _named(entry: DataSet, register: str) -> DataSet:
    """Give a value the register's name where the meter left it out. Raises `ModuleRefused` for an error message."""
    if entry.address is None and (entry.value or "").startswith("ER"):
        raise ModuleRefused(f"R1 {register}", str(entry.value).lower())
    return DataSet(address=entry.address or register, value=entry.value, unit=entry.unit)
