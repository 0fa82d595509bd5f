"""One Modbus frame in its three transports (serial-devices 2.5). The emulators and the tests use it.

Error terms: incomplete, unknown_function, bad_crc, not_modbus, wrong_length, malformed, bad_lrc, too_many.
"""

import re
from dataclasses import dataclass
from enum import Enum

from skerry_firmware_bridge.checksums import crc16_modbus, modbus_lrc
from skerry_firmware_bridge.errors import FrameRejected

__all__ = [
    "EXCEPTIONS",
    "Frame",
    "Request",
    "Role",
    "decode_ascii",
    "decode_rtu",
    "decode_tcp",
    "encode",
    "split_requests",
]

READ_COILS, READ_REGISTERS, WRITE_ONE, WRITE_COILS, WRITE_REGISTERS = (1, 2), (3, 4), (5, 6), 15, 16
FUNCTIONS = frozenset({*READ_COILS, *READ_REGISTERS, *WRITE_ONE, WRITE_COILS, WRITE_REGISTERS})
READ_LIMIT = 125  # registers in one request
WRITE_LIMIT = 123
COIL_LIMIT = 2000
EXCEPTIONS = {
    1: "illegal_function",
    2: "illegal_address",
    3: "illegal_value",
    4: "device_failure",
    5: "acknowledge",
    6: "busy",
    8: "memory_parity",
    10: "gateway_path",
    11: "gateway_target",
}


