"""Electricity meters, one with a P1 port and one behind an optical head, in a household that also feeds in."""

from datetime import UTC, datetime, timedelta

from skerry_core.clock import NS_PER_S, Clock
from skerry_firmware_bridge.checksums import crc16_arc, iec_bcc
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.meter.iec62056 import (
    ACK,
    NAK,
    DataSet,
    Message,
    decode_message,
    encode_command,
    encode_readout,
)
from skerry_simulate.devices.firmware import Firmware

__all__ = ["Household", "OpticalMeterFirmware", "P1Firmware"]

HOUR_S = 3600
HOUR_NS = HOUR_S * NS_PER_S


class Household:
    """Draws `LOAD_W`, and from 7 to 17 h UTC feeds in solar power; counters are exact integrals and only grow."""

    LOAD_W = 420
    SOLAR_W = 2600
    SOLAR_HOURS = range(7, 17)

    def __init__(self, clock: Clock, *, imported_wh: int = 4_426_000, exported_wh: int = 2_444_000) -> None:
        self._clock = clock
        self._seen_ns = clock.wall_ns()
        self._imported = imported_wh * HOUR_NS  # in watt-nanoseconds, so that nothing is lost by rounding
        self._exported = exported_wh * HOUR_NS

    @property
    def power_w(self) -> int:
        """Return power from the grid; negative while it feeds in."""
        return self._power_at(self._clock.wall_ns())

    @property
    def energies_wh(self) -> tuple[int, int]:
        """Return imported and exported energy so far."""
        now_ns = self._clock.wall_ns()
        while self._seen_ns < now_ns:
            step_end = min(now_ns, (self._seen_ns // HOUR_NS + 1) * HOUR_NS)
            moved = self._power_at(self._seen_ns) * (step_end - self._seen_ns)
            self._imported += max(moved, 0)
            self._exported += max(-moved, 0)
            self._seen_ns = step_end
        return self._imported // HOUR_NS, self._exported // HOUR_NS

    def _power_at(self, wall_ns: int) -> int:
        return self.LOAD_W - (self.SOLAR_W if wall_ns // HOUR_NS % 24 in self.SOLAR_HOURS else 0)


class P1Firmware(Firmware):
    """Sends a telegram every second (version 5), or ten (4; 2 without checksum). `gas` = a gas meter is attached."""

    GAS_ID = "SKRYGAS000000001"

    def __init__(self, *, clock: Clock, version: int = 5, serial: str = "SKRY0000000001") -> None:
        self.period_s = 1.0 if version == 5 else 10.0
        self.gas = True
        self._clock = clock
        self._version = version
        self._serial = serial
        self._household = Household(clock)

    def receive(self, data: bytes) -> bytes:
        del data  # the port has no line into the meter
        return b""

    def tick(self) -> bytes:
        body = "\r\n".join(["/SKY5\\2EMULATED", "", *self._lines(), "!"]).encode("latin-1")
        check = f"{crc16_arc(body):04X}" if self._version >= 4 else ""
        return body + check.encode() + b"\r\n"

    def _lines(self) -> list[str]:
        imported, exported = self._household.energies_wh
        power_w = self._household.power_w
        digits = 3 if self._version >= 4 else 2  # of powers
        general = [
            f"1-3:0.2.8({self._version}0)",
            f"0-0:1.0.0({_local_time(self._clock.wall_s())})",
            f"0-0:96.1.1({self._serial.encode().hex().upper()})",
        ]
        energy = [
            f"1-0:1.8.1({_kilo(imported, 6)}*kWh)",
            "1-0:1.8.2(000000.000*kWh)",
            f"1-0:2.8.1({_kilo(exported, 6)}*kWh)",
            "1-0:2.8.2(000000.000*kWh)",
            "0-0:96.14.0(0001)",
            f"1-0:1.7.0({max(power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
            f"1-0:2.7.0({max(-power_w, 0) / 1000:0{digits + 3}.{digits}f}*kW)",
        ]
        amperes = round(abs(power_w) / 230.1)
        phase = ["1-0:32.7.0(0230.1*V)", f"1-0:31.7.0({amperes:03d}*A)"] if self._version == 5 else []
        return [*(general if self._version >= 4 else general[2:]), *energy, *phase, *(self._gas() if self.gas else ())]

    def _gas(self) -> list[str]:
        """Return the gas meter's lines; version 2 prints the value on a line of its own, and no time's letter."""
        hour = _local_time(self._clock.wall_s() // HOUR_S * HOUR_S)
        identity = self.GAS_ID.encode().hex().upper()
        if self._version >= 4:
            return ["0-1:24.1.0(003)", f"0-1:96.1.0({identity})", f"0-1:24.2.1({hour})(00012.345*m3)"]
        older = f"0-1:24.3.0({hour[:-1]})(00)(60)(1)(0-1:24.2.1)(m3)"
        return ["0-1:24.1.0(3)", f"0-1:96.1.0({identity})", older, "(00012.345)"]


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
        self._serial = serial
        self._maker = maker
        self._battery = battery
        self._password = password
        self._count = blocks
        self._received = self._sent = b""
        self._nuls = self._woken_ns = 0
        self._allowed = False
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
        self._received = self._sent = b""
        self._nuls = self._woken_ns = 0
        self._allowed = False
        self._waiting.clear()
        return b""

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
            case "request" if message.address in (None, self._serial) and self._listens():
                self._sent, self._waiting, self._allowed = b"", [], self._password is None
                return f"/{self._maker}5SKERRY-EMU\r\n".encode()
            case "option_select" if message.mode == 0:
                self._waiting = self._blocks()
                return self._next_block()
            case "option_select" if message.mode == 1:
                return encode_command("P0", "(00000000)")
            case "command":
                return self._obey(message)
        return b""

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
        self._sent, self._allowed = b"", self._password is None
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
            "0.0.0": self._serial,
            "1.8.0": f"{_kilo(imported, 6)}*kWh",
            "2.8.0": f"{_kilo(exported, 6)}*kWh",
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


def _local_time(wall_s: int) -> str:
    """Return Dutch local time as a meter prints it; summer lasts from the last Sunday of March to that of October."""
    now = datetime.fromtimestamp(wall_s, UTC)
    start, end = (_last_sunday(now.year, month).replace(hour=1) for month in (3, 10))
    offset_h, letter = (2, "S") if start <= now < end else (1, "W")
    return f"{now + timedelta(hours=offset_h):%y%m%d%H%M%S}{letter}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _kilo(value: int, digits: int) -> str:
    return f"{value // 1000:0{digits}d}.{value % 1000:03d}"


def _even_parity(data: bytes) -> bytes:
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data)
