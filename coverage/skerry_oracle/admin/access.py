"""Who may use the admin API: bearer tokens with the scopes `oracle.read` and `oracle.admin`, stored as hashes.

These are not the agent's tokens: an agent's `control` token opens nothing here, and the other way round.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from skerry_core.errors import UsageError, UserError
from skerry_oracle.store.database import Database, Statement

__all__ = ["ADMIN", "READ", "AdminTokens", "Forbidden", "Unauthorised"]

READ = "oracle.read"
ADMIN = "oracle.admin"  # includes reading
SCOPES = (READ, ADMIN)
_SECRET_BYTES = 32
_PREFIX = "skor_"


class Unauthorised(UserError):
    """No token, or one that is not known."""

    http_status = 401


class Forbidden(UserError):
    """A token without the scope."""

    http_status = 403


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    scope: str


class AdminTokens:
    """One oracle's admin tokens; `load()` before use."""

    def __init__(self, database: Database, *, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._random_bytes = random_bytes
        self._known: list[_Known] = []

    async def load(self) -> None:
        """Read the hashes."""
        rows = await self._database.fetch("SELECT digest, scope FROM admin_tokens")
        self._known = [_Known(bytes(digest), str(scope)) for digest, scope in rows]  # type: ignore[arg-type]

    async def make(self, name: str, scope: str, *, now_ms: int) -> str:
        """Return a new token; only its hash is kept. Raises `UsageError` E_SCOPE."""
        if scope not in SCOPES:
            raise UsageError("E_SCOPE", f"The scopes are {' and '.join(SCOPES)}, not {scope!r}.")
        secret, digest = self._new()
        row = (digest, name, scope, now_ms)
        await self._database.apply([Statement("INSERT INTO admin_tokens VALUES (?, ?, ?, ?)", (row,))])
        self._known.append(_Known(digest, scope))
        return secret

    def local(self) -> str:
        """Return a token for this run only; it goes into a private file beside the database."""
        secret, digest = self._new()
        self._known.append(_Known(digest, ADMIN))
        return secret

    def check(self, header: str | None, scope: str) -> None:
        """Raise `Unauthorised` or `Forbidden` unless the Authorization header opens `scope`."""
        kind, _, secret = (header or "").partition(" ")
        digest = hashlib.sha256(secret.encode()).digest()
        found = [one for one in self._known if hmac.compare_digest(one.digest, digest)]
        if kind.lower() != "bearer" or not found:
            raise Unauthorised(
                "E_UNAUTHORISED", "A valid admin token is needed.", remedy="Make one: skerry oracle token."
            )
        if scope == ADMIN and found[0].scope != ADMIN:
            raise Forbidden("E_SCOPE_MISSING", f"This needs a token with the scope {ADMIN}.")

    def _new(self) -> tuple[str, bytes]:
        secret = _PREFIX + self._random_bytes(_SECRET_BYTES).hex()
        return secret, hashlib.sha256(secret.encode()).digest()
