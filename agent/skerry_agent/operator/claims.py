"""Payouts that are signed and wait: what they would do, and driving them to their end. `skerry rewards claim` calls it.

`skerry-open` pays by push, so an owner has nothing to sign: a claim here is the operator's payer going on with an epoch
whose manifest is signed and whose payment was left, cut off by a crash, or refused by the cluster for a while.
"""

from dataclasses import dataclass

from skerry_agent.operator.house import OperatorHouse
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterError
from skerry_wallet.payout.batches import Batch
from skerry_wallet.payout.payer import PayoutPreview
from skerry_wallet.payout.payment import with_blockhash
from skerry_wallet.spending.effects import Effect, decode_effects
from skerry_wallet.tokens import FEE_LAMPORTS
from skerry_wallet.transaction import parse_message, transaction_size

__all__ = ["PendingPayout", "PlannedTransaction", "pay_pending", "pending_payout"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTransaction:
    """One transaction as it would be signed: its unsigned message, our own reading of it, its fee in lamports."""

    key: str
    message: bytes
    size_bytes: int
    fee_lamports: int
    effects: tuple[Effect, ...]
    simulation: str  # "ok", the cluster's term, or why there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPayout:
    """One signed epoch that is not paid yet; `owed` is owner -> base units of `token`."""

    epoch: int
    token: str
    manifest_hash: bytes
    owed: dict[str, int]
    data_credits: int  # burned for the epoch's carried packets, before anybody is paid
    cost: PayoutPreview
    transactions: tuple[PlannedTransaction, ...]


async def pending_payout(house: OperatorHouse) -> PendingPayout | None:
    """Return what waits to be paid, None when nothing does. Stores and signs nothing. Raises as `Payer.preview`."""
    order = await house.oracle.driver.order()
    if order is None:
        return None
    cost, batches = await house.treasury.plan(order)
    carried = await house.oracle.packets.data_credits(order.epoch)
    return PendingPayout(
        epoch=order.epoch,
        token=house.network.reward_token,
        manifest_hash=order.manifest_hash,
        owed={payment.owner: payment.amount for payment in order.payments},
        data_credits=sum(carried.values()),
        cost=cost,
        transactions=tuple([await _planned(batch, house.cluster, first=batches[0]) for batch in batches]),
    )


async def pay_pending(house: OperatorHouse) -> dict[str, str]:
    """Pay what waits and finish what was cut off; return payment key -> why the cluster refused it.

    Safe to repeat at any moment: markers let every payment land once. Raises `PaymentWaits`, and as the payer.
    """
    await house.oracle.pay_signed_epoch()
    return await house.treasury.payer.resume()


async def _planned(batch: Batch, cluster: Cluster, *, first: Batch) -> PlannedTransaction:
    parsed = parse_message(batch.payment.template)
    return PlannedTransaction(
        key=batch.payment.key,
        message=batch.payment.template,
        size_bytes=transaction_size(batch.payment.template),
        fee_lamports=parsed.required_signatures * FEE_LAMPORTS,
        effects=decode_effects(parsed),
        simulation=await _simulated(batch, cluster) if batch is first else "after the first batch only",
    )


async def _simulated(batch: Batch, cluster: Cluster) -> str:
    try:
        recent = await cluster.latest_blockhash()
        message = with_blockhash(batch.payment.template, recent.blockhash)
        unsigned = bytes([message[0]]) + bytes(64 * message[0]) + message
        outcome = await cluster.simulate(unsigned)
    except ClusterError as error:
        return f"not possible: {error.detail}"
    return "ok" if outcome.error is None else str(outcome.error)
