"""Signs a reviewed transaction with an owner's key and drives it to its end; its bytes are stored before they are sent.

An owner's payment has no marker on the chain, so it is never signed a second time by itself: after a crash the same
bytes are sent again until they landed or can no longer land. What cannot be proved stays `unknown` for the owner.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skerry_agent.wallet.review import Review
from skerry_core.clock import Clock
from skerry_keys.signer import Signer
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterUnavailable
from skerry_wallet.payout.payment import Attempt, Payment, PaymentState, PaymentStore, template_of
from skerry_wallet.payout.settler import Settler
from skerry_wallet.spending.effects import decode_effects
from skerry_wallet.spending.rules import DAY_S, SpendingRules, check_spending
from skerry_wallet.transaction import parse_message, parse_transaction, sign_message, signer_key

__all__ = ["About", "known_destinations", "open_payments", "resume", "spend", "spent_today", "wallet_key"]

_OPEN = (PaymentState.PLANNED, PaymentState.SIGNED, PaymentState.SENT)
_SPENT = (*_OPEN, PaymentState.FINAL, PaymentState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is remembered of an owner's payment beside its bytes; amounts are base units by asset."""

    cluster: str  # genesis hash
    at_s: int
    paid: Mapping[str, int]
    to: Sequence[str]
    effects: Sequence[str]

    def to_text(self) -> str:
        """Return the JSON that is stored."""
        paid = {asset: str(amount) for asset, amount in self.paid.items()}
        fields = {"cluster": self.cluster, "at_s": self.at_s, "paid": paid, "to": sorted(self.to)}
        return json.dumps(fields | {"effects": list(self.effects)})

    @classmethod
    def of(cls, payment: Payment) -> "About":
        """Read it back."""
        stored: Any = json.loads(payment.about)
        paid = {asset: int(amount) for asset, amount in stored["paid"].items()}
        return cls(**(stored | {"paid": paid}))


def wallet_key(wallet: str, rest: str = "") -> str:
    """Return the key under which a wallet's payment is stored; alone it is the prefix of all of them."""
    return f"owner/{wallet}/{rest}"


async def spent_today(store: PaymentStore, wallet: str, *, clock: Clock) -> dict[str, int]:
    """Return asset -> base units that left a wallet in the last 24 hours, what is under way or unknown included."""
    spent: Counter[str] = Counter()
    for about in await _abouts(store, wallet, _SPENT):
        if about.at_s >= clock.wall_s() - DAY_S:
            spent.update(about.paid)
    return dict(spent)


async def known_destinations(store: PaymentStore, wallet: str) -> frozenset[str]:
    """Return whom this wallet has paid from here."""
    return frozenset(to for about in await _abouts(store, wallet, (PaymentState.FINAL,)) for to in about.to)


async def open_payments(store: PaymentStore) -> list[Payment]:
    """Return the payments that owners signed by hand and that are not at their end."""
    found = await store.load(await store.keys(wallet_key("")[:-1], _OPEN))
    return [payment for payment, _ in found if not payment.marker]


async def spend(
    review: Review,
    signer: Signer,
    *,
    rules: SpendingRules,
    store: PaymentStore,
    cluster: Cluster,
    clock: Clock,
    second: Cluster | None = None,
) -> Payment:
    """Check the rules, sign exactly the reviewed bytes, store, send, wait; return how it ended.

    Raises `SpendingRefused` before anything is signed, `ClusterError` with everything stored.
    """
    wallet = address_text(signer_key(signer))
    spent = await spent_today(store, wallet, clock=clock)
    check_spending(rules, paid=review.paid, destinations=review.destinations, spent_today=spent)
    if decode_effects(parse_message(review.message), review.loaded) != review.effects:
        raise ValueError("the review is of other bytes")
    raw = await asyncio.to_thread(sign_message, review.message, [signer])
    signature = parse_transaction(raw).signature
    about = About(
        cluster=await cluster.genesis_hash(),
        at_s=clock.wall_s(),
        paid=review.paid,
        to=sorted(review.destinations),
        effects=[effect.to_text() for effect in review.effects],
    )
    key = wallet_key(wallet, signature)
    payment = Payment(
        key=key, network="", marker="", template=template_of(review.message), about=about.to_text(),
    )  # fmt: skip
    attempt = Attempt(
        key=key, number=0, signature=signature, raw=raw, last_valid_block_height=review.last_valid_block_height
    )
    await store.plan([payment], attempts=[attempt])
    return await resume(payment, store=store, cluster=cluster, clock=clock, second=second)


async def resume(
    payment: Payment, *, store: PaymentStore, cluster: Cluster, clock: Clock, second: Cluster | None = None
) -> Payment:
    """Send a stored payment's bytes, unchanged, until it is final, failed, or unknown. Raises `ClusterError`."""
    if About.of(payment).cluster == await cluster.genesis_hash():  # else nothing here can say how it stands
        settler = Settler(cluster=cluster, store=store, clock=clock, signers=(), second=second)
        try:
            await settler.settle([payment.key])
        except ClusterUnavailable as error:
            raise ClusterUnavailable(f"{error.detail} The payment is kept: see `skerry wallet unfinished`.") from error
    ((stored, _),) = await store.load([payment.key])
    return stored


async def _abouts(store: PaymentStore, wallet: str, states: Sequence[PaymentState]) -> list[About]:
    found = await store.load(await store.keys(wallet_key(wallet), states))
    return [About.of(payment) for payment, _ in found]
