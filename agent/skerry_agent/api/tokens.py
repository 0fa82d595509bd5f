"""API tokens: `skr_<id>_<secret>`, shown once, stored as a hash. The local token is a file, anew at each start.

Used by the API's guard and by `skerry token`.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from skerry_agent.store import TokenRow
from skerry_core.errors import UsageError
from skerry_core.files import PRIVATE_MODE, write_atomic

__all__ = ["LOCAL_SCOPES", "SCOPES", "LocalToken", "NewToken", "digest", "new_token", "token_id"]

SCOPES = ("read", "control", "wallet")
LOCAL_SCOPES = ("read", "control")  # never wallet: any program of this user can read the file
LOCAL_ID = "local"
SECRET_BYTES = 32
MAX_NAME = 64  # characters
_SHAPE = re.compile(r"skr_([a-z0-9]{1,16})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token just made: the row to store, and the secret to show once."""

    row: TokenRow
    secret: str

    def __repr__(self) -> str:
        return f"NewToken(id={self.row.id!r})"


class LocalToken:
    """The token in the 0600 file; only clients on this machine may use it."""

    def __init__(self) -> None:
        self._secret = _secret(LOCAL_ID)
        self._digest = digest(self._secret)

    def write(self, path: Path) -> None:
        """Write the file, readable by this user only."""
        write_atomic(path, self._secret.encode() + b"\n", mode=PRIVATE_MODE)

    def matches(self, offered: bytes) -> bool:
        """Compare a SHA-256 in constant time."""
        return hmac.compare_digest(self._digest, offered)


def new_token(name: str, scopes: Collection[str], *, now_ns: int) -> NewToken:
    """Make a token. Raises `UsageError` E_TOKEN_NAME, E_TOKEN_SCOPE."""
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise UsageError("E_TOKEN_NAME", f"A token's name has 1 to {MAX_NAME} printable characters.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise UsageError("E_TOKEN_SCOPE", f"Scopes are {', '.join(SCOPES)}; at least one is needed.")
    account = secrets.token_hex(4)
    secret = _secret(account)
    ordered = [scope for scope in SCOPES if scope in scopes]
    row = TokenRow(id=account, name=name, scopes=ordered, hash=digest(secret), created_ns=now_ns)
    return NewToken(row=row, secret=secret)


def token_id(untrusted: str) -> str | None:
    """Return the id inside a token, None when the text has not the shape of one."""
    found = _SHAPE.fullmatch(untrusted)
    return found[1] if found else None


def digest(secret: str) -> bytes:
    """Return the SHA-256 under which a token is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()  # headers may hold any bytes


def _secret(account: str) -> str:
    return f"skr_{account}_{secrets.token_urlsafe(SECRET_BYTES)}"
