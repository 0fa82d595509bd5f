"""A serial port in the network (RFC 2217) with an emulated device at its far end, control lines included.

A pseudo-terminal has no DTR and RTS; here the device sees them. `PtyPort` and this class are exchangeable.
"""

import asyncio
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Self

from skerry_core.clock import Clock

__all__ = ["Rfc2217Port"]

SE, SB, WILL, WONT, DO, DONT, IAC = 240, 250, 251, 252, 253, 254, 255
BINARY, GO_AHEAD, COM_PORT = 0, 3, 44
SET_CONTROL, NOTIFY_MODEM, SET_LINE_MASK, SET_MODEM_MASK = 5, 7, 10, 11
STATE_MASKS = (SET_LINE_MASK, SET_MODEM_MASK)  # ser2net up to 4.6 does not acknowledge them, so nothing here does
TO_CLIENT = 100  # a server's answer has its question's number and this
LINES = {8: ("dtr", True), 9: ("dtr", False), 11: ("rts", True), 12: ("rts", False)}
MODEM_READY = bytes((0xB0,))  # carrier, data set ready and clear to send
LONGEST_OPTION = 64


class Rfc2217Port:
    """`async with Rfc2217Port(...) as port:` listens at `port.path`; `on_line` gets a line's name and level."""

    def __init__(
        self, *, name: str, clock: Clock, on_data: Callable[[bytes], None], on_line: Callable[[str, bool], None]
    ) -> None:
        self.name = name
        self._clock = clock
        self._on_data = on_data
        self._on_line = on_line
        self._server: asyncio.Server | None = None
        self._port = 0
        self._client: _Connection | None = None
        self._plugged = False

    @property
    def path(self) -> str:
        """Return what to open."""
        return f"rfc2217://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        self.plug()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def plug(self) -> None:
        """Let hosts in."""
        self._plugged = True

    def unplug(self) -> None:
        """Throw the host out, and let none in."""
        self._plugged = False
        if self._client is not None:
            self._client.close()

    def write(self, data: bytes) -> None:
        """Send bytes to whoever has the port open."""
        if self._client is not None:
            self._client.say(data.replace(b"\xff", b"\xff\xff"))

    def entered(self, client: "_Connection") -> bool:
        """Take a host in; False while another has the port, or while it is unplugged."""
        if not self._plugged or self._client is not None:
            return False
        self._client = client
        return True

    def left(self, client: "_Connection") -> None:
        """Take note that a host has gone; a port that is closed lets its lines fall."""
        if self._client is client:
            self._client = None
            for line in ("dtr", "rts"):
                self._on_line(line, False)

    def take(self, data: bytes) -> None:
        """Hand the host's bytes to the device."""
        self._on_data(data)

    def option(self, number: int, value: bytes) -> bytes | None:
        """Do what a COM-PORT-OPTION asks; return the answer's number and value."""
        if number == SET_CONTROL and value and value[0] in LINES:
            self._on_line(*LINES[value[0]])
        if number >= TO_CLIENT:
            return None
        return bytes((number + TO_CLIENT,)) + value


class _State(Enum):
    DATA = "data"
    COMMAND = "command"
    NEGOTIATION = "negotiation"
    OPTION = "option"
    OPTION_COMMAND = "option command"


class _Connection(asyncio.Protocol):
    """One host: telnet commands taken out of its bytes, one byte at a time."""

    def __init__(self, port: Rfc2217Port) -> None:
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._state = _State.DATA
        self._verb = 0
        self._option = bytearray()
        self._agreed: set[tuple[int, int]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._port.entered(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.left(self)

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def say(self, data: bytes) -> None:
        """Send raw bytes."""
        if self._transport is not None:
            self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        plain = bytearray()
        for byte in data:
            self._step(byte, plain)
        if plain:
            self._port.take(bytes(plain))

    def _step(self, byte: int, plain: bytearray) -> None:
        match self._state:
            case _State.DATA if byte == IAC:
                self._state = _State.COMMAND
            case _State.DATA:
                plain.append(byte)
            case _State.COMMAND:
                self._command(byte, plain)
            case _State.NEGOTIATION:
                self._negotiate(byte)
                self._state = _State.DATA
            case _State.OPTION if byte == IAC:
                self._state = _State.OPTION_COMMAND
            case _State.OPTION:
                if len(self._option) < LONGEST_OPTION:
                    self._option.append(byte)
            case _State.OPTION_COMMAND:
                self._option_command(byte)

    def _command(self, byte: int, plain: bytearray) -> None:
        self._state = _State.DATA
        if byte == IAC:
            plain.append(IAC)
        elif byte == SB:
            self._option.clear()
            self._state = _State.OPTION
        elif byte in {WILL, WONT, DO, DONT}:
            self._verb = byte
            self._state = _State.NEGOTIATION

    def _negotiate(self, option: int) -> None:
        """Agree to what a serial port needs, once, and refuse the rest."""
        known = option in {BINARY, GO_AHEAD, COM_PORT}
        answers = {WILL: DO if known else DONT, DO: WILL if known else WONT}
        answer = answers.get(self._verb)
        if answer is not None and (answer, option) not in self._agreed:
            self._agreed.add((answer, option))
            self.say(bytes((IAC, answer, option)))

    def _option_command(self, byte: int) -> None:
        if byte == IAC:
            self._option.append(IAC)
            self._state = _State.OPTION
            return
        self._state = _State.DATA
        if byte != SE or len(self._option) < 2 or self._option[0] != COM_PORT:
            return
        answer = self._port.option(self._option[1], bytes(self._option[2:]))
        if answer is not None and self._option[1] not in STATE_MASKS:
            self._answer(answer)
        if self._option[1] == SET_MODEM_MASK:
            self._answer(bytes((NOTIFY_MODEM + TO_CLIENT,)) + MODEM_READY)

    def _answer(self, answer: bytes) -> None:
        self.say(bytes((IAC, SB, COM_PORT)) + answer.replace(b"\xff", b"\xff\xff") + bytes((IAC, SE)))
