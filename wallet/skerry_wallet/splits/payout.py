"""The transaction that pays a host what is owed. Pure; the marker lets each numbered payment land once.

Payments to one host in one token are numbered. A copy of the books that missed one counts the same number again and is
refused by the chain, whatever amount it thinks is owed.
"""

from dataclasses import dataclass, replace

from skerry_keys.verify import verify_ed25519
from skerry_wallet.address import address_bytes, address_text
from skerry_wallet.cluster import Landing
from skerry_wallet.errors import MalformedTransaction
from skerry_wallet.payout.marker import Marker
from skerry_wallet.payout.payment import ZERO_BLOCKHASH, template_of
from skerry_wallet.programs import associated_token_address, create_token_account, memo, transfer_checked
from skerry_wallet.spending.effects import SOL, UnreadableTransaction, decode_effects
from skerry_wallet.tokens import Token
from skerry_wallet.transaction import compile_message, parse_message, parse_transaction

__all__ = ["HostPayment", "amount_of", "made_by", "payment_prefix"]

_PREFIX = "split/"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPayment:
    """What one owner pays one host in one token; `number` counts their payments from 0."""

    owner: bytes
    host: str
    token: Token
    amount: int
    number: int

    @property
    def marker(self) -> Marker:
        """The account that this payment creates; the amount is no part of it."""
        return Marker(self.owner, ("split", self.token.mint, self.host, str(self.number)))

    @property
    def key(self) -> str:
        """The name below the owner's key under which it is stored."""
        return f"{payment_prefix(self.host, self.token.mint)}{self.number:06}"

    def template(self, *, rent_lamports: int) -> bytes:
        """Return the message without a blockhash; `rent_lamports` is that of an empty account."""
        mint, host = address_bytes(self.token.mint), address_bytes(self.host)
        return compile_message(
            self.owner,
            [
                *self.marker.instructions(rent_lamports=rent_lamports),
                create_token_account(payer=self.owner, owner=host, mint=mint),
                transfer_checked(
                    source=associated_token_address(self.owner, mint),
                    mint=mint,
                    target=associated_token_address(host, mint),
                    authority=self.owner,
                    amount=self.amount,
                    decimals=self.token.decimals,
                ),
                memo(f"skerry split {self.number}"),
            ],
            ZERO_BLOCKHASH,
        )


def made_by(landing: Landing, expected: HostPayment) -> int:
    """Return what a landed transaction paid as this numbered payment, whatever its amount; 0 when it is another one."""
    transaction = parse_transaction(landing.raw)
    signed = verify_ed25519(expected.owner, transaction.message_bytes, transaction.signatures[0])
    if landing.error is not None or transaction.message.keys[0] != expected.owner or not signed:
        return 0
    template = template_of(transaction.message_bytes)
    try:
        amount = amount_of(template, expected.token.mint)
    except (UnreadableTransaction, MalformedTransaction):
        return 0
    rents = (one.amount for one in decode_effects(transaction.message) if one.kind == "transfer" and one.asset == SOL)
    same = replace(expected, amount=amount).template(rent_lamports=next(rents, 0))
    return amount if template == same else 0


def payment_prefix(host: str, mint: str) -> str:
    """Return what the keys of all payments to a host in a token begin with."""
    return f"{_PREFIX}{host}/{mint}/"


def amount_of(template: bytes, mint: str) -> int:
    """Return what a stored payment moves of a token, read from its bytes."""
    message = parse_message(template)
    payer = address_text(message.keys[0])
    moves = [one for one in decode_effects(message) if one.kind == "transfer" and one.asset == mint]
    return sum(one.amount for one in moves if one.authority == payer)
