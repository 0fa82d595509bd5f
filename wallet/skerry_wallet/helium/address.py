"""Solana addresses as text and as 32 bytes, and the ed25519 curve test behind program-derived addresses."""

from functools import lru_cache

from skerry_keys import KeyRejected, base58_text
from skerry_wallet.helium.errors import HeliumRejected

__all__ = ["is_on_curve", "to_raw", "to_text"]

ADDRESS_SIZE = 32
_P = 2**255 - 19  # RFC 8032, 5.1
_D = -121665 * pow(121666, -1, _P) % _P
_Y_MASK = (1 << 255) - 1


@lru_cache(maxsize=4096)
def to_raw(address: str) -> bytes:
    """Return the 32 bytes of an address. Raises `HeliumRejected` bad_base58 or bad_length."""
    try:
        raw = base58_text.decode(address)
    except KeyRejected as error:
        raise HeliumRejected(error.reason, str(error)) from None
    if len(raw) != ADDRESS_SIZE:
        raise HeliumRejected("bad_length", f"an address has 32 bytes, got {len(raw)}")
    return raw


def to_text(raw: bytes) -> str:
    """Return the Base58 text of 32 bytes."""
    if len(raw) != ADDRESS_SIZE:
        raise HeliumRejected("bad_length", f"an address has 32 bytes, got {len(raw)}")
    return base58_text.encode(raw)


def is_on_curve(raw: bytes) -> bool:
    """Say whether 32 bytes decompress to a curve point, as Solana asks: any order, Y taken modulo p, sign ignored.

    libsodium's point test is no substitute: it also refuses points outside the prime-order group.
    """
    y = (int.from_bytes(raw, "little") & _Y_MASK) % _P
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    return pow(u * v, (_P - 1) // 2, _P) in {0, 1}  # x² = u/v is a square exactly when u·v is one
