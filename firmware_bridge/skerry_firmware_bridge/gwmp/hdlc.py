"""Frames on a byte stream: HDLC-like framing of RFC 1662 with the 16-bit frame check sequence.

Carries GWMP datagrams over a UART (docs/gwmp-over-serial.md). Sans-I/O; used by `serial` and by emulators.
"""

from skerry_firmware_bridge.checksums import fcs16

__all__ = ["MAX_FRAME_BYTES", "Deframer", "frame"]

FLAG = 0x7E
ESCAPE = 0x7D
FLIP = 0x20
MAX_FRAME_BYTES = 8192  # twenty full-size packets in one PUSH_DATA; longer runs are noise


def frame(datagram: bytes) -> bytes:
    """Return a datagram as a frame, with a flag at both ends so that noise before it costs only itself."""
    checked = datagram + fcs16(datagram).to_bytes(2, "little")
    stuffed = bytearray()
    for byte in checked:
        if byte in (FLAG, ESCAPE):
            stuffed += bytes((ESCAPE, byte ^ FLIP))
        else:
            stuffed.append(byte)
    return bytes((FLAG,)) + bytes(stuffed) + bytes((FLAG,))


class Deframer:
    """`feed` bytes as they come; `rejected` counts frames with a wrong check sequence or a broken escape."""

    def __init__(self) -> None:
        self.rejected = 0
        self._pending = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the datagrams that are now complete."""
        *runs, rest = data.split(bytes((FLAG,)))
        found = []
        for run in runs:
            self._append(run)
            datagram = self._finish()
            if datagram is not None:
                found.append(datagram)
        self._append(rest)
        return found

    def _append(self, run: bytes) -> None:
        if len(self._pending) + len(run) > 2 * MAX_FRAME_BYTES:
            self._pending.clear()
            self._overlong = True
        elif not self._overlong:
            self._pending += run

    def _finish(self) -> bytes | None:
        """End a run at a flag; a run of nothing, as between two frames, is no error."""
        run, overlong = bytes(self._pending), self._overlong
        self._pending.clear()
        self._overlong = False
        if not run and not overlong:
            return None
        content = _unstuff(run)
        if (
            overlong
            or content is None
            or len(content) < 3
            or fcs16(content[:-2]) != int.from_bytes(content[-2:], "little")
        ):
            self.rejected += 1
            return None
        return content[:-2]


def _unstuff(run: bytes) -> bytes | None:
    """Undo the escapes; None for an escape without a byte after it."""
    first, *parts = run.split(bytes((ESCAPE,)))
    if not all(parts):
        return None
    return first + b"".join(bytes((part[0] ^ FLIP,)) + part[1:] for part in parts)
