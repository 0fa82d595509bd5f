"""The microcontrollers in front of concentrators: the CoreCell USB card (SX1302) and the PicoCell (SX1308)."""

from collections.abc import Callable

from skerry_core.clock import NS_PER_MS, Clock
from skerry_firmware_bridge.checksums import sum8
from skerry_simulate.devices.firmware import Firmware

__all__ = ["CoreCellFirmware", "PicoCellFirmware"]

CHIP_VERSION_REGISTER, CHIP_VERSION = 0x5606, 0x10
OTP_ADDRESS_REGISTER, OTP_DATA_REGISTER = 0x6180, 0x6181
PICO_CHIP_VERSION = 103
PICO_FIRMWARE = 0x010A0006


class CoreCellFirmware(Firmware):
    """Answers PING, STATUS, GPIO, RESET and SPI batches; registers are a memory, the EUI sits behind the OTP window."""

    def __init__(
        self, *, clock: Clock, eui: bytes = bytes.fromhex("0016c001f0000001"), version: str = "V01.00.00"
    ) -> None:
        self._clock = clock
        self._eui = eui
        self._version = version
        self._registers = {CHIP_VERSION_REGISTER: CHIP_VERSION}
        self._started_ns = clock.monotonic_ns()
        self._received = b""
        self.pins: list[tuple[int, int, int]] = []

    def receive(self, data: bytes) -> bytes:
        self._received += data
        answers = b""
        while len(self._received) >= 4:
            size = 4 + int.from_bytes(self._received[1:3], "big")
            if len(self._received) < size:
                break
            frame, self._received = self._received[:size], self._received[size:]
            answers += self._answer(frame[0], frame[3], frame[4:])
        return answers

    def reset(self) -> bytes:
        self._received = b""
        self._started_ns = self._clock.monotonic_ns()
        return b""

    def _answer(self, request_id: int, command: int, payload: bytes) -> bytes:
        commands: dict[int, Callable[[bytes], bytes]] = {
            0: self._ping,
            1: self._status,
            2: lambda _: b"",
            3: lambda _: b"\0",
            4: self._gpio,
            5: self._spi,
        }
        known = commands.get(command)
        body = known(payload) if known else b""
        code = 0x40 + command if known else 0xFF
        return bytes([request_id]) + len(body).to_bytes(2, "big") + bytes([code]) + body

    def _ping(self, payload: bytes) -> bytes:
        del payload
        return bytes([sum8(self._eui)]) * 4 + self._eui + self._version.encode()

    def _status(self, payload: bytes) -> bytes:
        del payload
        uptime_ms = (self._clock.monotonic_ns() - self._started_ns) // NS_PER_MS
        return (uptime_ms & 0xFFFFFFFF).to_bytes(4, "big") + (2345).to_bytes(2, "big", signed=True)

    def _gpio(self, payload: bytes) -> bytes:
        port, pin, state = payload
        self.pins.append((port, pin, state))
        return b"\0"

    def _spi(self, payload: bytes) -> bytes:
        answers = b""
        while payload:
            if payload[1] == 2:
                answers += self._modify(payload[:6])
                payload = payload[6:]
            else:
                size = int.from_bytes(payload[3:5], "big")
                clocked = self._clock_through(payload[5 : 5 + size])
                answers += payload[:1] + b"\1\0" + size.to_bytes(2, "big") + clocked
                payload = payload[5 + size :]
        return answers

    def _modify(self, entry: bytes) -> bytes:
        address = int.from_bytes(entry[2:4], "big")
        mask, value = entry[4], entry[5]
        old = self._registers.get(address, 0)
        new = (old & ~mask | value & mask) & 0xFF
        self._registers[address] = new
        return entry[:1] + b"\2\0" + bytes([old, new])

    def _clock_through(self, sent: bytes) -> bytes:
        if len(sent) < 4 or sent[0] != 0:
            return bytes(len(sent))
        address = int.from_bytes(sent[1:3], "big") & 0x7FFF
        if sent[1] & 0x80:
            for offset, value in enumerate(sent[3:]):
                self._registers[address + offset] = value
            return bytes(len(sent))
        return sent[:4] + bytes(self._read(address + offset) for offset in range(len(sent) - 4))

    def _read(self, address: int) -> int:
        if address == OTP_DATA_REGISTER:
            return self._eui[self._registers.get(OTP_ADDRESS_REGISTER, 0) % len(self._eui)]
        return self._registers.get(address, 0)


class PicoCellFirmware(Firmware):
    """Answers identity, register, counter and reset commands; anything else gets the negative answer `k`."""

    def __init__(self, *, clock: Clock, unique_id: bytes = b"86516061") -> None:
        self._clock = clock
        self._unique_id = unique_id
        self._registers = {1: PICO_CHIP_VERSION}
        self._received = b""
        self.resets = 0

    def receive(self, data: bytes) -> bytes:
        self._received += data
        answers = b""
        while len(self._received) >= 4:
            size = 4 + int.from_bytes(self._received[1:3], "big")
            if len(self._received) < size:
                break
            frame, self._received = self._received[:size], self._received[size:]
            answers += self._answer(chr(frame[0]), frame[3], frame[4:])
        return answers

    def reset(self) -> bytes:
        self._received = b""
        return b""

    def _answer(self, letter: str, address: int, data: bytes) -> bytes:
        match letter:
            case "l":
                return self._frame(letter, self._unique_id, status=int.from_bytes(data, "big") == PICO_FIRMWARE)
            case "r":
                return self._frame(letter, bytes([self._registers.get(address, 0)]))
            case "w":
                self._registers[address] = data[0] if data else 0
                return self._frame(letter, b"")
            case "q":
                counter_us = self._clock.monotonic_ns() // 1000 & 0xFFFFFFFF
                return self._frame(letter, counter_us.to_bytes(4, "big"))
            case "b":
                return self._frame(letter, b"\0")
            case "m":
                self.resets += 1
                return self._frame(letter, b"")
            case "n" | "i":
                return self._frame(letter, b"")
        return self._frame("k", b"", status=False)

    @staticmethod
    def _frame(letter: str, data: bytes, *, status: bool = True) -> bytes:
        frame = letter.encode() + len(data).to_bytes(2, "big") + bytes([status]) + data
        return frame + b"\0" if len(frame) % 64 == 0 else frame  # the USB stack's padding byte
