"""Sends one unmarked transaction and waits for it; only for actions that the chain itself lets happen once.

Creating a mint or an account is such an action. Payments go through `payout.settler` instead.
"""

import asyncio
from collections.abc import Sequence

from skerry_core.clock import Clock
from skerry_keys.signer import Signer
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterUnavailable, TransactionRejected
from skerry_wallet.transaction import Instruction, compile_message, parse_transaction, sign_message, signer_key

__all__ = ["send_and_confirm"]

_POLL_S = 1.0


async def send_and_confirm(
    cluster: Cluster, instructions: Sequence[Instruction], signers: Sequence[Signer], *, clock: Clock
) -> str:
    """Sign (the first signer pays), send, wait until final; return the signature.

    Raises `TransactionRejected` when it fails, `ClusterUnavailable` when it expired without a trace.
    """
    recent = await cluster.latest_blockhash()
    message = compile_message(signer_key(signers[0]), instructions, recent.blockhash)
    with clock.hold("wallet: sign"):
        raw = await asyncio.to_thread(sign_message, message, signers)
    signature = parse_transaction(raw).signature
    try:
        await cluster.send(raw)
    except TransactionRejected as refusal:
        if refusal.error != "AlreadyProcessed":  # a repeated request whose first answer was lost
            raise
    while True:
        (status,) = await cluster.statuses([signature])
        if status is not None and status.error is not None:
            raise TransactionRejected(status.error)
        if status is not None and status.finalized:
            return signature
        if status is None and await cluster.block_height() > recent.last_valid_block_height:
            raise ClusterUnavailable(f"Transaction {signature} expired without a trace.")
        await clock.sleep(_POLL_S)
