"""ECDSA signatures as strict DER (X.690): one encoding per signature, anything else is refused."""

__all__ = ["MalformedDer", "decode_ecdsa", "encode_ecdsa"]

_SEQUENCE = 0x30
_INTEGER = 0x02
_MAX_SIZE = 72  # two integers of at most 33 bytes with their headers; long-form lengths never occur


class MalformedDer(ValueError):
    """The bytes are not the one DER encoding of two positive integers."""


def decode_ecdsa(signature: bytes) -> tuple[int, int]:
    """Return r and s. Raises `MalformedDer`."""
    if not 8 <= len(signature) <= _MAX_SIZE or signature[0] != _SEQUENCE or signature[1] != len(signature) - 2:
        raise MalformedDer("not a sequence of this length")
    r, rest = _integer(signature[2:])
    s, rest = _integer(rest)
    if rest:
        raise MalformedDer("bytes after the second integer")
    return r, s


def encode_ecdsa(r: int, s: int) -> bytes:
    """Return the DER form; used to wrap the raw r and s that secure elements return."""
    body = b"".join(_encode_integer(number) for number in (r, s))
    return bytes([_SEQUENCE, len(body)]) + body


def _integer(data: bytes) -> tuple[int, bytes]:
    if len(data) < 3 or data[0] != _INTEGER:
        raise MalformedDer("expected an integer")
    size, content = data[1], data[2 : 2 + data[1]]
    if size == 0 or len(content) != size or content[0] & 0x80:
        raise MalformedDer("empty, cut off or negative integer")
    if content[0] == 0 and (size == 1 or not content[1] & 0x80):
        raise MalformedDer("zero, or an integer with needless padding")
    return int.from_bytes(content, "big"), data[2 + size :]


def _encode_integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([_INTEGER, len(content)]) + content
