"""Pairing: a one-time code, made on the device, becomes a token for a program elsewhere. Never with the scope wallet.

The code has 50 random bits, lives ten minutes and may be tried a few times only.
"""

import secrets

from skerry_agent.api.problems import Unauthorised
from skerry_agent.api.throttle import Throttle
from skerry_agent.api.tokens import NewToken, digest, new_token
from skerry_agent.store import Audit, AuditRow, PairingRow, Pairings, TokenRow
from skerry_core.clock import NS_PER_S, Clock
from skerry_core.errors import UsageError

__all__ = ["Pairing", "new_pairing"]

LIFETIME_S = 600
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that are mistaken for each other when read aloud
LENGTH = 10


def new_pairing(name: str, scopes: list[str], *, now_ns: int) -> tuple[str, PairingRow]:
    """Make a code and the row to store. Raises `UsageError` E_TOKEN_SCOPE for the scope wallet."""
    if "wallet" in scopes:
        raise UsageError(
            "E_TOKEN_SCOPE", "Pairing never gives the scope wallet.", remedy="Make such a token on the device itself."
        )
    checked = new_token(name, scopes, now_ns=now_ns).row  # only for its checks of name and scopes
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    expires_ns = now_ns + LIFETIME_S * NS_PER_S
    row = PairingRow(
        hash=digest(code), name=checked.name, scopes=checked.scopes, created_ns=now_ns, expires_ns=expires_ns
    )
    return code, row


class Pairing:
    """Redeems codes; wrong ones are throttled by address."""

    def __init__(self, *, clock: Clock, pairings: Pairings, audit: Audit) -> None:
        self._clock = clock
        self._pairings = pairings
        self._audit = audit
        self._throttle = Throttle()

    async def redeem(self, untrusted_code: str, *, source: str) -> NewToken:
        """Return the token for a code. Raises `Unauthorised` E_PAIRING, E_THROTTLED."""
        wait_s = self._throttle.wait_s(source, self._clock.monotonic_ns())
        if wait_s:
            raise Unauthorised(429, "E_THROTTLED", "Too many wrong codes; wait.", retry_after_s=wait_s)
        made: list[NewToken] = []

        def make(row: PairingRow) -> TokenRow:
            made.append(new_token(row.name, row.scopes, now_ns=self._clock.wall_ns()))
            return made[0].row

        code = untrusted_code.strip().upper()
        good = await self._pairings.redeem(digest(code), make, now_ns=self._clock.wall_ns())
        await self._note(source, made[0].row.id if good else "unknown", "ok" if good else "refused")
        if not good:
            self._throttle.failed(source, self._clock.monotonic_ns())
            raise Unauthorised(
                403,
                "E_PAIRING",
                "The pairing code is wrong, used or older than ten minutes.",
                remedy="Make a new one on the device: skerry token create --pair",
            )
        self._throttle.succeeded(source)
        return made[0]

    async def _note(self, source: str, account: str, outcome: str) -> None:
        line = AuditRow(
            id=secrets.token_hex(8), at_ns=self._clock.wall_ns(), account=account, source=source, action="pair",
            target="api", outcome=outcome,
        )  # fmt: skip
        await self._audit.add(line)
