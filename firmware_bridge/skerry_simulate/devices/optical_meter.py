"""Electricity meters that are asked (IEC 62056-21 mode C): one behind an optical head, or several on one line."""

from collections.abc import Sequence
from itertools import zip_longest

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.checksums import iec_bcc
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.meter.iec62056 import (
    ACK,
    NAK,
    DataSet,
    Message,
    decode_message,
    encode_command,
    encode_readout,
    plain_address,
)
from skerry_simulate.devices.firmware import Firmware
from skerry_simulate.devices.meter import Household, kilo

__all__ = ["MeterLineFirmware", "OpticalMeterFirmware"]

IDLE = 0xFF  # what a line has while nobody sends


class MeterLineFirmware(Firmware):
    """Meters on one line: all hear everything, who is asked answers, and two at once spoil each other's bytes.

    `silent` = serial numbers of the meters that have lost their power.
    """

    def __init__(self, meters: Sequence["OpticalMeterFirmware"]) -> None:
        self.meters = list(meters)
        self.silent: set[str] = set()

    def receive(self, data: bytes) -> bytes:
        powered = [meter for meter in self.meters if meter.serial not in self.silent]
        answers = [(meter, answer) for meter in powered if (answer := meter.receive(data))]
        for speaker, answer in answers:
            for other in powered:
                if other is not speaker:
                    other.receive(answer)
        columns = zip_longest(*(answer for _, answer in answers), fillvalue=IDLE)
        return bytes(_together(column) for column in columns)

    def reset(self) -> bytes:
        for meter in self.meters:
            meter.reset()
        return b""


def _together(column: Sequence[int]) -> int:
    """Return what a line has while several drive it: a zero of one of them wins."""
    level = IDLE
    for byte in column:
        level &= byte
    return level


class OpticalMeterFirmware(Firmware):
    """Sends a readout, or single registers in programming mode; parity is put on what it sends.

    `battery` = it sleeps until woken by NULs; `password` guards the programming mode; `blocks` = the readout comes in
    so many partial blocks.
    """

    NULS = 50  # and then silence, before it listens
    LISTENS_AFTER_NS, LISTENS_UNTIL_NS = 1_400_000_000, 5 * NS_PER_S

    def __init__(
        self,
        *,
        clock: Clock,
        serial: str = "12345678",
        maker: str = "SKY",
        battery: bool = False,
        password: str | None = None,
        blocks: int = 1,
    ) -> None:
        self._clock = clock
        self._household = Household(clock)
        self.serial = serial
        self._maker = maker
        self._battery = battery
        self._password = password
        self._count = blocks
        self._received = self._sent = b""
        self._nuls = self._woken_ns = 0
        self._is_asked = self._is_programmed = self._allowed = False
        self._waiting: list[bytes] = []

    def receive(self, data: bytes) -> bytes:
        text = bytes(byte & 0x7F for byte in data)
        if nuls := text.count(0):
            self._nuls, self._woken_ns = self._nuls + nuls, self._clock.monotonic_ns()
        self._received = (self._received + text.replace(b"\0", b""))[-256:]
        answers = b""
        while (frame := self._cut()) is not None:
            answers += self._answer(frame)
        return _even_parity(answers)

    def reset(self) -> bytes:
        self._received = b""
        self._nuls = self._woken_ns = 0
        self._rest()
        return b""

    def _rest(self) -> None:
        """Listen for a request, and for nothing else."""
        self._sent, self._waiting = b"", []
        self._is_asked = self._is_programmed = self._allowed = False

    def _cut(self) -> bytes | None:
        """Take one frame off what was received; a lone ACK or NAK is one while a block waits for its answer."""
        buffer = self._received
        if self._sent and buffer[:1] in (ACK, NAK):
            end = 1
        elif buffer.startswith(b"\x01"):
            end = buffer.find(b"\x03") + 2
            end = 0 if end < 2 or end > len(buffer) else end
        else:
            end = buffer.find(b"\r\n") + 2
            end = 0 if end < 2 else end
        self._received = buffer[end:]
        return buffer[:end] if end else None

    def _answer(self, frame: bytes) -> bytes:
        if self._sent and frame in (ACK, NAK):
            return self._next_block() if frame == ACK else self._sent
        try:
            message = decode_message(frame[max(frame.rfind(b"/"), frame.rfind(b"\x06"), frame.rfind(b"\x01"), 0) :])
        except FrameRejected:
            return b""
        match message.kind:
            case "request":
                self._rest()
                self._is_asked = self._is_meant(message.address) and self._listens()
                return f"/{self._maker}5SKERRY-EMU\r\n".encode() if self._is_asked else b""
            case "option_select" if self._is_asked and message.mode == 0:
                self._waiting = self._blocks()
                return self._next_block()
            case "option_select" if self._is_asked and message.mode == 1:
                self._is_programmed, self._allowed = True, self._password is None
                return encode_command("P0", "(00000000)")
            case "command" if self._is_programmed:
                return self._obey(message)
        return b""

    def _is_meant(self, address: str | None) -> bool:
        return address is None or plain_address(address) == plain_address(self.serial)

    def _obey(self, message: Message) -> bytes:
        entry = message.data[0] if message.data else DataSet(address=None, value=None, unit=None)
        match message.command:
            case "P1":
                self._allowed = self._allowed or entry.value == self._password
                return ACK if self._allowed else _block("(ER03)")
            case "R1" if self._allowed:
                return _block(f"({self._registers().get(entry.address or '', 'ER01')})")
            case "R1":
                return _block("(ER04)")
        self._rest()
        return b""

    def _listens(self) -> bool:
        if not self._battery:
            return True
        rested_ns = self._clock.monotonic_ns() - self._woken_ns
        return self._nuls >= self.NULS and self.LISTENS_AFTER_NS <= rested_ns <= self.LISTENS_UNTIL_NS

    def _next_block(self) -> bytes:
        self._sent = self._waiting.pop(0) if self._waiting else b""
        return self._sent

    def _registers(self) -> dict[str, str]:
        imported, exported = self._household.energies_wh
        return {
            "0.0.0": self.serial,
            "1.8.0": f"{kilo(imported, 6)}*kWh",
            "2.8.0": f"{kilo(exported, 6)}*kWh",
            "16.7.0": f"{self._household.power_w / 1000:.3f}*kW",
        }

    def _blocks(self) -> list[bytes]:
        lines = [f"{address}({value})\r\n" for address, value in self._registers().items()]
        share = -(-len(lines) // self._count)
        parts = ["".join(lines[at : at + share]) for at in range(0, len(lines), share)]
        return [*(_block(part, last=False) for part in parts[:-1]), encode_readout(parts[-1])]


def _block(text: str, *, last: bool = True) -> bytes:
    body = text.encode("latin-1") + (b"\x03" if last else b"\x04")
    return b"\x02" + body + bytes([iec_bcc(body)])


def _even_parity(data: bytes) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data)
