"""Hashes by which reports and payloads are known (iot-poc 4.1)."""

from blake3 import blake3
from xxhash import xxh64_intdigest

__all__ = ["payload_hash", "report_id"]


def report_id(*, data: bytes, received_ms: int, public_key: bytes) -> bytes:
    """Return a report's id; for a beacon it is also the id of the whole proof. The time is big-endian."""
    return blake3(data + received_ms.to_bytes(8, "big") + public_key).digest()


def payload_hash(data: bytes) -> int:
    """Return the 64-bit hash that witnesses are matched to beacons by."""
    return xxh64_intdigest(data)
