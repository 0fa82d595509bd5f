"""Messages of IEC 62056-21 mode C (serial-devices 2.7), without input or output. Error terms: bad_bcc, malformed."""

import re
from dataclasses import dataclass

from skerry_firmware_bridge.checksums import iec_bcc
from skerry_firmware_bridge.errors import FrameRejected

__all__ = [
    "ACK",
    "BAUDS",
    "NAK",
    "DataSet",
    "Message",
    "ack_option",
    "decode_message",
    "encode_command",
    "encode_readout",
    "plain_address",
    "request",
]

BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200)
SOH, STX, ETX, EOT, ACK, NAK = b"\x01", b"\x02", b"\x03", b"\x04", b"\x06", b"\x15"
FAST_REACTION_MS, REACTION_MS = 20, 200
_REQUEST = re.compile(rb"/\?([^!/?\r\n]*)!\r\n")
_IDENTIFICATION = re.compile(rb"/([A-Za-z]{3})([0-6])\\?([^\r\n]*)\r\n")
_OPTION = re.compile(rb"\x06([0-9])([0-6])([0-9])\r\n")
_COMMAND = re.compile(rb"\x01([A-Z][0-9])(?:\x02([^\x02-\x04]*))?([\x03\x04])(.)", re.DOTALL)
_DATA = re.compile(rb"\x02([^\x02-\x04]*)([\x03\x04])(.)", re.DOTALL)
_DATA_SET = re.compile(r"([^()\r\n!]*)\(([^()*]*)(?:\*([^()]*))?\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    """address(value*unit); empty parts are None, the text is kept as it is."""

    address: str | None
    value: str | None
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `kind` is request, identification, option_select, ack, nak, command, data or readout."""

    kind: str
    address: str | None = None
    maker: str | None = None
    baud: int | None = None
    ident: str | None = None
    reaction_ms: int | None = None
    protocol: int | None = None
    mode: int | None = None
    command: str | None = None
    data: tuple[DataSet, ...] = ()
    last: bool | None = None


def request(address: str = "") -> bytes:
    """Return the opening request, for one meter or for whichever listens."""
    return b"/?" + address.encode("ascii") + b"!\r\n"


def plain_address(address: str) -> str:
    """Return a meter's address or number without the leading zeros, which do not count; "" for no address."""
    return address.strip().lstrip("0") or ("0" if address.strip() else "")


def ack_option(*, baud_digit: int, mode: int) -> bytes:
    """Return the answer to an identification that chooses baud and mode (0 readout, 1 programming)."""
    return ACK + f"0{baud_digit}{mode}\r\n".encode()


def encode_command(command: str, data: str | None = None) -> bytes:
    """Return a programming-mode command such as R1, P1 or B0 with its block check."""
    body = command.encode("ascii") + (b"" if data is None else STX + data.encode("latin-1")) + ETX
    return SOH + body + bytes([iec_bcc(body)])


def encode_readout(text: str) -> bytes:
    """Return a meter's readout block around data lines (each with CR LF)."""
    body = text.encode("latin-1") + b"!\r\n" + ETX
    return STX + body + bytes([iec_bcc(body)])


def decode_message(raw: bytes) -> Message:
    """Decode one whole message; parity bits are ignored. Raises `FrameRejected`: malformed, bad_bcc."""
    text = bytes(byte & 0x7F for byte in raw)
    if text in (ACK, NAK):
        return Message(kind="ack" if text == ACK else "nak")
    if match := _REQUEST.fullmatch(text):
        return Message(kind="request", address=match[1].decode("ascii") or None)
    if match := _IDENTIFICATION.fullmatch(text):
        return _identification(match)
    if match := _OPTION.fullmatch(text):
        return Message(kind="option_select", protocol=int(match[1]), baud=BAUDS[int(match[2])], mode=int(match[3]))
    if match := _COMMAND.fullmatch(text):
        _check_bcc(text)
        data = _data_sets((match[2] or b"").decode("ascii"))
        return Message(kind="command", command=match[1].decode("ascii"), data=data, last=match[3] == ETX)
    if match := _DATA.fullmatch(text):
        _check_bcc(text)
        kind = "readout" if match[1].endswith(b"!\r\n") else "data"
        return Message(kind=kind, data=_data_sets(match[1].decode("ascii")), last=match[2] == ETX)
    raise FrameRejected("malformed", frame=raw)


def _identification(match: re.Match[bytes]) -> Message:
    maker = match[1].decode("ascii")
    return Message(
        kind="identification",
        maker=maker,
        baud=BAUDS[int(match[2])],
        ident=match[3].decode("ascii"),
        reaction_ms=FAST_REACTION_MS if maker[2].islower() else REACTION_MS,
    )


def _check_bcc(text: bytes) -> None:
    expected = iec_bcc(text[1:-1])
    if text[-1] != expected:
        raise FrameRejected("bad_bcc", detail=f"expected {expected:#04x}, got {text[-1]:#04x}", frame=text)


def _data_sets(text: str) -> tuple[DataSet, ...]:
    body = text.removesuffix("!\r\n")
    if re.sub(r"[\r\n]", "", _DATA_SET.sub("", body)):
        raise FrameRejected("malformed", detail="text outside data sets", frame=text.encode("ascii"))
    return tuple(
        DataSet(address=match[1] or None, value=match[2] or None, unit=match[3] or None)
        for match in _DATA_SET.finditer(body)
    )
