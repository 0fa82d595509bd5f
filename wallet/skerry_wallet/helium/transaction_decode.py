"""Reads a serialised transaction of any sender: previews, history and fee estimates start here."""

from dataclasses import dataclass
from typing import Literal

from skerry_keys.verify import verify_ed25519
from skerry_wallet.errors import MalformedTransaction, UnknownVersion
from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.transaction import Lookup
from skerry_wallet.transaction import read_transaction

__all__ = ["DecodedTransaction", "RawInstruction", "decode_transaction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawInstruction:
    """An instruction by account numbers, as it stands in the message."""

    program_index: int
    account_indexes: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedTransaction:
    """All parts of a legacy or version 0 transaction; account numbers are not range-checked."""

    version: Literal[0, "legacy"]
    header: tuple[int, int, int]
    static_keys: tuple[str, ...]
    blockhash: str
    instructions: tuple[RawInstruction, ...]
    lookups: tuple[Lookup, ...]
    signatures: tuple[bytes, ...]
    message: bytes

    @property
    def signatures_valid(self) -> tuple[bool, ...]:
        """Whether each signature is its key's over the message; False where there is no key for it."""
        keys = [to_raw(key) for key in self.static_keys]
        return tuple(
            index < len(keys) and verify_ed25519(keys[index], self.message, signature)
            for index, signature in enumerate(self.signatures)
        )

    def program_of(self, instruction: RawInstruction) -> str | None:
        """Return the program address of an instruction, None when its number is out of range."""
        index = instruction.program_index
        return self.static_keys[index] if index < len(self.static_keys) else None


def decode_transaction(data: bytes) -> DecodedTransaction:
    """Read a transaction. Raises `HeliumRejected` truncated or unsupported_version."""
    try:
        read = read_transaction(data)
    except UnknownVersion as error:
        raise HeliumRejected("unsupported_version", str(error)) from None
    except MalformedTransaction as error:
        raise HeliumRejected("truncated", str(error)) from None
    message = read.message
    return DecodedTransaction(
        version="legacy" if message.version is None else 0,
        header=(message.required_signatures, message.readonly_signed, message.readonly_unsigned),
        static_keys=tuple(to_text(key) for key in message.keys),
        blockhash=message.blockhash,
        instructions=tuple(
            RawInstruction(program_index=one.program_index, account_indexes=tuple(one.accounts), data=one.data)
            for one in message.instructions
        ),
        lookups=tuple(Lookup.of(lookup) for lookup in message.lookups),
        signatures=read.signatures,
        message=read.message_bytes,
    )
