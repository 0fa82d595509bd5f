"""RSA public keys as they stand in an address (KINDS-iot, keys.address): read by public_key and verify."""

from dataclasses import dataclass

from skerry_keys.errors import KeyRejected

__all__ = ["RsaNumbers", "parse_rsa"]

_HEADER_SIZE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaNumbers:
    """Modulus and public exponent."""

    modulus: int
    exponent: int


def parse_rsa(body: bytes) -> RsaNumbers:
    """Read u16be (length of n and e), u16be (length of n), n, e, all big-endian without leading zeros.

    Raises `KeyRejected` bad_length for lengths that do not fit the bytes or for padded numbers.
    """
    if len(body) < _HEADER_SIZE:
        raise KeyRejected("bad_length", "cut off inside the RSA lengths")
    total = int.from_bytes(body[:2], "big")
    modulus_size = int.from_bytes(body[2:4], "big")
    modulus, exponent = body[4 : 4 + modulus_size], body[4 + modulus_size :]
    if total != len(body) - _HEADER_SIZE or not modulus or not exponent or len(modulus) != modulus_size:
        raise KeyRejected("bad_length", "the RSA lengths do not fit the key")
    if modulus[0] == 0 or exponent[0] == 0:
        raise KeyRejected("bad_length", "an RSA number has leading zeros")
    return RsaNumbers(modulus=int.from_bytes(modulus, "big"), exponent=int.from_bytes(exponent, "big"))
