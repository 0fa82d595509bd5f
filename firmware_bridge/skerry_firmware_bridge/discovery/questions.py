"""The harmless questions that tell what hangs on a serial port, in the order of serial-devices 3; pure.

`probe` asks them. The binary ones come first: text would put junk into a concentrator's parser, whose frames have no
marker, while every text device takes binary junk for a broken line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from skerry_firmware_bridge.at_radio.identity import IDENTITIES, kind_of_lines
from skerry_firmware_bridge.at_radio.rn2483 import Rn2483
from skerry_firmware_bridge.at_radio.wio_e5 import WioE5
from skerry_firmware_bridge.errors import FrameRejected
from skerry_firmware_bridge.links.settings import SerialSettings
from skerry_firmware_bridge.mcu import picogw, sx1302

__all__ = ["QUESTIONS", "WHICH_AT", "Question", "is_bus", "lines_of"]

TELL = Callable[[bytes], str | None]
FAST = SerialSettings(baudrate=115_200)
VERSION = IDENTITIES["rak3172"][0]
PING_ID = 0x53
PICO_FIRMWARE = 0x010A0006
UNIQUE_ID_LENGTH = b"\0\x08"
_OK = re.compile(r"OK|ERROR|\+CME ERROR: .*")
_PRINTABLE = frozenset(range(0x20, 0x7F)) | frozenset(b"\r\n\t\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to say at which line settings. Each of `says` is given `limit_s` for an answer; `tell` returns the kind that
    everything heard since the port was opened gives away, None for none yet. Asked only if one of `kinds` is likely."""

    kinds: frozenset[str]
    settings: SerialSettings
    says: tuple[bytes, ...]
    limit_s: float
    tell: TELL


def lines_of(heard: bytes) -> list[str]:
    """Return the whole lines of text among the bytes heard, without blanks around them."""
    *whole, _ = re.split(r"[\r\n]", heard.decode("latin-1").replace("\0", ""))
    return [line.strip() for line in whole if line.strip()]


def is_bus(heard: bytes) -> bool:
    """Tell whether somebody speaks binary here: perhaps on a shared bus, where nothing may be written."""
    return any(byte not in _PRINTABLE for byte in heard)


def _tell_sx1302(heard: bytes) -> str | None:
    question = sx1302.Request(id=PING_ID, command=sx1302.Command.PING)
    start = heard.find(bytes([PING_ID, 0, sx1302.FIXED_ANSWERS[sx1302.Command.PING]]))
    return "sx1302-usb" if start >= 0 and _decodes(partial(sx1302.decode_answer, question), heard[start:]) else None


def _tell_picogw(heard: bytes) -> str | None:
    start = heard.find(picogw.Command.FIRMWARE.value.encode() + UNIQUE_ID_LENGTH)  # an echo of the question is shorter
    decode = partial(picogw.decode_answer, picogw.Command.FIRMWARE)
    return "picogw" if start >= 0 and _decodes(decode, heard[start:]) else None


def _decodes(decode: Callable[[bytes], object], raw: bytes) -> bool:
    """Tell whether an answer is whole and right; one that refuses, because of another firmware, is an answer too."""
    try:
        decode(raw)
    except FrameRejected as error:
        return error.reason == "refused"
    return True


def _tell_at(heard: bytes) -> str | None:
    lines = lines_of(heard)
    module = kind_of_lines(lines)
    return module or ("modem" if any(_OK.fullmatch(line) for line in lines) else None)


def _tell_at_apart(heard: bytes) -> str | None:
    """A whole second answer is needed: the OK of the first says nothing."""
    lines = lines_of(heard)
    if any(VERSION.read(line) for line in lines):
        return "rak3172"
    answers = [line for line in lines if _OK.fullmatch(line)]
    return kind_of_lines(lines) or ("modem" if answers and answers[-1] != "OK" else None)


def _tell_rn2483(heard: bytes) -> str | None:
    return "rn2483" if kind_of_lines(lines_of(heard)) == "rn2483" else None


def _tell_optical(heard: bytes) -> str | None:
    """The identification stands alone; a P1 telegram begins with such a line."""
    text = bytes(byte & 0x7F for byte in heard)
    return "iec62056" if re.search(rb"/[A-Za-z]{3}[0-6][^\r\n]*\r\n\Z", text) else None


def _even(data: bytes) -> bytes:
    """Seven bits and even parity, on a line that is opened with eight bits and none."""
    return bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in data)


_PING = sx1302.encode_request(sx1302.Request(id=PING_ID, command=sx1302.Command.PING))
_VERSION = picogw.encode_request(picogw.Command.FIRMWARE, data=PICO_FIRMWARE.to_bytes(4, "big"))
# The first line end frees a text device from what the questions before have left in its line.
_AT = (b"\r\nAT\r\n", b"AT\r\n")
_SYS = (b"\r\nsys get ver\r\n", b"sys get ver\r\n")

QUESTIONS: tuple[Question, ...] = (
    Question(kinds=frozenset({"sx1302-usb"}), settings=FAST, says=(_PING,) * 2, limit_s=1.0, tell=_tell_sx1302),
    Question(kinds=frozenset({"picogw"}), settings=FAST, says=(_VERSION,) * 2, limit_s=0.5, tell=_tell_picogw),
    Question(kinds=frozenset({"modem", "rak3172", "wio-e5"}), settings=FAST, says=_AT, limit_s=1.0, tell=_tell_at),
    Question(
        kinds=frozenset({"rn2483"}),
        settings=SerialSettings(baudrate=Rn2483.baudrate),
        says=_SYS,
        limit_s=0.7,
        tell=_tell_rn2483,
    ),
    Question(  # as a Wio-E5 is delivered, and a RAK3172 before RUI3
        kinds=frozenset({"wio-e5", "rak3172"}),
        settings=SerialSettings(baudrate=WioE5.baudrate),
        says=_AT,
        limit_s=0.7,
        tell=_tell_at,
    ),
    Question(
        kinds=frozenset({"iec62056"}),
        settings=SerialSettings(baudrate=300),
        says=(_even(b"/?!\r\n"),),
        limit_s=3.0,
        tell=_tell_optical,
    ),
)
# A modem and a RAK3172 answer AT with the same OK; only one of them knows this.
WHICH_AT = Question(
    kinds=frozenset({"rak3172"}), settings=FAST, says=(b"AT+VER=?\r\n",), limit_s=1.0, tell=_tell_at_apart
)
