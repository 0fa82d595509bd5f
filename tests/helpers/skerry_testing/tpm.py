"""A TPM 2.0 with one P-256 signing key in software, seen from its command interface."""

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["FakeTpm"]

_HANDLE_UNKNOWN = 0x18B
_RETRY = 0x922


class FakeTpm:
    """Answers ReadPublic and Sign for `handle`; the first `retries` commands are answered "try again"."""

    def __init__(self, scalar: int, *, handle: int = 0x81000001, retries: int = 0) -> None:
        self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        self._handle = handle
        self._retries = retries

    def transact(self, command: bytes) -> bytes:
        """Answer one command."""
        assert int.from_bytes(command[2:6], "big") == len(command), "size"
        if self._retries:
            self._retries -= 1
            return _response(0x8001, _RETRY, b"")
        tag, code, handle = (int.from_bytes(command[a:b], "big") for a, b in ((0, 2), (6, 10), (10, 14)))
        if handle != self._handle:
            return _response(0x8001, _HANDLE_UNKNOWN, b"")
        match tag, code:
            case 0x8001, 0x173:
                return _response(0x8001, 0, self._public())
            case 0x8002, 0x15D:
                parameters = self._signature(command[14:])
                return _response(0x8002, 0, len(parameters).to_bytes(4, "big") + parameters + bytes(5))
        raise AssertionError(f"unexpected command 0x{code:x}")

    def _public(self) -> bytes:
        numbers = self._key.public_key().public_numbers()
        point = b"".join(_sized(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        area = bytes.fromhex("0023000b000400720000" + "0010" + "0018000b" + "0003" + "0010") + point
        return _sized(area) + _sized(b"name") + _sized(b"qualified")

    def _signature(self, body: bytes) -> bytes:
        session_size = int.from_bytes(body[:4], "big")
        assert body[4 : 4 + session_size] == bytes.fromhex("40000009" + "0000" + "00" + "0000"), "password session"
        rest = body[4 + session_size :]
        digest, rest = rest[2:34], rest[34:]
        assert rest == bytes.fromhex("0018000b" + "8024" + "40000007" + "0000"), "scheme and ticket"
        signature = self._key.sign(digest, ec.ECDSA(utils.Prehashed(SHA256())))
        parts = [number.to_bytes(32, "big") for number in utils.decode_dss_signature(signature)]
        return bytes.fromhex("0018000b") + b"".join(_sized(part) for part in parts)


def _response(tag: int, code: int, body: bytes) -> bytes:
    return tag.to_bytes(2, "big") + (10 + len(body)).to_bytes(4, "big") + code.to_bytes(4, "big") + body


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
