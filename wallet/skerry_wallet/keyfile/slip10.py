"""SLIP-10 for ed25519: a hardened path from a BIP39 seed to a 32-byte key seed."""

import hashlib
import hmac
import re

from skerry_wallet.keyfile.errors import KeyImportRejected

__all__ = ["derive_ed25519"]

_MASTER_KEY = b"ed25519 seed"
_HARDENED = 0x80000000
_PATH = re.compile(r"m(?:/[0-9]{1,10}')+", re.ASCII)


def derive_ed25519(seed: bytes, path: str) -> bytes:
    """Return the key seed at `m/44'/501'/...`; every level is hardened. Raises `KeyImportRejected` invalid_path."""
    key, chain_code = _split(hmac.digest(_MASTER_KEY, seed, hashlib.sha512))
    for index in _indexes(path):
        data = b"\x00" + key + (index | _HARDENED).to_bytes(4, "big")
        key, chain_code = _split(hmac.digest(chain_code, data, hashlib.sha512))
    return key


def _indexes(path: str) -> list[int]:
    if not _PATH.fullmatch(path):
        raise KeyImportRejected("invalid_path", "expected m/44'/501'/0'/0' with every level hardened")
    indexes = [int(level.rstrip("'")) for level in path.split("/")[1:]]
    if max(indexes) >= _HARDENED:
        raise KeyImportRejected("invalid_path", "a level is out of range")
    return indexes


def _split(digest: bytes) -> tuple[bytes, bytes]:
    return digest[:32], digest[32:]
