"""Reads a serialised transaction of any sender: previews, history and fee estimates start here."""

from dataclasses import dataclass
from typing import Literal

from skerry_keys import base58_text
from skerry_keys.transaction_message import read_compact_u16
from skerry_keys.verify import verify_ed25519
from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.transaction import Lookup

__all__ = ["DecodedTransaction", "RawInstruction", "decode_transaction"]

_SIGNATURE_SIZE = 64
_KEY_SIZE = 32


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
    reader = _Reader(data)
    signatures = tuple(reader.take(_SIGNATURE_SIZE) for _ in range(reader.length()))
    message = reader.rest
    version: Literal[0, "legacy"] = "legacy"
    first = reader.byte()
    if first & 0x80:
        if first & 0x7F:
            raise HeliumRejected("unsupported_version", f"version {first & 0x7F}")
        version, first = 0, reader.byte()
    header = (first, reader.byte(), reader.byte())
    keys = tuple(to_text(reader.take(_KEY_SIZE)) for _ in range(reader.length()))
    blockhash = base58_text.encode(reader.take(_KEY_SIZE))
    instructions = tuple(_instruction(reader) for _ in range(reader.length()))
    lookups = tuple(_lookup(reader) for _ in range(reader.length())) if version == 0 else ()
    return DecodedTransaction(
        version=version,
        header=header,
        static_keys=keys,
        blockhash=blockhash,
        instructions=instructions,
        lookups=lookups,
        signatures=signatures,
        message=message,
    )


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def rest(self) -> bytes:
        return self._data[self._position :]

    def take(self, size: int) -> bytes:
        chunk = self._data[self._position : self._position + size]
        if len(chunk) != size:
            raise HeliumRejected("truncated", "the transaction is cut off")
        self._position += size
        return chunk

    def byte(self) -> int:
        return self.take(1)[0]

    def length(self) -> int:
        try:
            value, self._position = read_compact_u16(self._data, self._position)
        except ValueError as error:
            raise HeliumRejected("truncated", str(error)) from None
        return value


def _instruction(reader: _Reader) -> RawInstruction:
    program_index = reader.byte()
    accounts = tuple(reader.take(reader.length()))
    return RawInstruction(program_index=program_index, account_indexes=accounts, data=reader.take(reader.length()))


def _lookup(reader: _Reader) -> Lookup:
    table = to_text(reader.take(_KEY_SIZE))
    writable = tuple(reader.take(reader.length()))
    return Lookup(table=table, writable_indexes=writable, readonly_indexes=tuple(reader.take(reader.length())))
