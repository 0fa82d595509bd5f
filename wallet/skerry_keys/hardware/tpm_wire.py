"""The two TPM 2.0 commands a gateway key needs, sans-I/O: ReadPublic and Sign (TCG TPM 2.0 Library, part 3).

All numbers are big-endian; a "sized" field is a u16 length and that many bytes.
"""

from dataclasses import dataclass

__all__ = ["EccPoint", "TpmRefused", "parse_public", "parse_signature", "read_public", "response_body", "sign_digest"]

_NO_SESSIONS, _SESSIONS = 0x8001, 0x8002
_READ_PUBLIC, _SIGN = 0x173, 0x15D
_PASSWORD_SESSION = 0x40000009
_RH_NULL = 0x40000007
_ST_HASHCHECK = 0x8024
_ALG_NULL, _ALG_ECDSA, _ALG_SHA256, _ALG_ECC = 0x0010, 0x0018, 0x000B, 0x0023
_CURVE_NIST_P256 = 0x0003
_HEADER_SIZE = 10
_COORDINATE_SIZE = 32
_TRY_AGAIN = {0x908, 0x90A, 0x922}  # yielded, testing, retry


class TpmRefused(Exception):
    """The TPM answered with an error code; `try_again` says that it is only busy."""

    def __init__(self, code: int) -> None:
        super().__init__(f"TPM error 0x{code:03x}")
        self.code = code
        self.try_again = code in _TRY_AGAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class EccPoint:
    """X and Y, 32 bytes each."""

    x: bytes
    y: bytes


def read_public(handle: int) -> bytes:
    """Return the command that asks for a key's public area."""
    return _command(_NO_SESSIONS, _READ_PUBLIC, handle.to_bytes(4, "big"))


def sign_digest(handle: int, digest: bytes) -> bytes:
    """Return the command that signs a SHA-256 digest by ECDSA with a key that has an empty password."""
    session = _PASSWORD_SESSION.to_bytes(4, "big") + _sized(b"") + b"\x00" + _sized(b"")
    scheme = _u16(_ALG_ECDSA) + _u16(_ALG_SHA256)
    ticket = _u16(_ST_HASHCHECK) + _RH_NULL.to_bytes(4, "big") + _sized(b"")
    body = handle.to_bytes(4, "big") + len(session).to_bytes(4, "big") + session + _sized(digest) + scheme + ticket
    return _command(_SESSIONS, _SIGN, body)


def response_body(response: bytes) -> bytes:
    """Return what follows a response's header. Raises `ValueError` when malformed, `TpmRefused` for an error code."""
    if len(response) < _HEADER_SIZE or int.from_bytes(response[2:6], "big") != len(response):
        raise ValueError("a response of impossible length")
    code = int.from_bytes(response[6:10], "big")
    if code:
        raise TpmRefused(code)
    return response[_HEADER_SIZE:]


def parse_public(body: bytes) -> EccPoint:
    """Return the point of a P-256 key's public area. Raises `ValueError` for any other key."""
    area = _Reader(_Reader(body).sized())
    if area.u16() != _ALG_ECC:
        raise ValueError("the key is not an elliptic-curve key")
    area.take(2 + 4)  # name algorithm, attributes
    area.sized()  # policy
    if area.u16() != _ALG_NULL:
        raise ValueError("the key is for encryption, not for signing")
    if area.u16() != _ALG_NULL:
        area.take(2)  # the signing scheme's hash
    if area.u16() != _CURVE_NIST_P256:
        raise ValueError("the key is not on the P-256 curve")
    if area.u16() != _ALG_NULL:
        area.take(2)  # the derivation scheme's hash
    return EccPoint(x=_coordinate(area.sized()), y=_coordinate(area.sized()))


def parse_signature(body: bytes) -> tuple[int, int]:
    """Return r and s of a Sign response. Raises `ValueError`."""
    reader = _Reader(body)
    reader.take(4)  # size of the parameters
    if reader.u16() != _ALG_ECDSA or reader.u16() != _ALG_SHA256:
        raise ValueError("not an ECDSA signature over SHA-256")
    return int.from_bytes(reader.sized(), "big"), int.from_bytes(reader.sized(), "big")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        chunk, self._data = self._data[:size], self._data[size:]
        if len(chunk) != size:
            raise ValueError("a response that is cut off")
        return chunk

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def sized(self) -> bytes:
        return self.take(self.u16())


def _coordinate(raw: bytes) -> bytes:
    if len(raw) > _COORDINATE_SIZE:
        raise ValueError("a coordinate of impossible length")
    return raw.rjust(_COORDINATE_SIZE, b"\x00")


def _command(tag: int, code: int, body: bytes) -> bytes:
    size = _HEADER_SIZE + len(body)
    return _u16(tag) + size.to_bytes(4, "big") + code.to_bytes(4, "big") + body


def _sized(content: bytes) -> bytes:
    return _u16(len(content)) + content


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")
