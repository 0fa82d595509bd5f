"""Frames of the CoreCell USB microcontroller in front of an SX1302 (serial-devices 2.1), without input or output.

Error terms: too_long for requests; incomplete, id_mismatch, nack, wrong_code, too_long, wrong_length,
wrong_spi_answer, spi_fail, spi_wrong_param, spi_timeout, spi_unknown for answers. A frame has no marker, so every
error except `incomplete` means that the stream can no longer be trusted.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from skerry_firmware_bridge.decimals import scaled
from skerry_firmware_bridge.errors import FrameRejected

__all__ = [
    "Answer",
    "Command",
    "Request",
    "Spi",
    "SpiAnswer",
    "SpiKind",
    "decode_answer",
    "encode_request",
    "expected_version",
    "gpio",
]

HEADER_BYTES = 4
PAYLOAD_LIMIT = 4200
ANSWER_OFFSET = 0x40  # answer code = command code + this
NACK_CODE = 0xFF
READ_HEAD_BYTES = 4  # mux, two address bytes, one dummy come back before the data
FIRMWARE = "01.00.00"  # only this version numbers its commands as below


class Command(Enum):
    """Command codes."""

    PING = 0
    STATUS = 1
    BOOTLOADER = 2
    RESET = 3
    GPIO = 4
    SPI = 5


FIXED_ANSWERS = {Command.PING: 21, Command.STATUS: 6, Command.BOOTLOADER: 0, Command.RESET: 1, Command.GPIO: 1}
SPI_FAILURES = {1: "spi_fail", 2: "spi_wrong_param", 3: "spi_timeout"}


class SpiKind(Enum):
    """How one entry of a batch talks to the chip."""

    RAW = "raw"
    WRITE = "write"
    READ = "read"
    RMW = "rmw"  # read, modify, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Spi:
    """One entry of a batch. `target` 0 = SX1302 and its radios, 1 = SX1261; `mux` 0 = SX1302, 1, 2 = radio A, B."""

    id: int
    kind: SpiKind
    target: int = 0
    mux: int = 0
    address: int = 0
    data: bytes = b""
    count: int = 0
    mask: int = 0
    value: int = 0

    def clocked(self) -> bytes:
        """Return the bytes that go over the SPI bus (none for a read-modify-write, which the firmware does itself)."""
        high, low = self.address >> 8 & 0x7F, self.address & 0xFF
        match self.kind:
            case SpiKind.RAW:
                return self.data
            case SpiKind.WRITE:
                return bytes([self.mux, 0x80 | high, low]) + self.data
            case SpiKind.READ:
                return bytes([self.mux, high, low, 0]) + bytes(self.count)
            case SpiKind.RMW:
                return b""

    def to_bytes(self) -> bytes:
        """Return the entry as it stands in the request."""
        if self.kind is SpiKind.RMW:
            return bytes([self.id, 2]) + self.address.to_bytes(2, "big") + bytes([self.mask, self.value])
        clocked = self.clocked()
        if len(clocked) > PAYLOAD_LIMIT:
            raise FrameRejected("too_long", detail=f"{len(clocked)} SPI bytes")
        return bytes([self.id, 1, self.target]) + len(clocked).to_bytes(2, "big") + clocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `payload` is given for GPIO (port, pin, state) and RESET (type), `spi` for SPI."""

    id: int
    command: Command
    payload: bytes = b""
    spi: tuple[Spi, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpiAnswer:
    """Answer to one entry: the bytes clocked back with, for a read, the data in them; or old and new register value."""

    id: int
    clocked: bytes = b""
    data: bytes | None = None
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole, checked answer; only the fields of its command are set. `rest_bytes` counts what followed."""

    rest_bytes: int
    unique_id: bytes | None = None
    version: str | None = None
    uptime_ms: int | None = None
    temperature_c: Decimal | None = None
    status: int | None = None
    spi: tuple[SpiAnswer, ...] | None = None


def gpio(request_id: int, *, port: int, pin: int, state: int) -> Request:
    """Return a request that sets one pin; port 0 is A."""
    return Request(id=request_id, command=Command.GPIO, payload=bytes([port, pin, state]))


def expected_version(version: str) -> bool:
    """Tell whether the command codes are known: everything but the release letter must match."""
    return version[1:] == FIRMWARE


def encode_request(request: Request) -> bytes:
    """Return the frame. Raises `FrameRejected` too_long."""
    payload = request.payload + b"".join(entry.to_bytes() for entry in request.spi)
    if len(payload) > PAYLOAD_LIMIT:
        raise FrameRejected("too_long", detail=f"{len(payload)} bytes, at most {PAYLOAD_LIMIT}")
    return bytes([request.id]) + len(payload).to_bytes(2, "big") + bytes([request.command.value]) + payload


def decode_answer(request: Request, raw: bytes) -> Answer:
    """Check and decode the answer at the start of `raw`. Raises `FrameRejected`, first failed test first."""
    payload = _payload(request, raw)
    rest_bytes = len(raw) - HEADER_BYTES - len(payload)
    match request.command:
        case Command.PING:
            version = payload[12:].decode("latin-1")
            return Answer(rest_bytes=rest_bytes, unique_id=payload[:12], version=version)
        case Command.STATUS:
            centidegrees = int.from_bytes(payload[4:], "big", signed=True)
            return Answer(
                rest_bytes=rest_bytes,
                uptime_ms=int.from_bytes(payload[:4], "big"),
                temperature_c=scaled(centidegrees, -2),
            )
        case Command.GPIO | Command.RESET:
            return Answer(rest_bytes=rest_bytes, status=payload[0])
        case Command.BOOTLOADER:
            return Answer(rest_bytes=rest_bytes)
        case Command.SPI:
            return Answer(rest_bytes=rest_bytes, spi=_spi_answers(request.spi, payload))


def _payload(request: Request, raw: bytes) -> bytes:
    if len(raw) < HEADER_BYTES:
        raise FrameRejected("incomplete", frame=raw)
    if raw[0] != request.id:
        raise FrameRejected("id_mismatch", detail=f"expected {request.id}, got {raw[0]}", frame=raw)
    if raw[3] == NACK_CODE:
        raise FrameRejected("nack", frame=raw)
    if raw[3] != request.command.value + ANSWER_OFFSET:
        raise FrameRejected("wrong_code", detail=f"got {raw[3]:#04x}", frame=raw)
    untrusted_length = int.from_bytes(raw[1:3], "big")
    if untrusted_length > PAYLOAD_LIMIT:
        raise FrameRejected("too_long", detail=f"{untrusted_length} bytes announced", frame=raw)
    expected = FIXED_ANSWERS.get(request.command, untrusted_length)
    if untrusted_length != expected:
        raise FrameRejected("wrong_length", detail=f"expected {expected}, got {untrusted_length}", frame=raw)
    if len(raw) < HEADER_BYTES + expected:
        raise FrameRejected("incomplete", frame=raw)
    return raw[HEADER_BYTES : HEADER_BYTES + expected]


def _spi_answers(entries: tuple[Spi, ...], payload: bytes) -> tuple[SpiAnswer, ...]:
    answers, at = [], 0
    for entry in entries:
        answer, at = _spi_answer(entry, payload, at)
        answers.append(answer)
    if at != len(payload):
        raise FrameRejected(
            "wrong_length", detail=f"{len(payload) - at} bytes after the last SPI answer", frame=payload
        )
    return tuple(answers)


def _spi_answer(entry: Spi, payload: bytes, at: int) -> tuple[SpiAnswer, int]:
    head = _slice(payload, at, 3)
    if head[0] != entry.id or head[1] != (2 if entry.kind is SpiKind.RMW else 1):
        raise FrameRejected("wrong_spi_answer", detail=f"entry {entry.id} got {head.hex()}", frame=payload)
    if head[2]:
        raise FrameRejected(SPI_FAILURES.get(head[2], "spi_unknown"), detail=f"status {head[2]}", frame=payload)
    if entry.kind is SpiKind.RMW:
        old, new = _slice(payload, at + 3, 2)
        return SpiAnswer(id=entry.id, old=old, new=new), at + 5
    length = int.from_bytes(_slice(payload, at + 3, 2), "big")
    if length != len(entry.clocked()):
        raise FrameRejected("wrong_length", detail=f"{length} SPI bytes came back", frame=payload)
    clocked = _slice(payload, at + 5, length)
    data = clocked[READ_HEAD_BYTES:] if entry.kind is SpiKind.READ else None
    return SpiAnswer(id=entry.id, clocked=clocked, data=data), at + 5 + length


def _slice(payload: bytes, at: int, size: int) -> bytes:
    part = payload[at : at + size]
    if len(part) < size:
        raise FrameRejected("wrong_length", detail="the SPI answers end early", frame=payload)
    return part
