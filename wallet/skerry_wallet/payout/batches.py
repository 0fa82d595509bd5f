"""Turns an order into batches: the same lines give the same transactions, each of legal size. Pure.

A batch's transaction: marker, anchor, then for every line the owner's token account (unless it exists) and the
payment, and a memo that names epoch, batch and manifest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.payout.marker import Anchor, Marker
from skerry_wallet.payout.order import PayoutLine, PayoutOrder
from skerry_wallet.payout.payment import ZERO_BLOCKHASH, Payment
from skerry_wallet.programs import (
    associated_token_address,
    compute_budget,
    create_token_account,
    memo,
    mint_to_checked,
    transfer_checked,
)
from skerry_wallet.transaction import MAX_TRANSACTION_SIZE, Instruction, compile_message, transaction_size

__all__ = ["Batch", "BatchPlanner"]

BATCH_UNITS = 60_000  # marker, anchor and memo: a memo of 84 characters takes most of it
LINE_UNITS = 50_000  # creating a token account takes half of it when its address needs several tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One payment and the lines that it pays."""

    payment: Payment
    lines: tuple[PayoutLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlanner:
    """The payer's side of every batch. `mint_authority` None pays from the payer's own token accounts."""

    payer: bytes
    mint_authority: bytes | None
    decimals: dict[str, int]  # by mint
    rent_lamports: int  # of an empty account
    priority_micro_lamports: int = 0  # offered for each compute unit; 0 offers nothing

    def plan(self, order: PayoutOrder) -> list[Batch]:
        """Return the order's batches; batch 0 must be final before the others are sent."""
        groups = self._pack(order)
        return [
            Batch(payment=self._payment(order, index, len(groups), group), lines=tuple(group))
            for index, group in enumerate(groups)
        ]

    def _pack(self, order: PayoutOrder) -> list[list[PayoutLine]]:
        groups: list[list[PayoutLine]] = []
        for line in sorted(order.lines):
            # Amounts and counts have fixed width, so a guess of one million batches has the final size.
            if groups and self._fits(order, len(groups) - 1, [*groups[-1], line]):
                groups[-1].append(line)
            else:
                groups.append([line])
        return groups

    def _fits(self, order: PayoutOrder, index: int, lines: Sequence[PayoutLine]) -> bool:
        return transaction_size(self._template(order, index, 1_000_000, lines)) <= MAX_TRANSACTION_SIZE

    def _payment(self, order: PayoutOrder, index: int, count: int, lines: Sequence[PayoutLine]) -> Payment:
        return Payment(
            key=f"payout/{order.network}/{order.epoch}/{index:06}",
            network=order.network,
            marker=address_text(self._marker(order, index).address),
            template=self._template(order, index, count, lines),
        )

    def _marker(self, order: PayoutOrder, index: int) -> Marker:
        return Marker(self.payer, (order.network, "payout", str(order.epoch), str(index)))

    def _template(self, order: PayoutOrder, index: int, count: int, lines: Sequence[PayoutLine]) -> bytes:
        anchor = Anchor(self.payer, order.network, order.epoch, order.manifest_hash)
        binding = anchor.draw() if index else anchor.fund(rent_lamports=self.rent_lamports, draws=count - 1)
        calls = [
            *self._marker(order, index).instructions(rent_lamports=self.rent_lamports),
            binding,
            memo(f"skerry {order.epoch}/{index} {order.manifest_hash.hex()}"),
        ]
        for line in lines:
            calls += self._line(line)
        if self.priority_micro_lamports:
            units = BATCH_UNITS + LINE_UNITS * len(lines)
            calls += compute_budget(units=units, micro_lamports=self.priority_micro_lamports)
        return compile_message(self.payer, calls, ZERO_BLOCKHASH)

    def _line(self, line: PayoutLine) -> tuple[Instruction, Instruction]:
        owner, mint = address_bytes(line.owner), address_bytes(line.mint)
        target, decimals = associated_token_address(owner, mint), self.decimals[line.mint]
        if self.mint_authority is not None:
            pay = mint_to_checked(
                mint=mint, account=target, authority=self.mint_authority, amount=line.amount, decimals=decimals
            )
        else:
            source = associated_token_address(self.payer, mint)
            pay = transfer_checked(
                source=source, mint=mint, target=target, authority=self.payer, amount=line.amount, decimals=decimals
            )
        return create_token_account(payer=self.payer, owner=owner, mint=mint), pay
