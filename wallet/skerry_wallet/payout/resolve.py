"""A person's decision about a payment of which nobody could prove whether it landed."""

from skerry_core.errors import NotFoundError
from skerry_wallet.payout.payment import PaymentState, PaymentStore, Update

__all__ = ["resolve"]


async def resolve(store: PaymentStore, key: str, *, paid: bool, note: str) -> PaymentState:
    """Store the decision; return the payment's new state. Raises `NotFoundError` when the payment is not unknown.

    Not paid means that a marked payment is tried again - its marker refuses the second transaction if it was paid
    after all - and that an unmarked one has failed: its owner pays again by hand, or not.
    """
    if key not in await store.keys(key, (PaymentState.UNKNOWN,)):
        raise NotFoundError("E_PAYMENT_NOT_UNKNOWN", f"No payment {key} waits for a decision.")
    ((payment, attempts),) = await store.load([key])
    unpaid = PaymentState.PLANNED if payment.marker else PaymentState.FAILED
    state = PaymentState.FINAL if paid else unpaid
    signature = attempts[-1].signature if paid and attempts else None
    await store.update([Update(key=key, state=state, note=f"decided by a person: {note}", signature=signature)])
    return state
