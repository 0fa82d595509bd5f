"""Whether a claim that a payment landed is to be believed. `Settler` asks before it calls a payment final.

A server's "finalized" is one word and costs a liar nothing. So it must also show the very bytes, what they did to every
account they name, and the marker as it was made; and a second server, where one is configured, must say the same. One
server that lies consistently about everything is found by the second one only.
"""

from dataclasses import dataclass

from skerry_wallet.address import address_text
from skerry_wallet.cluster import Account, Cluster, Landing
from skerry_wallet.payout.decision import MarkerState
from skerry_wallet.payout.payment import Attempt, Payment
from skerry_wallet.programs import MEMO_PROGRAM

__all__ = ["Evidence", "marker_state"]

_MEMO_OWNER = address_text(MEMO_PROGRAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Asks the server that makes the claim, and the second one."""

    cluster: Cluster
    second: Cluster | None = None

    async def doubt(self, payment: Payment, landed: Attempt) -> str | None:
        """Return why a claimed landing is not to be believed (yet), None when it is. Raises `ClusterError`."""
        doubt = await _doubt(self.cluster, payment, landed)
        if doubt is not None or self.second is None:
            return doubt and f"this server {doubt}"
        (status,) = await self.second.statuses([landed.signature])
        if status is None or not status.finalized or status.error is not None:
            return "the second server does not know it as final: the two disagree"
        doubt = await _doubt(self.second, payment, landed)
        return doubt and f"the second server {doubt}"


def marker_state(account: Account | None) -> MarkerState:
    """Say whether an account at a marker's address is the marker: made by allocate, empty, the memo program's."""
    made = account is not None and account.owner == _MEMO_OWNER and not account.data and account.lamports > 0
    return MarkerState.PRESENT if made else MarkerState.ABSENT


async def _doubt(cluster: Cluster, payment: Payment, landed: Attempt) -> str | None:
    if payment.marker:
        (account,) = await cluster.accounts([payment.marker])
        if marker_state(account) is not MarkerState.PRESENT:
            return "does not show its marker"
    landing = await cluster.landing(landed.signature)
    if landing is None:
        return "does not show the transaction"
    return _contradiction(landing, payment, landed.raw)


def _contradiction(landing: Landing, payment: Payment, raw: bytes) -> str | None:
    """Return what in an answer cannot be true of these bytes: lamports are only moved, save the fee that is burned."""
    if landing.raw != raw:
        return "shows other bytes under its signature"
    if landing.error is not None:
        return "shows it as failed"
    before = sum(before for _, before, _ in landing.lamports)
    after = sum(after for _, _, after in landing.lamports)
    if landing.fee_lamports <= 0 or before - after != landing.fee_lamports:
        return "shows balances that do not add up"
    made = {address: after - before for address, before, after in landing.lamports}
    if payment.marker and made.get(payment.marker, 0) <= 0:
        return "shows no lamports for its marker"
    return None
