"""Cuts a byte stream into text lines; survives torn lines, junk, missing line ends and NULs from a reset."""

__all__ = ["LineReader"]

MAX_LINE_BYTES = 1024  # a 255-byte payload in hex is 510 characters


class LineReader:
    """`feed` bytes as they come; `overlong` counts runs without a line end, which are thrown away."""

    def __init__(self) -> None:
        self.overlong = 0
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are now complete, without blanks around them; empty ones are left out."""
        self._pending += data.replace(b"\r", b"\n").replace(b"\0", b"")
        *complete, rest = self._pending.split(b"\n")
        self._pending = bytearray(rest)
        if len(self._pending) > MAX_LINE_BYTES:
            self.overlong += 1
            self._pending.clear()
        texts = (bytes(line).decode("ascii", "replace").strip() for line in complete)
        return [text for text in texts if text]
