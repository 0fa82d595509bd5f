"""Drives stored payments to their end: sign, store, send, watch, prove. `Payer` and `DataCredits` call it.

Works in rounds over a chunk of payments, so that one database transaction and one request serve many of them. Every
step can be the last one before a power cut: what was stored decides how the next run goes on.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_keys.signer import Signer
from skerry_wallet.address import address_text
from skerry_wallet.cluster import Cluster, SignatureStatus
from skerry_wallet.errors import (
    ClusterNonsense,
    ClusterUnavailable,
    MalformedTransaction,
    PayoutRefused,
    TransactionRejected,
)
from skerry_wallet.payout.decision import Decision, MarkerState, Observation, decide
from skerry_wallet.payout.evidence import Evidence, marker_state
from skerry_wallet.payout.payment import (
    Attempt,
    Payment,
    PaymentState,
    PaymentStore,
    Update,
    template_of,
    with_blockhash,
)
from skerry_wallet.transaction import parse_message, parse_transaction, sign_message, signer_key

__all__ = ["SettleResult", "Settler"]

_log = logging.getLogger(__name__)

CHUNK = 64  # payments per round; below the 100 accounts and 256 signatures that one RPC request may name
PARALLEL_CHUNKS = 4  # finality takes 13 seconds on the main network; waiting for one chunk, others are sent
POLL_S = 2.0  # about five slots
PATIENCE_ROUNDS = 150  # five minutes; a blockhash lives for one, so a cluster whose height moves is never given up
_ENDS = (PaymentState.FINAL, PaymentState.FAILED, PaymentState.UNKNOWN)
_HARMLESS_REFUSALS = ("AlreadyProcessed", "BlockhashNotFound")  # landed before, or expired: the next look tells
EVIDENCE_GRACE_BLOCKS = 150  # a minute: servers lag behind each other, and history behind the newest state


@dataclass(slots=True, kw_only=True)
class SettleResult:
    """How a run ended; `refused` maps keys to the cluster's term, and those may be tried again later."""

    final: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def ended(self, key: str, state: PaymentState) -> None:
        """Note a payment that is at its end."""
        by_state = {PaymentState.FINAL: self.final, PaymentState.FAILED: self.failed}
        by_state.get(state, self.unknown).append(key)


