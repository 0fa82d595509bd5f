"""One GWMP datagram: version, token, kind, gateway EUI and body. Used by the session and by emulators of forwarders.

Layout (serial-devices 2.3): byte 0 version, bytes 1-2 token, byte 3 kind, then the gateway's EUI (PUSH_DATA,
PULL_DATA, TX_ACK only), then JSON (PUSH_DATA, PULL_RESP, TX_ACK).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from skerry_core import strict_json
from skerry_firmware_bridge.errors import FrameRejected

__all__ = ["Datagram", "Kind", "acknowledgement", "read_json"]

VERSIONS = (1, 2)
HEADER_BYTES = 4
EUI_END = 12
MAX_DATAGRAM_BYTES = 65_507  # the largest UDP payload; a forwarder sends up to 255 packets in one datagram


class Kind(IntEnum):
    """The datagram's fourth byte."""

    PUSH_DATA = 0
    PUSH_ACK = 1
    PULL_DATA = 2
    PULL_RESP = 3
    PULL_ACK = 4
    TX_ACK = 5


FROM_GATEWAY = frozenset({Kind.PUSH_DATA, Kind.PULL_DATA, Kind.TX_ACK})
_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram:
    """One datagram; `token` is opaque and only shown as a big-endian number, `body` is what follows the header."""

    kind: Kind
    token: int
    eui: bytes | None = None
    body: bytes = b""
    version: int = 2

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Datagram":
        """Take a datagram apart without reading its JSON.

        Raises `FrameRejected` with reason invalid_length, invalid_version or invalid_identifier.
        """
        if not HEADER_BYTES <= len(raw) <= MAX_DATAGRAM_BYTES:
            raise FrameRejected("invalid_length", detail=f"{len(raw)} bytes", frame=raw)
        version, kind_number = raw[0], raw[3]
        if version not in VERSIONS:
            raise FrameRejected("invalid_version", detail=f"version {version}", frame=raw)
        if kind_number >= len(_KINDS):
            raise FrameRejected("invalid_identifier", detail=f"identifier {kind_number}", frame=raw)
        kind = _KINDS[kind_number]
        token = raw[1] << 8 | raw[2]
        if kind not in FROM_GATEWAY:
            return cls(kind=kind, token=token, body=raw[HEADER_BYTES:], version=version)
        if len(raw) < EUI_END:
            raise FrameRejected("invalid_length", detail=f"{len(raw)} bytes, no EUI", frame=raw)
        return cls(kind=kind, token=token, eui=raw[HEADER_BYTES:EUI_END], body=raw[EUI_END:], version=version)

    def to_bytes(self) -> bytes:
        """Return the datagram's bytes."""
        return bytes((self.version, self.token >> 8, self.token & 0xFF, self.kind)) + (self.eui or b"") + self.body


def acknowledgement(raw: bytes) -> bytes | None:
    """Return the answer that a server owes for a received datagram, None when it owes none; the JSON is not looked at.

    Version and token are those of the question (protocol rule: acknowledge first, work after).
    """
    if len(raw) < EUI_END or raw[0] not in VERSIONS:
        return None
    if raw[3] == Kind.PUSH_DATA:
        return raw[:3] + b"\x01"
    if raw[3] == Kind.PULL_DATA:
        return raw[:3] + b"\x04"
    return None


def read_json(body: bytes) -> dict[str, Any]:
    """Parse the JSON object of a body; NULs after it are dropped. Raises `FrameRejected("invalid_json")`."""
    try:
        value = strict_json.loads(body.rstrip(b"\0"), limit_bytes=MAX_DATAGRAM_BYTES)
    except strict_json.JsonRejected as error:
        raise FrameRejected("invalid_json", detail=str(error), frame=body) from None
    if not isinstance(value, dict):
        raise FrameRejected("invalid_json", detail=f"expected an object, got {type(value).__name__}", frame=body)
    return value
