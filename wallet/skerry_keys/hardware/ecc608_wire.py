"""The ECC608's command and answer packets, sans-I/O (Microchip CryptoAuthentication I2C protocol).

A command is word address 0x03, count, opcode, two parameters, data and CRC; an answer is count, content and CRC, where
one byte of content is a status.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = [
    "WAKE_ANSWER",
    "WORD_IDLE",
    "Command",
    "Status",
    "StatusAnswer",
    "answer_content",
    "answer_length",
    "crc16",
    "generate_key",
    "load_digest",
    "revision",
    "sign",
]

WORD_IDLE = b"\x02"
WAKE_ANSWER = bytes.fromhex("04113343")  # status 0x11 "after wake" with its CRC
_WORD_COMMAND = 0x03
_POLYNOMIAL = 0x8005
_OVERHEAD = 3  # count and CRC
_MIN_ANSWER = 4


class Status(Enum):
    """The one-byte answers."""

    SUCCESS = 0x00
    PARSE_ERROR = 0x03
    ECC_FAULT = 0x05
    SELF_TEST_ERROR = 0x07
    HEALTH_TEST_ERROR = 0x08
    EXECUTION_ERROR = 0x0F
    AFTER_WAKE = 0x11
    WATCHDOG = 0xEE
    CRC_ERROR = 0xFF


class StatusAnswer(Exception):
    """The chip answered with a status other than success."""

    def __init__(self, status: int) -> None:
        names = {member.value: member.name.lower() for member in Status}
        super().__init__(names.get(status, f"status 0x{status:02x}"))
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, how many content bytes its answer has, and how long it may take."""

    opcode: int
    parameter_1: int
    parameter_2: int
    data: bytes = b""
    answer_size: int
    longest_s: float

    def to_bytes(self) -> bytes:
        """Return the bytes for the bus, word address first."""
        count = 7 + len(self.data)
        body = bytes([count, self.opcode, self.parameter_1]) + self.parameter_2.to_bytes(2, "little") + self.data
        return bytes([_WORD_COMMAND]) + body + crc16(body)


def revision() -> Command:
    """Ask for the chip's revision; its third byte is 0x60 for the ECC608."""
    return Command(opcode=0x30, parameter_1=0, parameter_2=0, answer_size=4, longest_s=0.050)


def generate_key(slot: int) -> Command:
    """Ask for the public key (X and Y) of a slot's private key; nothing is generated in this mode."""
    return Command(opcode=0x40, parameter_1=0x00, parameter_2=slot, answer_size=64, longest_s=0.300)


def load_digest(digest: bytes) -> Command:
    """Put a 32-byte digest into the message digest buffer."""
    return Command(opcode=0x16, parameter_1=0x43, parameter_2=0, data=digest, answer_size=1, longest_s=0.040)


def sign(slot: int) -> Command:
    """Sign the message digest buffer with a slot's private key; the answer is r and s."""
    return Command(opcode=0x41, parameter_1=0xA0, parameter_2=slot, answer_size=64, longest_s=0.700)


def answer_content(raw: bytes, command: Command) -> bytes:
    """Return the content of an answer.

    Raises `ValueError` for a wrong length or CRC, `StatusAnswer` for a refusal.
    """
    if len(raw) < _MIN_ANSWER or not _MIN_ANSWER <= raw[0] <= len(raw):
        raise ValueError("an answer of impossible length")
    body, crc = raw[: raw[0] - 2], raw[raw[0] - 2 : raw[0]]
    if crc16(body) != crc:
        raise ValueError("an answer with a wrong CRC")
    content = body[1:]
    if len(content) == 1 and content[0] != Status.SUCCESS.value:
        raise StatusAnswer(content[0])
    if len(content) != command.answer_size:
        raise ValueError(f"{len(content)} bytes instead of {command.answer_size}")
    return content


def answer_length(command: Command) -> int:
    """Return how many bytes to read for a command's full answer."""
    return command.answer_size + _OVERHEAD


def crc16(data: bytes) -> bytes:
    """Return the chip's CRC-16 (polynomial 0x8005, bits low first, start 0) as two little-endian bytes."""
    crc = 0
    for byte in data:
        for bit in range(8):
            carry = crc >> 15 ^ byte >> bit & 1
            crc = crc << 1 & 0xFFFF ^ (_POLYNOMIAL if carry & 1 else 0)
    return crc.to_bytes(2, "little")
