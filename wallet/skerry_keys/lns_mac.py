"""The 8-byte gateway id that a packet router shows an LNS (iot-poc 2.4)."""

from skerry_keys.public_key import PublicKey

__all__ = ["lns_mac"]


def lns_mac(key: PublicKey) -> bytes:
    """Return xxHash64 (seed 0) of the key's binary as 8 big-endian bytes."""
    import xxhash

    return xxhash.xxh64_digest(key.binary, seed=0)
