"""The file around a bundle: magic, version, SHA-256 of the rest, compressed deterministic CBOR. Also the bundle's id.

The hash is for accidents on the way; what makes a bundle hard to forge are the signatures inside.
"""

import base64
import hashlib
from typing import Any

from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.evidence import dcbor
from skerry_coverage.evidence.errors import EvidenceRejected

__all__ = ["ANCHORS", "MAGIC", "MAX_BODY_BYTES", "MAX_FILE_BYTES", "VERSION", "cid", "pack", "unpack"]

MAGIC = b"\x89SKP\r\n\x1a\n"  # not text, and broken by line-end conversion
VERSION = 1
MAX_FILE_BYTES = 16 << 20  # a network's epoch of one neighbourhood is far below 1 MiB
MAX_BODY_BYTES = 32 << 20
ANCHORS = "anchors"  # the section that is added after the id is known, so the id leaves it out
_HEADER_BYTES = len(MAGIC) + 1 + 32
_LEVEL = 9
_CID_PREFIX = bytes([0x01, 0x71, 0x12, 0x20])  # CIDv1, dag-cbor, SHA-256, 32 bytes


def pack(body: dict[str, Any]) -> bytes:
    """Return the file for a body. Raises `TypeError` for values that have no deterministic encoding."""
    import zstandard

    rest = zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True).compress(dcbor.encode(body))
    return MAGIC + bytes([VERSION]) + hashlib.sha256(rest).digest() + rest


def unpack(untrusted: bytes) -> dict[str, Any]:
    """Return the body of a file. Raises `BundleRejected`."""
    if len(untrusted) > MAX_FILE_BYTES:
        raise BundleRejected("too_large", f"it has {len(untrusted)} bytes, at most {MAX_FILE_BYTES} are read")
    if not untrusted.startswith(MAGIC):
        raise BundleRejected("bad_magic", "it does not begin with the mark of a proof bundle")
    if len(untrusted) < _HEADER_BYTES:
        raise BundleRejected("truncated", "it ends within its header")
    if untrusted[len(MAGIC)] != VERSION:
        raise BundleRejected("bad_version", f"it has format {untrusted[len(MAGIC)]}, this program reads {VERSION}")
    rest = untrusted[_HEADER_BYTES:]
    if hashlib.sha256(rest).digest() != untrusted[len(MAGIC) + 1 : _HEADER_BYTES]:
        raise BundleRejected("bad_checksum", "its content does not match its checksum")
    try:
        body = dcbor.decode(_decompress(rest))
    except EvidenceRejected as error:
        raise BundleRejected(error.reason, error.detail) from None
    if not isinstance(body, dict):
        raise BundleRejected("bad_type", "its content is not a map")
    return body


def cid(body: dict[str, Any]) -> str:
    """Return the bundle's id: a CIDv1 (dag-cbor, SHA-256, base32) of the uncompressed body without its anchors."""
    content = {name: value for name, value in body.items() if name != ANCHORS}
    digest = hashlib.sha256(dcbor.encode(content)).digest()
    return "b" + base64.b32encode(_CID_PREFIX + digest).decode().rstrip("=").lower()


def _decompress(untrusted: bytes) -> bytes:
    import zstandard

    try:
        size = zstandard.frame_content_size(untrusted)
        if not 0 <= size <= MAX_BODY_BYTES:
            raise BundleRejected("too_large", f"its content must announce a size of at most {MAX_BODY_BYTES} bytes")
        # One call with a known size writes straight into the result: memory is bounded whatever window a frame wants.
        return zstandard.ZstdDecompressor().decompress(untrusted, allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError, ValueError) as error:
        raise BundleRejected("bad_compression", str(error)) from None
