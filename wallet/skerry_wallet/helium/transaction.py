"""Version 0 transactions of the Helium builders, whose addresses are text: the face of `skerry_wallet.transaction`.

Claims, onboarding and data credits compile here (KINDS-wallet wallet.transaction); order and bytes are decided there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skerry_keys.signer import Signer
from skerry_wallet import transaction as raw
from skerry_wallet.errors import MalformedTransaction
from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instruction import Instruction

__all__ = [
    "CompiledMessage",
    "Lookup",
    "LookupTable",
    "SignedTransaction",
    "compile_message",
    "raw_instructions",
    "sign_message",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupTable:
    """An address lookup table on the chain and its content."""

    address: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The rows of one table that a message uses."""

    table: str
    writable_indexes: tuple[int, ...]
    readonly_indexes: tuple[int, ...]

    @classmethod
    def of(cls, lookup: raw.Lookup) -> "Lookup":
        """Return the same with the table's address as text."""
        return cls(
            table=to_text(lookup.table),
            writable_indexes=tuple(lookup.writable),
            readonly_indexes=tuple(lookup.readonly),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledMessage:
    """A message ready for signing; `header` is required signatures, read-only signed, read-only unsigned."""

    header: tuple[int, int, int]
    static_keys: tuple[str, ...]
    lookups: tuple[Lookup, ...]
    message: bytes

    @property
    def signers(self) -> tuple[str, ...]:
        """The addresses that must sign, payer first."""
        return self.static_keys[: self.header[0]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """The wire form and its signatures in order."""

    compiled: CompiledMessage
    signatures: tuple[bytes, ...]
    transaction: bytes


def compile_message(
    *,
    payer: str,
    instructions: Sequence[Instruction],
    blockhash: str,
    lookup_tables: Sequence[LookupTable] = (),
) -> CompiledMessage:
    """Compile a version 0 message. Raises `HeliumRejected` bad_base58, bad_length, too_large (over 256 accounts)."""
    to_raw(blockhash)
    tables = [
        raw.LookupTable(key=to_raw(table.address), rows=tuple(to_raw(row) for row in table.addresses))
        for table in lookup_tables
    ]
    try:
        message = raw.compile_message(to_raw(payer), raw_instructions(instructions), blockhash, tables=tables)
    except MalformedTransaction as error:
        raise HeliumRejected("too_large", str(error)) from None
    parsed = raw.parse_message(message)
    return CompiledMessage(
        header=(parsed.required_signatures, parsed.readonly_signed, parsed.readonly_unsigned),
        static_keys=tuple(to_text(key) for key in parsed.keys),
        lookups=tuple(Lookup.of(lookup) for lookup in parsed.lookups),
        message=message,
    )


def raw_instructions(instructions: Sequence[Instruction]) -> list[raw.Instruction]:
    """Return instructions with their addresses as bytes. Raises `HeliumRejected` bad_base58, bad_length."""
    return [
        raw.Instruction(
            program=to_raw(one.program),
            accounts=tuple(
                raw.AccountMeta(to_raw(meta.address), signer=meta.signer, writable=meta.writable)
                for meta in one.accounts
            ),
            data=one.data,
        )
        for one in instructions
    ]


def sign_message(compiled: CompiledMessage, signers: Iterable[Signer]) -> SignedTransaction:
    """Sign with those of the given signers that the message names.

    Raises `HeliumRejected` missing_signer, then too_large (over 1,232 bytes).
    """
    available = {to_text(signer.public_key[1:]): signer for signer in signers}
    for address in compiled.signers:
        if address not in available:
            raise HeliumRejected("missing_signer", address)
    size = raw.transaction_size(compiled.message)
    if size > raw.MAX_TRANSACTION_SIZE:
        raise HeliumRejected("too_large", f"{size} bytes, at most {raw.MAX_TRANSACTION_SIZE}")
    signed = raw.sign_message(compiled.message, [available[address] for address in compiled.signers])
    signatures = raw.parse_transaction(signed).signatures
    return SignedTransaction(compiled=compiled, signatures=signatures, transaction=signed)
