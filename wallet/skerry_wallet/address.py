"""Solana addresses: base58 text and 32 bytes, and the addresses that are derived from others. No solders.

Everything here runs in the agent's process; the rules are those of Solana's `Pubkey`.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from skerry_keys import base58_text
from skerry_keys.errors import KeyRejected
from skerry_wallet.helium.address import is_on_curve

__all__ = [
    "address_bytes",
    "address_text",
    "derived_with_seed",
    "find_program_address",
    "signature_bytes",
    "signature_text",
]

KEY_SIZE = 32
SIGNATURE_SIZE = 64
_MAX_SIGNATURE_TEXT = 90  # 64 bytes never need more than 88 base58 digits
_MAX_TEXT = 44  # 32 bytes never need more base58 digits; longer text would only cost time
_PDA_MARKER = b"ProgramDerivedAddress"
_CACHED = 65_536  # one network's owners and their token accounts


@lru_cache(maxsize=_CACHED)
def address_bytes(text: str) -> bytes:
    """Return the 32 bytes of a base58 address. Raises `ValueError`."""
    if len(text) > _MAX_TEXT:
        raise ValueError(f"an address has at most {_MAX_TEXT} characters, got {len(text)}")
    try:
        raw = base58_text.decode(text)
    except KeyRejected as error:
        raise ValueError(f"not a base58 address: {text!r}") from error
    if len(raw) != KEY_SIZE:
        raise ValueError(f"an address has {KEY_SIZE} bytes: {text!r}")
    return raw


@lru_cache(maxsize=_CACHED)
def address_text(raw: bytes) -> str:
    """Return the base58 text of 32 bytes."""
    if len(raw) != KEY_SIZE:
        raise ValueError(f"an address has {KEY_SIZE} bytes, got {len(raw)}")
    return base58_text.encode(raw)


@lru_cache(maxsize=1024)  # a transaction's name is asked for several times while it is handled
def signature_text(signature: bytes) -> str:
    """Return the base58 text by which clusters name a transaction."""
    return base58_text.encode(signature)


def signature_bytes(text: str) -> bytes:
    """Return the 64 bytes of a transaction's base58 name. Raises `ValueError`."""
    if len(text) > _MAX_SIGNATURE_TEXT:
        raise ValueError("not a base58 signature")
    try:
        raw = base58_text.decode(text)
    except KeyRejected as error:
        raise ValueError("not a base58 signature") from error
    if len(raw) != SIGNATURE_SIZE:
        raise ValueError(f"a signature has {SIGNATURE_SIZE} bytes")
    return raw


def derived_with_seed(base: bytes, seed: str, owner: bytes) -> bytes:
    """Return the address of `createWithSeed`: SHA-256 of base, seed (at most 32 bytes) and owning program."""
    encoded = seed.encode()
    if len(encoded) > KEY_SIZE:
        raise ValueError(f"a seed has at most {KEY_SIZE} bytes, got {len(encoded)}")
    if owner.endswith(_PDA_MARKER):
        raise ValueError("the owning program's id could be mistaken for a program-derived address")
    return hashlib.sha256(base + encoded + owner).digest()


def find_program_address(seeds: Sequence[bytes], program: bytes) -> tuple[bytes, int]:
    """Return the program-derived address with the highest bump that is no point of the curve, and the bump.

    Raises `ValueError` for more than 15 seeds, a seed above 32 bytes, or when no bump fits.
    """
    if len(seeds) > 15 or any(len(seed) > KEY_SIZE for seed in seeds):
        raise ValueError("at most 15 seeds of at most 32 bytes besides the bump")
    prefix = b"".join(seeds)
    for bump in range(255, -1, -1):
        candidate = hashlib.sha256(prefix + bytes([bump]) + program + _PDA_MARKER).digest()
        if not is_on_curve(candidate):
            return candidate, bump
    raise ValueError("no bump gives an address off the curve")
