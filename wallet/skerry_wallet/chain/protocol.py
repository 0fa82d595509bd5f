"""Frames between the agent and its chain process: length (u32, little-endian) and CBOR. Both sides use this module.

Request `[id, method, argument, now_ms]`, answer `[id, null, value]` or `[id, [kind, detail, extra], null]`.
"""

import struct
from typing import Any

import cbor2

from skerry_core.errors import SkerryError

__all__ = ["HEADER_SIZE", "MAX_FRAME", "BrokenFrame", "FrameBuffer", "decode_body", "encode_frame", "frame_length"]

_HEADER = struct.Struct("<I")
HEADER_SIZE = _HEADER.size
MAX_FRAME = 1 << 26  # ten thousand accounts of a few kilobytes


class BrokenFrame(SkerryError):
    """The other side does not speak this protocol."""


def encode_frame(message: list[Any]) -> bytes:
    """Return one frame."""
    body = cbor2.dumps(message)
    return _HEADER.pack(len(body)) + body


def frame_length(header: bytes) -> int:
    """Return the body's length. Raises `BrokenFrame`."""
    (length,) = _HEADER.unpack(header)
    if length > MAX_FRAME:
        raise BrokenFrame(f"a frame of {length} bytes, at most {MAX_FRAME} are accepted")
    return int(length)


def decode_body(body: bytes) -> list[Any]:
    """Return a frame's message. Raises `BrokenFrame`."""
    try:
        message = cbor2.loads(body)
    except (cbor2.CBORDecodeError, ValueError, TypeError) as error:
        raise BrokenFrame(str(error)) from error
    if not isinstance(message, list):
        raise BrokenFrame(f"a message is a list, got {type(message).__name__}")
    return message


class FrameBuffer:
    """Collects bytes and gives out whole messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, chunk: bytes) -> list[list[Any]]:
        """Take bytes; return the messages that are complete now. Raises `BrokenFrame`."""
        self._bytes += chunk
        messages = []
        position = 0
        while len(self._bytes) - position >= HEADER_SIZE:
            end = position + HEADER_SIZE + frame_length(bytes(self._bytes[position : position + HEADER_SIZE]))
            if end > len(self._bytes):
                break
            messages.append(decode_body(bytes(self._bytes[position + HEADER_SIZE : end])))
            position = end
        del self._bytes[:position]
        return messages
