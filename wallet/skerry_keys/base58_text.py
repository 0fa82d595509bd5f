"""Base58 and base58check with strict input checks; everything that prints or reads addresses goes through here."""

import hashlib

from skerry_keys.errors import KeyRejected

__all__ = ["decode", "decode_check", "encode", "encode_check"]

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ALPHABET = frozenset(_DIGITS)
_ZERO = _DIGITS[0]
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_PAIR_VALUES = {pair: value for value, pair in enumerate(_PAIRS)}
_TWO_DIGITS, _TEN_DIGITS = 58**2, 58**10
_CHUNK = 10  # digits that fit 64 bits together
_CHECKSUM_SIZE = 4
_MAX_TEXT_LENGTH = 4096  # an RSA-4096 address has about 720 characters; decoding time grows with the square


def encode(raw: bytes) -> str:
    """Return Bitcoin-alphabet base58 text; four times as fast as digit by digit, which busy chains notice."""
    number, pairs = int.from_bytes(raw, "big"), []
    while number:
        number, ten_digits = divmod(number, _TEN_DIGITS)  # few divisions of the large number, the rest in 64 bits
        for _ in range(5):
            ten_digits, pair = divmod(ten_digits, _TWO_DIGITS)
            pairs.append(_PAIRS[pair])
    zeros = len(raw) - len(raw.lstrip(b"\x00"))
    return _ZERO * zeros + "".join(reversed(pairs)).lstrip(_ZERO)


def decode(text: str) -> bytes:
    """Return the bytes of base58 text, of which there is one text only.

    Raises `KeyRejected` bad_base58 for any foreign character, blanks included.
    """
    if len(text) > _MAX_TEXT_LENGTH:
        raise KeyRejected("bad_base58", f"{len(text)} characters, at most {_MAX_TEXT_LENGTH} are accepted")
    if not _ALPHABET.issuperset(text):
        foreign = next(character for character in text if character not in _ALPHABET)
        raise KeyRejected("bad_base58", f"{foreign!r} is not in the alphabet")
    digits = text.lstrip(_ZERO)
    padded = _ZERO * (-len(digits) % _CHUNK) + digits
    number = 0
    for start in range(0, len(padded), _CHUNK):
        ten_digits = 0
        for pair in range(start, start + _CHUNK, 2):
            ten_digits = ten_digits * _TWO_DIGITS + _PAIR_VALUES[padded[pair : pair + 2]]
        number = number * _TEN_DIGITS + ten_digits
    return bytes(len(text) - len(digits)) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_check(version: int, payload: bytes) -> str:
    """Return base58check text: version byte, payload, first four bytes of the double SHA-256."""
    body = bytes([version]) + payload
    return encode(body + _checksum(body))


def decode_check(text: str) -> tuple[int, bytes]:
    """Return version and payload. Raises `KeyRejected` bad_base58 or bad_checksum (also when too short to have one)."""
    raw = decode(text)
    body, checksum = raw[:-_CHECKSUM_SIZE], raw[-_CHECKSUM_SIZE:]
    if not body or _checksum(body) != checksum:
        raise KeyRejected("bad_checksum", "the text was mistyped or cut off")
    return body[0], body[1:]


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(body).digest()).digest()[:_CHECKSUM_SIZE]