class Role(Enum):
    """Who sent the frame; functions 1 to 4 are laid out differently in either direction."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame. `address` is the PDU address; `rest_bytes` counts what followed the frame."""

    device: int
    function: int
    transaction: int | None = None
    exception: str | None = None
    address: int | None = None
    count: int | None = None
    registers: tuple[int, ...] | None = None
    bits: bytes | None = None
    rest_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks: `count` for reads (1-4), `registers` for writes (5, 6: one; 16: many)."""

    device: int
    function: int
    address: int
    count: int | None = None
    registers: tuple[int, ...] = ()


def decode_rtu(raw: bytes, role: Role) -> Frame:
    """Decode the frame at the start of `raw`. Raises `FrameRejected`: incomplete, unknown_function, bad_crc."""
    if len(raw) < 4:
        raise FrameRejected("incomplete", frame=raw)
    length = _pdu_length(raw[1:], role)
    if length is None or len(raw) < 1 + length + 2:
        raise FrameRejected("incomplete", frame=raw)
    body, check = raw[: 1 + length], raw[1 + length : 3 + length]
    expected = crc16_modbus(body)
    if int.from_bytes(check, "little") != expected:
        raise FrameRejected("bad_crc", detail=f"expected {expected:#06x}, got {check.hex()}", frame=raw)
    return _frame(raw[0], body[1:], role, rest_bytes=len(raw) - len(body) - 2)


def decode_tcp(raw: bytes, role: Role) -> Frame:
    """Decode one frame. Raises `FrameRejected`: incomplete, not_modbus, unknown_function, wrong_length."""
    if len(raw) < 7:
        raise FrameRejected("incomplete", frame=raw)
    if raw[2:4] != b"\0\0":
        raise FrameRejected("not_modbus", detail=f"protocol id {raw[2:4].hex()}", frame=raw)
    untrusted_length = int.from_bytes(raw[4:6], "big")
    if untrusted_length < 2:
        raise FrameRejected("wrong_length", detail=f"length field {untrusted_length}", frame=raw)
    end = 6 + untrusted_length
    if len(raw) < end:
        raise FrameRejected("incomplete", frame=raw)
    pdu = raw[7:end]
    _require_length(pdu, role)
    return _frame(raw[6], pdu, role, transaction=int.from_bytes(raw[:2], "big"), rest_bytes=len(raw) - end)


def decode_ascii(text: str, role: Role) -> Frame:
    """Decode one line. Raises `FrameRejected`: malformed, bad_lrc, unknown_function, wrong_length."""
    match = re.fullmatch(r":((?:[0-9A-Fa-f]{2}){3,})\r\n", text)
    if match is None:
        raise FrameRejected("malformed", frame=text.encode("latin-1", "replace"))
    raw = bytes.fromhex(match[1])
    if modbus_lrc(raw[:-1]) != raw[-1]:
        raise FrameRejected("bad_lrc", detail=f"expected {modbus_lrc(raw[:-1]):#04x}, got {raw[-1]:#04x}", frame=raw)
    pdu = raw[1:-1]
    _require_length(pdu, role)
    return _frame(raw[0], pdu, role)


def encode(request: Request, *, transport: str, transaction: int = 0) -> bytes:
    """Return a request frame for `rtu`, `tcp` or `ascii`. Raises `FrameRejected` too_many."""
    body = bytes([request.device]) + _request_pdu(request)
    match transport:
        case "rtu":
            return body + crc16_modbus(body).to_bytes(2, "little")
        case "tcp":
            return transaction.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body
        case "ascii":
            return b":" + (body + bytes([modbus_lrc(body)])).hex().upper().encode() + b"\r\n"
    raise ValueError(f"unknown transport {transport!r}")


def split_requests(*, write: bool, address: int, count: int) -> list[tuple[int, int]]:
    """Return (address, count) of the requests that move `count` registers."""
    limit = WRITE_LIMIT if write else READ_LIMIT
    return [(address + done, min(limit, count - done)) for done in range(0, count, limit)]


def _request_pdu(request: Request) -> bytes:
    head = bytes([request.function]) + request.address.to_bytes(2, "big")
    if request.function in (*READ_COILS, *READ_REGISTERS):
        count = request.count or 0
        if count > (COIL_LIMIT if request.function in READ_COILS else READ_LIMIT):
            raise FrameRejected("too_many", detail=f"{count} asked for")
        return head + count.to_bytes(2, "big")
    values = b"".join(value.to_bytes(2, "big") for value in request.registers)
    if request.function in WRITE_ONE:
        return head + values[:2]
    if request.function != WRITE_REGISTERS:
        raise FrameRejected("unknown_function", detail=str(request.function))
    if len(request.registers) > WRITE_LIMIT:
        raise FrameRejected("too_many", detail=f"{len(request.registers)} registers to write")
    return head + len(request.registers).to_bytes(2, "big") + bytes([len(values)]) + values


def _pdu_length(pdu: bytes, role: Role) -> int | None:
    """Return the length that function and role demand, None when too little has come to know it."""
    function = pdu[0]
    if role is Role.RESPONSE and function & 0x80 and function & 0x7F in FUNCTIONS:
        return 2
    if function not in FUNCTIONS:
        raise FrameRejected("unknown_function", detail=str(function), frame=pdu)
    if role is Role.RESPONSE and function <= 4:
        return 2 + pdu[1] if len(pdu) > 1 else None
    if role is Role.REQUEST and function >= WRITE_COILS:
        return 6 + pdu[5] if len(pdu) > 5 else None
    return 5


def _require_length(pdu: bytes, role: Role) -> None:
    expected = _pdu_length(pdu, role)
    if expected != len(pdu):
        raise FrameRejected("wrong_length", detail=f"expected {expected}, got {len(pdu)} bytes", frame=pdu)


def _frame(device: int, pdu: bytes, role: Role, *, transaction: int | None = None, rest_bytes: int = 0) -> Frame:
    function = pdu[0] & 0x7F
    exception = address = count = registers = bits = None
    if pdu[0] & 0x80:
        exception = EXCEPTIONS.get(pdu[1], "unknown")
    elif role is Role.RESPONSE and function <= 4:
        registers, bits = (None, pdu[2:]) if function in READ_COILS else (_words(pdu[2:]), None)
    else:
        address, second = (int.from_bytes(pdu[at : at + 2], "big") for at in (1, 3))
        if function in WRITE_ONE:
            registers = (second,)
        else:
            count = second
            if role is Role.REQUEST and function == WRITE_REGISTERS:
                registers = _words(pdu[6:])
            elif role is Role.REQUEST and function == WRITE_COILS:
                bits = pdu[6:]
    return Frame(
        device=device,
        function=function,
        transaction=transaction,
        exception=exception,
        address=address,
        count=count,
        registers=registers,
        bits=bits,
        rest_bytes=rest_bytes,
    )


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data) - 1, 2))
