"""What is stored of a payment, and the store's interface. The agent hosts the store in skerry.db.

A payment's `template` is its message with a zero blockhash: every attempt is the template with a recent blockhash, so
"the same payment" is a comparison of bytes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from skerry_wallet.address import KEY_SIZE, address_bytes, address_text
from skerry_wallet.transaction import parse_message

__all__ = [
    "Attempt",
    "EpochClaim",
    "Payment",
    "PaymentState",
    "PaymentStore",
    "Update",
    "template_of",
    "with_blockhash",
]

ZERO_BLOCKHASH = "1" * 32


class PaymentState(Enum):
    """Where a payment stands; the last three are ends, and only a person leaves `UNKNOWN`."""

    PLANNED = "planned"  # no transaction of it may be in flight
    SIGNED = "signed"  # bytes are stored, sending may or may not have begun
    SENT = "sent"  # a cluster accepted the bytes at least once
    FINAL = "final"  # finalised, and its marker is on the chain
    FAILED = "failed"  # an unmarked payment that had no effect and can have none any more
    UNKNOWN = "unknown"  # it could not be proved paid or unpaid


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One transaction to be; `key` is unique and made from the cause, as the marker's address is.

    A payment without a marker ("") is signed once and never again. `about` is the maker's own JSON; it proves nothing.
    """

    key: str
    network: str
    marker: str
    template: bytes
    about: str = ""
    state: PaymentState = PaymentState.PLANNED
    note: str = ""
    signature: str | None = None  # of the transaction that made it final

    @property
    def payer(self) -> str:
        """The address that pays the fee."""
        return address_text(parse_message(self.template).keys[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One signed transaction of a payment; resent unchanged until its blockhash expires."""

    key: str
    number: int
    signature: str
    raw: bytes
    last_valid_block_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochClaim:
    """The manifest for which an epoch's payments were planned; there is one per network and epoch."""

    network: str
    epoch: int
    manifest_hash: bytes
    lines_digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A change of state to be stored."""

    key: str
    state: PaymentState
    note: str = ""
    signature: str | None = None


class PaymentStore(ABC):
    """Durable: when a method returns, a power cut does not undo it."""

    @abstractmethod
    async def plan(
        self, payments: Sequence[Payment], claim: EpochClaim | None = None, attempts: Sequence[Attempt] = ()
    ) -> None:
        """Store payments that are not stored yet, with their epoch's claim and what is signed, all or nothing.

        Raises `PayoutRefused` E_PAYOUT_SECOND_MANIFEST when the epoch was claimed differently, and E_PAYOUT_CHANGED
        when a stored payment of the same key has another template.
        """

    @abstractmethod
    async def load(self, keys: Sequence[str]) -> list[tuple[Payment, list[Attempt]]]:
        """Return payments with their attempts, oldest attempt first, in the order asked. Raises `KeyError`."""

    async def has(self, key: str) -> bool:
        """Say whether a payment is stored under exactly this key."""
        return key in await self.keys(key, tuple(PaymentState))

    @abstractmethod
    async def keys(self, prefix: str, states: Sequence[PaymentState]) -> list[str]:
        """Return the keys that begin with a prefix and are in one of the states, in key order."""

    @abstractmethod
    async def causes(self, signatures: Sequence[str]) -> dict[str, str]:
        """Return signature -> key of the payment that it is an attempt of, for those that were signed here."""

    @abstractmethod
    async def add_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Store signed transactions before they are sent; their payments become `SIGNED`."""

    @abstractmethod
    async def update(self, updates: Sequence[Update]) -> None:
        """Store changed states."""


def with_blockhash(template: bytes, blockhash: str) -> bytes:
    """Return a message with another blockhash."""
    start = _blockhash_offset(template)
    return template[:start] + address_bytes(blockhash) + template[start + KEY_SIZE :]


def template_of(message: bytes) -> bytes:
    """Return a message without its blockhash, for comparison with a payment's template."""
    return with_blockhash(message, ZERO_BLOCKHASH)


def _blockhash_offset(message: bytes) -> int:
    parsed = parse_message(message)
    keys = len(parsed.keys)
    return (3 if parsed.version is None else 4) + (1 if keys < 0x80 else 2) + keys * KEY_SIZE
