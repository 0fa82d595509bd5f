"""Signs a reviewed transaction with an owner's key and drives it to its end; its bytes are stored before they are sent.

An owner's payment has no marker on the chain, so it is never signed a second time by itself: after a crash the same
bytes are sent again until they landed or can no longer land. What cannot be proved stays `unknown` for the owner.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from skerry_agent.store import Intent, Intents, IntentState
from skerry_agent.wallet.review import Review
from skerry_core.clock import NS_PER_S, Clock
from skerry_keys.signer import Signer
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import ClusterUnavailable, TransactionRejected
from skerry_wallet.spending.effects import decode_effects
from skerry_wallet.spending.rules import DAY_S, SpendingRules, check_spending
from skerry_wallet.transaction import parse_message, parse_transaction, sign_message, signer_key

__all__ = ["KIND", "known_destinations", "open_intents", "resume", "spend", "spent_today"]

KIND = "owner payment"
POLL_S = 1.0
WATCH_LIMIT_S = 240.0  # blockhashes live for 60 to 90 seconds; a cluster that stands still must not hold a person up
_OPEN = (IntentState.SIGNED, IntentState.SENT)
_SPENT = (*_OPEN, IntentState.FINAL, IntentState.UNKNOWN)
_EXPIRED = "expired without a trace; look for the signature on another cluster before you pay again"
_HARMLESS = ("AlreadyProcessed", "BlockhashNotFound")  # landed before, or expired: the next look tells


async def spent_today(intents: Intents, wallet: str, *, clock: Clock) -> dict[str, int]:
    """Return asset -> base units that left a wallet in the last 24 hours, what is under way or unknown included."""
    since_ns = clock.wall_ns() - DAY_S * NS_PER_S
    spent: Counter[str] = Counter()
    for intent in await _of(intents, wallet, _SPENT):
        if intent.created_ns >= since_ns:
            for asset, amount in intent.cause["paid"].items():
                spent[asset] += int(amount)
    return dict(spent)


async def known_destinations(intents: Intents, wallet: str) -> frozenset[str]:
    """Return whom this wallet has paid from here."""
    return frozenset(
        address for intent in await _of(intents, wallet, (IntentState.FINAL,)) for address in intent.cause["to"]
    )


async def open_intents(intents: Intents) -> list[Intent]:
    """Return the payments that were signed and are not at their end."""
    return [intent for intent in await intents.in_state(*_OPEN) if intent.kind == KIND]


async def spend(
    review: Review,
    signer: Signer,
    *,
    rules: SpendingRules,
    intents: Intents,
    cluster: Cluster,
    clock: Clock,
) -> Intent:
    """Check the rules, sign exactly the reviewed bytes, store, send, wait; return how it ended.

    Raises `SpendingRefused` before anything is signed, `ClusterError` with everything stored.
    """
    wallet = address_text(signer_key(signer))
    spent = await spent_today(intents, wallet, clock=clock)
    check_spending(rules, paid=review.paid, destinations=review.destinations, spent_today=spent)
    if decode_effects(parse_message(review.message), review.loaded) != review.effects:
        raise ValueError("the review is of other bytes")
    raw = await asyncio.to_thread(sign_message, review.message, [signer])
    signature = parse_transaction(raw).signature
    intent = Intent(
        id=signature,
        kind=KIND,
        cause={
            "wallet": wallet,
            "cluster": await cluster.genesis_hash(),
            "paid": {asset: str(amount) for asset, amount in review.paid.items()},
            "to": sorted(review.destinations),
            "effects": [effect.to_text() for effect in review.effects],
        },
        signed=raw,
        signature=signature,
        last_valid_block_height=review.last_valid_block_height,
        created_ns=clock.wall_ns(),
        changed_ns=clock.wall_ns(),
        state=IntentState.SIGNED,
    )
    return await resume(await intents.decide(intent), intents=intents, cluster=cluster, clock=clock)


async def resume(intent: Intent, *, intents: Intents, cluster: Cluster, clock: Clock) -> Intent:
    """Send a stored payment's bytes, unchanged, until it is final, failed, or unknown. Raises `ClusterError`."""
    raw = intent.signed
    assert raw is not None
    assert intent.signature is not None
    if intent.cause["cluster"] != await cluster.genesis_hash():
        return intent  # another cluster's payment: nothing here can say how it stands
    refused: object | None = None
    deadline_ns = clock.monotonic_ns() + round(WATCH_LIMIT_S * NS_PER_S)
    while True:
        if clock.monotonic_ns() > deadline_ns:
            raise ClusterUnavailable(f"Payment {intent.signature} is not final yet; see `skerry wallet unfinished`.")
        (status,) = await cluster.statuses([intent.signature])
        if status is not None and status.error is not None:
            return await _move(intents, intent, IntentState.FAILED, str(status.error), clock)
        if status is not None and status.finalized:
            return await _move(intents, intent, IntentState.FINAL, None, clock)
        if status is None:
            if await cluster.block_height() > (intent.last_valid_block_height or 0):
                state, why = (IntentState.FAILED, f"refused: {refused}") if refused else (IntentState.UNKNOWN, _EXPIRED)
                return await _move(intents, intent, state, why, clock)
            if refused is None:
                if intent.state is IntentState.SIGNED:  # before the bytes leave, so that it never looks unsent
                    intent = await _move(intents, intent, IntentState.SENT, None, clock)
                refused = await _send(raw, cluster)
        await clock.sleep(POLL_S)


async def _send(raw: bytes, cluster: Cluster) -> object | None:
    """Send once; return the cluster's refusal, which counts only when the bytes have expired without landing."""
    try:
        await cluster.send(raw)
    except TransactionRejected as refusal:
        return None if refusal.error in _HARMLESS else refusal.error
    return None


async def _move(intents: Intents, intent: Intent, state: IntentState, reason: str | None, clock: Clock) -> Intent:
    moved = replace(intent, state=state, reason=reason, changed_ns=clock.wall_ns())
    await intents.change(moved)
    return moved


async def _of(intents: Intents, wallet: str, states: Sequence[IntentState]) -> list[Intent]:
    found = await intents.in_state(*states)
    return [intent for intent in found if intent.kind == KIND and intent.cause["wallet"] == wallet]
