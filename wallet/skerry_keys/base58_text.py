"""Base58 and base58check with strict input checks; everything that prints or reads addresses goes through here."""

import hashlib

import base58

from skerry_keys.errors import KeyRejected

__all__ = ["decode", "decode_check", "encode", "encode_check"]

_ALPHABET = frozenset(base58.BITCOIN_ALPHABET.decode())
_CHECKSUM_SIZE = 4
_MAX_TEXT_LENGTH = 4096  # an RSA-4096 address has about 720 characters; decoding time grows with the square


def encode(raw: bytes) -> str:
    """Return Bitcoin-alphabet base58 text."""
    return base58.b58encode(raw).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of base58 text. Raises `KeyRejected` bad_base58 for any foreign character, blanks included."""
    if len(text) > _MAX_TEXT_LENGTH:
        raise KeyRejected("bad_base58", f"{len(text)} characters, at most {_MAX_TEXT_LENGTH} are accepted")
    foreign = next((character for character in text if character not in _ALPHABET), None)
    if foreign is not None:
        raise KeyRejected("bad_base58", f"{foreign!r} is not in the alphabet")
    return base58.b58decode(text)


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
