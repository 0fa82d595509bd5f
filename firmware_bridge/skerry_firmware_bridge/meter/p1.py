"""P1/DSMR telegrams: cut out of a stream, checked, split into data lines (serial-devices 2.6).

Error terms: not_a_telegram, bad_crc. `meter.p1_values` gives the lines their meaning.
"""

import re
from dataclasses import dataclass

from skerry_firmware_bridge.checksums import crc16_arc
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["TELEGRAM_LIMIT", "P1Stream", "Telegram", "check_telegram", "crc_state", "join_lines"]

TELEGRAM_LIMIT = 4096  # bytes; a version 5 telegram has 900 to 1600
_END = re.compile(rb"!([0-9A-Fa-f]{0,4})\x00*\r\n")
_WHOLE = re.compile(rb"/([^\r\n]*)\r\n(.*)!([0-9A-Fa-f]{0,4})\x00*(?:\r\n)*", re.DOTALL)
_LINE = re.compile(r"(\d+-\d+:\d+\.\d+\.\d+)(?:\*255)?((?:\([^()]*\))+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """A checked telegram: data by OBIS code (`1-0:1.8.1`), each a tuple of the parenthesised texts."""

    header: str
    computed_crc: int
    has_crc: bool
    lines: dict[str, tuple[str, ...]]


def check_telegram(raw: bytes) -> Telegram:
    """Check and split one telegram. Raises `FrameRejected`: not_a_telegram, bad_crc."""
    match = _WHOLE.fullmatch(raw)
    if match is None:
        raise FrameRejected("not_a_telegram", frame=raw)
    computed = crc16_arc(raw[: match.start(3)])
    printed = match[3]
    if printed and int(printed, 16) != computed:
        raise FrameRejected("bad_crc", detail=f"printed {printed.decode()}, computed {computed:04X}", frame=raw)
    return Telegram(
        header=match[1].decode("latin-1"),
        computed_crc=computed,
        has_crc=bool(printed),
        lines=_data_lines(match[2].decode("latin-1")),
    )


def crc_state(raw: bytes) -> str:
    """Return ok, bad, or absent (nothing printed) for a telegram that `P1Stream` cut out."""
    match = re.search(_END.pattern + rb"\Z", raw)
    if match is None or not match[1]:
        return "absent"
    return "ok" if int(match[1], 16) == crc16_arc(raw[: match.start(1)]) else "bad"


def join_lines(lines: list[str]) -> bytes:
    """Return the telegram of a device that hands out text lines; restores the empty line after the header."""
    whole = [*lines[:1], *([""] if len(lines) > 1 and lines[1] else []), *lines[1:], ""]
    return "\r\n".join(whole).encode("latin-1", "replace")


class P1Stream:
    """Cuts telegrams out of bytes as they arrive, torn anywhere; holds at most one open telegram."""

    def __init__(self) -> None:
        self._open = b""
        self.dropped_bytes = 0  # outside telegrams, of restarted ones, of overlong ones

    @property
    def open_bytes(self) -> int:
        """Bytes kept of the telegram that is still coming."""
        return len(self._open)

    def feed(self, data: bytes) -> list[bytes]:
        """Return the telegrams completed by `data`, each with its final CR LF; their checksums are not tested."""
        buffer = self._open + data
        telegrams: list[bytes] = []
        while True:
            start = buffer.find(b"/")
            if start < 0:
                self._keep(b"", dropped=len(buffer))
                return telegrams
            self.dropped_bytes += start
            buffer = buffer[start:]
            end = _END.search(buffer)
            again = buffer.find(b"/", 1)
            size = end.end() if end else len(buffer)
            if 0 < again < size or size > TELEGRAM_LIMIT:
                cut = again if 0 < again < size else size
                self.dropped_bytes += cut
                # after an overlong telegram everything up to the next slash is noise, also what has yet to come
                buffer = buffer[cut:]
            elif end is None:
                self._keep(buffer, dropped=0)
                return telegrams
            else:
                telegrams.append(buffer[:size])
                buffer = buffer[size:]

    def _keep(self, rest: bytes, *, dropped: int) -> None:
        self._open = rest
        self.dropped_bytes += dropped


def _data_lines(text: str) -> dict[str, tuple[str, ...]]:
    lines: dict[str, tuple[str, ...]] = {}
    # a line that starts with a parenthesis continues the one before (M-Bus readings of versions 2 and 3)
    for line in re.sub(r"\r\n(?=\()", "", text).split("\r\n"):
        match = _LINE.fullmatch(line.strip(" \0"))
        if match is not None:
            lines.setdefault(match[1], tuple(match[2][1:-1].split(")(")))
    return lines
