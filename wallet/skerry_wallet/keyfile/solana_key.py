"""Solana keys as text: the CLI's JSON array of 64 integers and the Base58 form that wallets import (sheet 5.1)."""

import json

from skerry_core import strict_json
from skerry_keys import KeyRejected, SoftwareSigner, base58_text
from skerry_wallet.keyfile.errors import KeyImportRejected

__all__ = ["parse_keypair", "to_base58", "to_json"]

_SEED_SIZE = 32
_KEYPAIR_SIZE = 64
_MAX_TEXT_LENGTH = 1000  # 64 numbers with blanks have about 320 characters


def parse_keypair(text: str) -> bytes:
    """Return the 32-byte seed of either form; surrounding blanks are ignored.

    Raises `KeyImportRejected` invalid_keypair for its form, length, range or a public half that is not the seed's.
    """
    stripped = text.strip()
    try:
        raw = _from_json(stripped) if stripped.startswith("[") else base58_text.decode(stripped)
    except (strict_json.JsonRejected, KeyRejected, ValueError, TypeError):
        raise KeyImportRejected("invalid_keypair", "neither a JSON array of 64 numbers nor Base58") from None
    if len(raw) != _KEYPAIR_SIZE or _keypair(raw[:_SEED_SIZE]) != raw:
        raise KeyImportRejected("invalid_keypair", "not a seed and its public key")
    return raw[:_SEED_SIZE]


def to_json(seed: bytes) -> str:
    """Return the Solana CLI's form of a seed (secret)."""
    return json.dumps(list(_keypair(seed)))


def to_base58(seed: bytes) -> str:
    """Return the Base58 of seed and public key (secret), which other wallets import as "private key"."""
    return base58_text.encode(_keypair(seed))


def _from_json(text: str) -> bytes:
    numbers = strict_json.loads(text.encode(), limit_bytes=_MAX_TEXT_LENGTH)
    if any(isinstance(number, bool) for number in numbers):
        raise ValueError("a truth value is no byte")
    return bytes(numbers)


def _keypair(seed: bytes) -> bytes:
    return seed + SoftwareSigner.from_seed(seed).public_key[1:]