class Settler:
    """Signs with the given keys only; which of them a payment needs is read from its message."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: PaymentStore,
        clock: Clock,
        signers: Sequence[Signer],
        second: Cluster | None = None,
    ) -> None:
        """`second` is another server of the same chain that must agree before a payment counts as final."""
        self._cluster = cluster
        self._evidence = Evidence(cluster=cluster, second=second)
        self._store = store
        self._clock = clock
        self._signers = {signer_key(signer): signer for signer in signers}

    async def settle(self, keys: Sequence[str]) -> SettleResult:
        """Drive payments until each is at its end or refused. Raises `ClusterError` with everything stored."""
        result = SettleResult()
        chunks = iter([list(keys[start : start + CHUNK]) for start in range(0, len(keys), CHUNK)])

        async def work() -> None:
            for chunk in chunks:
                await self._settle_chunk(chunk, result)

        try:
            async with asyncio.TaskGroup() as group:
                for number in range(PARALLEL_CHUNKS):
                    group.create_task(work(), name=f"payout: settle {number}")
        except BaseExceptionGroup as failures:
            ours, others = failures.split(SkerryError)
            if others is not None or ours is None:
                raise
            raise ours.exceptions[0] from failures  # the first one stopped the others
        return result

    async def _settle_chunk(self, keys: list[str], result: SettleResult) -> None:
        run = _Run(result)
        idle = 0
        while True:
            news = run.news
            keys = await self._round(keys, run)
            if not keys:
                return
            idle = 0 if run.news != news else idle + 1
            if idle > PATIENCE_ROUNDS:
                raise ClusterUnavailable(f"Nothing moved in {len(keys)} payments for {PATIENCE_ROUNDS * POLL_S:.0f} s.")
            if idle:
                await self._clock.sleep(POLL_S)

    async def _round(self, keys: list[str], run: "_Run") -> list[str]:
        """Look, decide, act once; return the keys that are not at their end."""
        open_payments = []
        for payment, attempts in await self._store.load(keys):
            if payment.state in _ENDS:
                run.result.ended(payment.key, payment.state)
            else:
                open_payments.append((payment, attempts))
        if not open_payments:
            return []
        observations = await self._observe(open_payments, run)
        acting = _Acting()
        for (payment, attempts), seen in zip(open_payments, observations, strict=True):
            await self._act(payment, attempts, seen, acting, run)
        await self._store.update(acting.updates)
        if acting.ended:
            run.news += 1  # the next round's load counts them
        await self._sign_and_send(acting, run)
        return [payment.key for payment, _ in open_payments if payment.key not in run.result.refused]

    async def _observe(self, payments: list[tuple[Payment, list[Attempt]]], run: "_Run") -> list[Observation]:
        signatures = [attempt.signature for _, attempts in payments for attempt in attempts]
        # The height is read first: a marker that is absent afterwards was absent when the blockhash had expired.
        height = await self._cluster.block_height()
        statuses = iter(await self._cluster.statuses(signatures) if signatures else [])
        wanted = [payment.marker for payment, _ in payments if payment.marker]
        markers = dict(zip(wanted, await self._cluster.accounts(wanted) if wanted else [], strict=True))
        observations = []
        for payment, attempts in payments:
            known: tuple[SignatureStatus | None, ...] = tuple(next(statuses) for _ in attempts)
            observations.append(
                Observation(
                    statuses=known,
                    marker=MarkerState.NONE if not payment.marker else marker_state(markers[payment.marker]),
                    block_height=height,
                    last_valid_block_height=max((a.last_valid_block_height for a in attempts), default=0),
                    retry=payment.state is PaymentState.PLANNED,
                    rejected=payment.key in run.rejected,
                )
            )
        return observations

    async def _act(
        self,
        payment: Payment,
        attempts: list[Attempt],
        seen: Observation,
        acting: "_Acting",
        run: "_Run",
    ) -> None:
        match decide(seen):
            case Decision.FINAL:
                known = zip(attempts, seen.statuses, strict=True)
                landed = next(a for a, s in known if s and s.finalized and s.error is None)
                await self._confirm(payment, landed, seen, acting)
            case Decision.PROVE:
                await self._prove(payment, acting, last_look=seen.block_height > seen.last_valid_block_height)
            case Decision.FAILED:
                acting.end(payment, PaymentState.FAILED, note=_why_failed(seen, run.rejected.get(payment.key)))
            case Decision.SEND:
                acting.send.append(attempts[-1])
            case Decision.SIGN:
                acting.sign.append((payment, len(attempts)))
            case Decision.REFUSED:
                newest = seen.statuses[-1]
                run.result.refused[payment.key] = run.rejected.get(payment.key) or str(newest.error if newest else "")
                acting.updates.append(
                    Update(key=payment.key, state=payment.state, note=f"refused: {run.result.refused[payment.key]}")
                )
            case Decision.CONTRADICTION:
                acting.end(payment, PaymentState.UNKNOWN, note="said to have landed, but its marker is absent")
            case Decision.EXHAUSTED:
                acting.end(payment, PaymentState.UNKNOWN, note="every transaction of it expired unseen")
            case Decision.WAIT:
                pass

    async def _confirm(self, payment: Payment, landed: Attempt, seen: Observation, acting: "_Acting") -> None:
        """It is said to be final: believe it when there is evidence, and leave it to a person when none comes."""
        doubt = await self._evidence.doubt(payment, landed)
        if doubt is None:
            acting.end(payment, PaymentState.FINAL, signature=landed.signature)
        elif seen.block_height > seen.last_valid_block_height + EVIDENCE_GRACE_BLOCKS:
            acting.end(payment, PaymentState.UNKNOWN, note=f"said to have landed, but {doubt}")
        else:
            _log.info("%s: said to have landed, but %s", payment.key, doubt)

    async def _prove(self, payment: Payment, acting: "_Acting", *, last_look: bool) -> None:
        """The marker exists: find the transaction that made it and check that it is this very payment.

        A cluster's history may lag behind its accounts, so only the look after the last blockhash expired is final.
        """

        for signature in await self._cluster.history(payment.marker):
            landing = await self._cluster.landing(signature)
            if landing is not None and landing.error is None and _is_this_payment(landing.raw, payment):
                acting.end(payment, PaymentState.FINAL, signature=signature, note="paid by another copy of this payer")
                return
        if last_look:
            note = "its marker exists, but no transaction of this payment is shown"
            acting.end(payment, PaymentState.UNKNOWN, note=note)

    async def _sign_and_send(self, acting: "_Acting", run: "_Run") -> None:
        fresh: list[Attempt] = []
        if acting.sign:
            recent = await self._cluster.latest_blockhash()
            unsigned = [
                (payment, number, with_blockhash(payment.template, recent.blockhash)) for payment, number in acting.sign
            ]
            with self._clock.hold("payout: sign"):
                signed = await asyncio.to_thread(lambda: [self._signed(message) for _, _, message in unsigned])
            fresh = [
                Attempt(
                    key=payment.key,
                    number=number,
                    signature=parse_transaction(raw).signature,
                    raw=raw,
                    last_valid_block_height=recent.last_valid_block_height,
                )
                for (payment, number, _), raw in zip(unsigned, signed, strict=True)
            ]
            await self._store.add_attempts(fresh)
            run.news += 1
        accepted: list[Update] = []
        async with asyncio.TaskGroup() as group:
            for attempt in acting.send + fresh:
                group.create_task(self._send(attempt, run, accepted), name=f"payout: send {attempt.key}")
        await self._store.update(accepted)

    def _signed(self, message: bytes) -> bytes:
        parsed = parse_message(message)
        required = parsed.keys[: parsed.required_signatures]
        missing = [address_text(key) for key in required if key not in self._signers]
        if missing:
            raise PayoutRefused(
                "E_PAYOUT_SIGNER",
                f"The key of {missing[0]} is needed to sign this payment and is not configured.",
                remedy="Configure the key with which the payment was planned.",
                params={"address": missing[0]},
            )
        return sign_message(message, [self._signers[key] for key in required])

    async def _send(self, attempt: Attempt, run: "_Run", accepted: list[Update]) -> None:
        try:
            await self._cluster.send(attempt.raw)
        except TransactionRejected as refusal:
            if refusal.error not in _HARMLESS_REFUSALS:
                run.news += attempt.key not in run.rejected
                run.rejected[attempt.key] = str(refusal.error)
            return
        except (ClusterUnavailable, ClusterNonsense) as error:
            _log.info("%s: it is not known whether it was sent (%s)", attempt.key, error.detail)
            return
        accepted.append(Update(key=attempt.key, state=PaymentState.SENT))


@dataclass(slots=True)
class _Run:
    """What one chunk's rounds remember; `news` grows when another look is worth taking at once."""

    result: SettleResult
    rejected: dict[str, str] = field(default_factory=dict)
    news: int = 0


@dataclass(slots=True)
class _Acting:
    """What one round found to be done."""

    updates: list[Update] = field(default_factory=list)
    send: list[Attempt] = field(default_factory=list)
    sign: list[tuple[Payment, int]] = field(default_factory=list)
    ended: int = 0

    def end(self, payment: Payment, state: PaymentState, *, signature: str | None = None, note: str = "") -> None:
        self.ended += 1
        if state is PaymentState.UNKNOWN:
            _log.warning("%s: %s; a person must decide", payment.key, note)
        self.updates.append(Update(key=payment.key, state=state, note=note, signature=signature))


def _why_failed(seen: Observation, refusal: str | None) -> str:
    newest = seen.statuses[-1]
    return f"refused: {refusal}" if newest is None else str(newest.error)


def _is_this_payment(raw: bytes, payment: Payment) -> bool:
    from skerry_keys.verify import verify_ed25519

    try:
        transaction = parse_transaction(raw)
        same = template_of(transaction.message_bytes) == payment.template
    except MalformedTransaction:
        return False
    return same and verify_ed25519(transaction.message.keys[0], transaction.message_bytes, transaction.signatures[0])
