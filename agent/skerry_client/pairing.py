"""The pairing string: where an agent is, the fingerprint of its certificate, and a one-time code. Fits in a QR picture.

    skerry-pair:https://192.168.1.7:8474#sha256=<64 hex>&code=ABCDEFGHJK

`skerry token create --pair` prints it; the window reads it.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from skerry_core.errors import UsageError

__all__ = ["PairingString"]

SCHEME = "skerry-pair:"
MAX_LENGTH = 500
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Z2-9]{10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingString:
    """`fingerprint` is None for plain http, which is for this machine only."""

    address: str
    fingerprint: str | None
    code: str = field(repr=False)

    def to_text(self) -> str:
        """Return the string."""
        pin = f"sha256={self.fingerprint}&" if self.fingerprint else ""
        return f"{SCHEME}{self.address}#{pin}code={self.code}"

    @classmethod
    def from_text(cls, untrusted: str) -> "PairingString":
        """Read the string. Raises `UsageError` E_PAIRING_STRING."""
        text = untrusted.strip()
        if len(text) > MAX_LENGTH or not text.startswith(SCHEME):
            raise _bad("it does not begin with skerry-pair:")
        try:
            parts = urlsplit(text.removeprefix(SCHEME))
            port = parts.port
            members = parse_qs(parts.fragment, strict_parsing=True, max_num_fields=4)
        except ValueError:
            raise _bad("it is damaged") from None
        code = members.get("code", [""])[0]
        pin = members.get("sha256", [None])[0]
        plain = parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
        if parts.scheme not in ("http", "https") or not parts.hostname or port is None or not plain:
            raise _bad("its address is not one of an agent")
        if not _CODE.fullmatch(code):
            raise _bad("it has no code")
        if (pin is None) != (parts.scheme == "http") or (pin is not None and not _FINGERPRINT.fullmatch(pin)):
            raise _bad("it has no fingerprint of the certificate")
        return cls(address=f"{parts.scheme}://{parts.netloc}", fingerprint=pin, code=code)


def _bad(reason: str) -> UsageError:
    return UsageError(
        "E_PAIRING_STRING", f"That is not a pairing string: {reason}.",
        remedy="Copy the whole line that `skerry token create --pair` printed.",
    )  # fmt: skip
