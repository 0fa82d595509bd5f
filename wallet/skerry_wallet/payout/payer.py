"""The operator's payer: checks an order, plans it, pays it, tells how it stands. The agent makes one per network.

Everything is stored before it is sent; after a crash `pay` with the same order, or `resume`, goes on where it was.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from skerry_core.clock import Clock
from skerry_keys.signer import Signer
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import InsufficientFunds, PayoutRefused
from skerry_wallet.payout.batches import BATCH_UNITS, LINE_UNITS, Batch, BatchPlanner
from skerry_wallet.payout.order import PayoutLine, PayoutOrder, PayoutPolicy, check_order
from skerry_wallet.payout.payment import EpochClaim, PaymentState, PaymentStore
from skerry_wallet.payout.resolve import resolve
from skerry_wallet.payout.settler import Settler
from skerry_wallet.programs import TOKEN_ACCOUNT_SIZE
from skerry_wallet.tokens import FEE_LAMPORTS, TokenNetwork, require_lamports, token_balances
from skerry_wallet.transaction import parse_message, signer_key

__all__ = ["PaidBatch", "Payer", "PayoutPreview", "PayoutResult"]

_OPEN = (PaymentState.PLANNED, PaymentState.SIGNED, PaymentState.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBatch:
    """One batch and how it stands."""

    key: str
    state: PaymentState
    signature: str | None
    note: str
    lines: tuple[PayoutLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPreview:
    """A dry run: what would be signed and what it costs the payer, in lamports (besides one per batch, lent)."""

    batches: int
    totals: dict[str, int]
    fee_lamports: int
    rent_lamports: int
    new_token_accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutResult:
    """All batches of one epoch."""

    network: str
    epoch: int
    manifest_hash: bytes
    batches: tuple[PaidBatch, ...]

    @property
    def complete(self) -> bool:
        """Whether every batch is final."""
        return all(batch.state is PaymentState.FINAL for batch in self.batches)

    @property
    def unknown(self) -> tuple[PaidBatch, ...]:
        """The batches that wait for a person."""
        return tuple(batch for batch in self.batches if batch.state is PaymentState.UNKNOWN)

    def paid(self) -> dict[str, int]:
        """Return mint -> base units that are final."""
        totals: dict[str, int] = {}
        for batch in self.batches:
            if batch.state is PaymentState.FINAL:
                for line in batch.lines:
                    totals[line.mint] = totals.get(line.mint, 0) + line.amount
        return totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Pays one network's owners; with `mint_authority` by minting, without from the payer's own token accounts."""

    cluster: Cluster
    store: PaymentStore
    clock: Clock
    network: TokenNetwork
    policy: PayoutPolicy
    payer: Signer = field(repr=False)
    mint_authority: Signer | None = field(default=None, repr=False)
    second: Cluster | None = None  # another server of the same chain that must agree that a payment is final
    priority_micro_lamports: int = 0  # offered per compute unit on a busy cluster; keep it while an epoch is being paid

    async def preview(self, order: PayoutOrder) -> PayoutPreview:
        """Check an order and say what paying it would take; nothing is stored or signed. Raises as `pay`."""
        batches = await self.plan(order)
        return await self._cost(order, batches)

    async def pay(self, order: PayoutOrder) -> PayoutResult:
        """Pay an epoch, or go on paying it; return when every batch is final, unknown or refused by the cluster.

        Raises `PayoutRefused` for a broken rule, `InsufficientFunds` before anything is signed, `ClusterError` with
        everything stored so that calling again goes on.
        """
        batches = await self.plan(order)
        keys = [batch.payment.key for batch in batches]
        if not await self._begun(keys):
            await self._check_funds(order, await self._cost(order, batches))
        claim = EpochClaim(
            network=order.network,
            epoch=order.epoch,
            manifest_hash=order.manifest_hash,
            lines_digest=order.lines_digest(),
        )
        await self.store.plan([batch.payment for batch in batches], claim)
        await self._settle(keys)
        return await self._result(order, batches)

    async def resume(self) -> dict[str, str]:
        """Go on with every payment of this network that is not at its end; return key -> why one was refused."""
        refused: dict[str, str] = {}
        keys = await self.store.keys(f"payout/{self.network.network}/", _OPEN)
        epochs = sorted({key.rsplit("/", 1)[0] for key in keys})
        for epoch in epochs:
            every = await self.store.keys(f"{epoch}/", tuple(PaymentState))
            refused |= await self._settle(every)
        return refused

    async def unknown(self) -> list[str]:
        """Return the keys of this network's payments that wait for a person."""
        return await self.store.keys(f"payout/{self.network.network}/", (PaymentState.UNKNOWN,))

    async def resolve(self, key: str, *, paid: bool, note: str) -> None:
        """Store a person's decision about an unknown payment; not paid means that it is tried again.

        Trying again is safe: if it was paid after all, its marker refuses the second transaction.
        """
        await resolve(self.store, key, paid=paid, note=note)

    async def plan(self, order: PayoutOrder) -> list[Batch]:
        """Check an order and return its transactions; nothing is stored or signed. Raises `PayoutRefused`."""
        check_order(order, self.policy)
        tokens = {token.mint: token.decimals for token in self.network.tokens.values()}
        unknown = sorted(order.totals().keys() - tokens.keys())
        if unknown:
            raise PayoutRefused("E_PAYOUT_UNKNOWN_MINT", f"{unknown[0]} is no token of {order.network}.")
        planner = BatchPlanner(
            payer=signer_key(self.payer),
            mint_authority=signer_key(self.mint_authority) if self.mint_authority else None,
            decimals=tokens,
            rent_lamports=await self.cluster.minimum_rent_lamports(0),
            priority_micro_lamports=self.priority_micro_lamports,
        )
        with self.clock.hold("payout: plan"):
            return await asyncio.to_thread(planner.plan, order)

    async def _begun(self, keys: Sequence[str]) -> bool:
        prefix = keys[0].rsplit("/", 1)[0]
        return bool(await self.store.keys(f"{prefix}/", tuple(PaymentState)))

    async def _settle(self, keys: Sequence[str]) -> dict[str, str]:
        """Pay batch 0, then the others: they draw on the anchor that batch 0 funds."""
        settler = Settler(
            cluster=self.cluster,
            store=self.store,
            clock=self.clock,
            signers=[self.payer, self.mint_authority] if self.mint_authority else [self.payer],
            second=self.second,
        )
        first = await settler.settle(keys[:1])
        if not first.final:
            return first.refused
        return (await settler.settle(keys[1:])).refused

    async def _cost(self, order: PayoutOrder, batches: Sequence[Batch]) -> PayoutPreview:
        missing = 0
        for mint in order.totals():
            owners = [address_bytes(line.owner) for line in order.lines if line.mint == mint]
            missing += sum(not balance.exists for balance in await token_balances(self.cluster, mint, owners))
        signatures = sum(parse_message(batch.payment.template).required_signatures for batch in batches)
        empty = await self.cluster.minimum_rent_lamports(0)
        account = await self.cluster.minimum_rent_lamports(TOKEN_ACCOUNT_SIZE)
        return PayoutPreview(
            batches=len(batches),
            totals=order.totals(),
            fee_lamports=signatures * FEE_LAMPORTS + sum(self._priority_fee(len(batch.lines)) for batch in batches),
            rent_lamports=(len(batches) + 1) * empty + missing * account,
            new_token_accounts=missing,
        )

    def _priority_fee(self, lines: int) -> int:
        return -(-self.priority_micro_lamports * (BATCH_UNITS + LINE_UNITS * lines) // 1_000_000)

    async def _check_funds(self, order: PayoutOrder, cost: PayoutPreview) -> None:
        payer = signer_key(self.payer)
        await require_lamports(self.cluster, payer, cost.fee_lamports + cost.rent_lamports + cost.batches)
        if self.mint_authority is not None:
            return
        for mint, total in order.totals().items():
            (held,) = await token_balances(self.cluster, mint, [payer])
            if held.amount < total:
                name = self.network.by_mint(mint).name
                raise InsufficientFunds(account=address_text(payer), asset=name, needed=total, held=held.amount)

    async def _result(self, order: PayoutOrder, batches: Sequence[Batch]) -> PayoutResult:
        stored = await self.store.load([batch.payment.key for batch in batches])
        return PayoutResult(
            network=order.network,
            epoch=order.epoch,
            manifest_hash=order.manifest_hash,
            batches=tuple(
                PaidBatch(
                    key=payment.key,
                    state=payment.state,
                    signature=payment.signature,
                    note=payment.note,
                    lines=batch.lines,
                )
                for batch, (payment, _) in zip(batches, stored, strict=True)
            ),
        )
