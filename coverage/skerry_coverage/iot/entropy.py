"""Remote entropy: the upstream server's formula, our committed formula, and the stored text form (iot-poc 1.1)."""

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping
from typing import Any

from blake3 import blake3

from skerry_coverage.iot.errors import EntropyRejected
from skerry_wire.sink import Entropy

__all__ = [
    "ENTROPY_BYTES",
    "blockhash_entropy",
    "commitment",
    "committed_entropy",
    "entropy_from_json",
    "entropy_to_json",
]

ENTROPY_BYTES = 32
_DOMAIN = b"skerry entropy v1\x00"


def blockhash_entropy(
    *, timestamp_s: int, blockhash: bytes | None, previous: bytes | None, first: bool = False
) -> Entropy:
    """Return what the upstream entropy server publishes.

    The very first value is the block hash itself; later values hash time and block hash, or time and the previous
    value when the chain could not be asked. Raises `ValueError` when there is neither.
    """
    source = blockhash if blockhash is not None else previous
    if source is None:
        raise ValueError("no block hash and no previous value")
    data = source if first else blake3(struct.pack("<q", timestamp_s) + source).digest()
    return Entropy(data=data, timestamp_s=timestamp_s, version=0)


def committed_entropy(*, secret: bytes, network: str, timestamp_s: int) -> Entropy:
    """Return the entropy of one interval of a network of ours.

    `secret` is 32 bytes from the operating system's random source, drawn one interval ahead; the network id keeps
    entropy of one network from counting in another (DESIGN, Oracle).
    """
    if len(secret) != ENTROPY_BYTES:
        raise ValueError(f"a secret has {ENTROPY_BYTES} bytes, got {len(secret)}")
    name = network.encode()
    data = hashlib.sha256(
        _DOMAIN + len(name).to_bytes(2, "big") + name + struct.pack(">q", timestamp_s) + secret
    ).digest()
    return Entropy(data=data, timestamp_s=timestamp_s, version=0)


def commitment(entropy: Entropy) -> bytes:
    """Return what is published one interval ahead, so that nobody, the operator included, can pick a value later."""
    return hashlib.sha256(_DOMAIN + b"commitment\x00" + entropy.data).digest()


def entropy_to_json(entropy: Entropy) -> dict[str, Any]:
    """Return the stored form."""
    return {
        "version": entropy.version,
        "timestamp": entropy.timestamp_s,
        "data": base64.b64encode(entropy.data).decode("ascii"),
    }


def entropy_from_json(value: Mapping[str, Any]) -> Entropy:
    """Read the stored form; a missing version is 0. Raises `EntropyRejected` missing_field, bad_base64, bad_value."""
    for name in ("timestamp", "data"):
        if value.get(name) is None:
            raise EntropyRejected("missing_field", name)
    text, timestamp, version = value["data"], value["timestamp"], value.get("version")
    version = 0 if version is None else version
    if not isinstance(text, str) or not _is_int(timestamp) or not _is_int(version):
        raise EntropyRejected("bad_value", "version and timestamp are integers, data is text")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EntropyRejected("bad_base64", str(error)) from None
    return Entropy(data=data, timestamp_s=timestamp, version=version)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
