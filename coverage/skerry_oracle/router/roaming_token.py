"""The token by which a network server names the uplink that it answers: opaque to it, checked by us.

Network servers reach us over the open internet; a token that they could make up would let anybody transmit through any
hotspot. So it carries a code that only this router can make.
"""

import hashlib
import hmac
from dataclasses import dataclass

from skerry_oracle.router.roaming_errors import RoamingRejected

__all__ = ["UplinkToken"]

_CODE_BYTES = 16
_SEPARATOR = b"\x00"
_MAX_CHARACTERS = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkToken:
    """Which hotspot heard the uplink, in which region, at which value of its counter (microseconds)."""

    gateway: bytes
    region: str
    tmst_us: int

    def to_text(self, secret: bytes) -> str:
        """Return the token as hexadecimal text."""
        content = _SEPARATOR.join((self.region.encode(), str(self.tmst_us).encode(), self.gateway))
        return "0x" + (_code(secret, content) + content).hex().upper()

    @classmethod
    def from_text(cls, untrusted: object, secret: bytes) -> "UplinkToken":
        """Read a token of ours. Raises `RoamingRejected` token."""
        try:
            if not isinstance(untrusted, str) or len(untrusted) > _MAX_CHARACTERS:
                raise ValueError("no text of a fair length")
            raw = bytes.fromhex(untrusted.removeprefix("0x"))
        except ValueError as error:
            raise RoamingRejected("token", str(error)) from None
        code, content = raw[:_CODE_BYTES], raw[_CODE_BYTES:]
        if not hmac.compare_digest(code, _code(secret, content)):
            raise RoamingRejected("token", "it is not of this router, or from before its last start")
        region, tmst, gateway = content.split(_SEPARATOR, 2)
        return cls(gateway=gateway, region=region.decode(), tmst_us=int(tmst))


def _code(secret: bytes, content: bytes) -> bytes:
    return hmac.digest(secret, content, hashlib.sha256)[:_CODE_BYTES]
