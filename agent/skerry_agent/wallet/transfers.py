"""Builds an owner's transfer on a cluster: what it holds, whether the receiver's token account must be opened."""

from skerry_core.errors import UsageError
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import InsufficientFunds
from skerry_wallet.spending.transfer import Transfer
from skerry_wallet.tokens import FEE_LAMPORTS, Token, token_balances

__all__ = ["transfer_message"]


async def transfer_message(
    cluster: Cluster, *, owner: bytes, to: bytes, token: Token | None, units: int | None, note: str = ""
) -> bytes:
    """Return the message without a blockhash; `token` None is SOL, `units` None everything that can leave.

    Raises `InsufficientFunds`, `UsageError` E_SEND for nothing to send, `ClusterError`.
    """
    opening = False
    if token is not None:
        held, target = await token_balances(cluster, token.mint, [owner, to])
        units, opening = held.amount if units is None else units, not target.exists
        if not 0 < units <= held.amount:
            raise InsufficientFunds(
                account=address_text(owner), asset=token.name, needed=max(units, 1), held=held.amount,
                decimals=token.decimals,
            )  # fmt: skip
    elif units is None:
        (account,) = await cluster.accounts([address_text(owner)])
        units = max(0, (account.lamports if account else 0) - FEE_LAMPORTS)
    if units <= 0:
        raise UsageError("E_SEND", "That is nothing to send.")
    return Transfer(owner=owner, to=to, token=token, amount=units, note=note).message(open_account=opening)
