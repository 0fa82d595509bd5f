"""Builds an owner's transfer of SOL or tokens. Pure; `review` reads the same bytes again before they are signed."""

from dataclasses import dataclass

from skerry_wallet.address import address_bytes
from skerry_wallet.payout.payment import ZERO_BLOCKHASH
from skerry_wallet.programs import (
    associated_token_address,
    create_token_account,
    memo,
    transfer_checked,
    transfer_lamports,
)
from skerry_wallet.tokens import Token
from skerry_wallet.transaction import Instruction, compile_message

__all__ = ["Transfer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What an owner wants to send: base units of a token, or lamports when `token` is None."""

    owner: bytes
    to: bytes
    token: Token | None
    amount: int
    note: str = ""

    def message(self, *, open_account: bool) -> bytes:
        """Return the message without a blockhash; `open_account` opens the receiver's token account on the way."""
        calls: list[Instruction] = []
        if self.token is None:
            calls.append(transfer_lamports(source=self.owner, target=self.to, lamports=self.amount))
        else:
            calls += self._token_calls(self.token, open_account=open_account)
        if self.note:
            calls.append(memo(self.note))
        return compile_message(self.owner, calls, ZERO_BLOCKHASH)

    def _token_calls(self, token: Token, *, open_account: bool) -> list[Instruction]:
        mint = address_bytes(token.mint)
        opening = [create_token_account(payer=self.owner, owner=self.to, mint=mint)] if open_account else []
        move = transfer_checked(
            source=associated_token_address(self.owner, mint),
            mint=mint,
            target=associated_token_address(self.to, mint),
            authority=self.owner,
            amount=self.amount,
            decimals=token.decimals,
        )
        return [*opening, move]
