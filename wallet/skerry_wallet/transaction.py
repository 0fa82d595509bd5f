"""Solana transactions as bytes: a message is compiled, signed and read back, legacy or version 0. No solders.

Everything that is built goes through `compile_message`; `helium.transaction` is its face with addresses as text.
Layout: signatures (short length, 64 bytes each), header of three counts, account keys, blockhash, instructions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from skerry_keys.signer import Signer
from skerry_keys.transaction_message import read_compact_u16
from skerry_wallet.address import KEY_SIZE, SIGNATURE_SIZE, address_bytes, address_text, signature_text
from skerry_wallet.errors import MalformedTransaction, UnknownVersion

__all__ = [
    "MAX_TRANSACTION_SIZE",
    "AccountMeta",
    "CompiledInstruction",
    "Instruction",
    "Lookup",
    "LookupTable",
    "Message",
    "Transaction",
    "compile_message",
    "parse_message",
    "parse_transaction",
    "read_transaction",
    "sign_message",
    "signer_key",
    "transaction_size",
]

MAX_TRANSACTION_SIZE = 1232  # IPv6's smallest MTU of 1280 less 48 bytes of headers
_VERSION_FLAG = 0x80


@dataclass(frozen=True, slots=True)
class AccountMeta:
    """One account of an instruction."""

    key: bytes
    signer: bool = False
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One call of a program."""

    program: bytes
    accounts: tuple[AccountMeta, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledInstruction:
    """An instruction whose accounts are positions in the message's key list."""

    program_index: int
    accounts: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupTable:
    """An address lookup table on the chain and its rows."""

    key: bytes
    rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The rows of one table that a version 0 message uses."""

    table: bytes
    writable: bytes  # row numbers
    readonly: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A parsed message; only version 0 has lookups."""

    version: int | None
    required_signatures: int
    readonly_signed: int
    readonly_unsigned: int
    keys: tuple[bytes, ...]
    blockhash: str
    instructions: tuple[CompiledInstruction, ...]
    lookups: tuple[Lookup, ...] = ()

    def expanded(self, loaded: Sequence[AccountMeta] = ()) -> tuple[Instruction, ...]:
        """Return the instructions with their accounts; `loaded` are those that lookup tables add, writable ones first.

        Raises `MalformedTransaction` when a table's accounts are needed and not given.
        """
        if self.lookups and not loaded:
            raise MalformedTransaction("an address lookup table would have to be read first")
        metas = [*(self._meta(index) for index in range(len(self.keys))), *loaded]
        if any(max(item.accounts, default=0) >= len(metas) for item in self.instructions):
            raise MalformedTransaction("an instruction names an account that its lookup tables do not have")
        return tuple(
            Instruction(
                program=self.keys[item.program_index],
                accounts=tuple(metas[index] for index in item.accounts),
                data=item.data,
            )
            for item in self.instructions
        )

    def writable_keys(self) -> tuple[bytes, ...]:
        """Return the listed accounts that the message may change."""
        signers = self.required_signatures - self.readonly_signed
        return (*self.keys[:signers], *self.keys[self.required_signatures : len(self.keys) - self.readonly_unsigned])

    def _meta(self, index: int) -> AccountMeta:
        signer = index < self.required_signatures
        last_writable = (
            self.required_signatures - self.readonly_signed if signer else len(self.keys) - self.readonly_unsigned
        )
        return AccountMeta(self.keys[index], signer=signer, writable=index < last_writable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A parsed transaction; `message_bytes` are what the signatures cover."""

    signatures: tuple[bytes, ...]
    message_bytes: bytes
    message: Message

    @property
    def signature(self) -> str:
        """The base58 name of the transaction: its first signature."""
        return signature_text(self.signatures[0])


def compile_message(
    payer: bytes,
    instructions: Iterable[Instruction],
    blockhash: str,
    *,
    tables: Sequence[LookupTable] | None = None,
) -> bytes:
    """Return the bytes of a legacy message; with `tables`, and be there none of use, of a version 0 message.

    Keys are ordered payer, writable signers, read-only signers, writable, read-only; by value within each class. From
    each table in turn the accounts that are neither signer nor program and stand in it are taken. Raises
    `MalformedTransaction` for more than 256 accounts.
    """
    calls = tuple(instructions)
    merged = _merged_metas(payer, calls)
    programs = {payer, *(call.program for call in calls)}
    lookups, loaded = _look_up([meta for meta in merged.values() if meta.key not in programs], tables or ())
    taken = {meta.key for meta in loaded}
    static = sorted(
        (meta for meta in merged.values() if meta.key not in taken),
        key=lambda meta: (meta.key != payer, not meta.signer, not meta.writable, meta.key),
    )
    ordered = [*static, *loaded]
    if len(ordered) > 256:
        raise MalformedTransaction(f"{len(ordered)} accounts, at most 256 fit one message")
    position = {meta.key: index for index, meta in enumerate(ordered)}
    signers = [meta for meta in static if meta.signer]
    parts = [
        b"" if tables is None else bytes([_VERSION_FLAG]),
        bytes(
            (
                len(signers),
                sum(not meta.writable for meta in signers),
                sum(not meta.writable and not meta.signer for meta in static),
            )
        ),
        _length(len(static)),
        *(meta.key for meta in static),
        address_bytes(blockhash),
        _length(len(calls)),
    ]
    for call in calls:
        parts.append(bytes([position[call.program]]))
        parts.append(_length(len(call.accounts)) + bytes(position[meta.key] for meta in call.accounts))
        parts.append(_length(len(call.data)) + call.data)
    if tables is not None:
        parts.append(_length(len(lookups)))
        for one in lookups:
            parts += [one.table, _length(len(one.writable)), one.writable, _length(len(one.readonly)), one.readonly]
    return b"".join(parts)


def transaction_size(message: bytes) -> int:
    """Return the size of the signed transaction in bytes."""
    count = message[1] if message[0] & _VERSION_FLAG else message[0]
    return len(_length(count)) + count * SIGNATURE_SIZE + len(message)


def signer_key(signer: Signer) -> bytes:
    """Return the 32 key bytes of an Ed25519 signer. Raises `ValueError` for another key type."""
    public_key = signer.public_key
    if len(public_key) != KEY_SIZE + 1 or public_key[0] & 0x0F != 1:  # low nibble 1: Ed25519 (iot-poc 2.4)
        raise ValueError("a Solana key is an Ed25519 key")
    return public_key[1:]


def sign_message(message: bytes, signers: Sequence[Signer]) -> bytes:
    """Return the transaction signed by everybody it names. Raises `ValueError` when a signer is missing or too many.

    May block while a hardware key answers.
    """
    parsed = parse_message(message)
    by_key = {signer_key(signer): signer for signer in signers}  # one key may have several roles
    required = parsed.keys[: parsed.required_signatures]
    if by_key.keys() != set(required):
        missing = [address_text(key) for key in required if key not in by_key]
        raise ValueError(f"signers do not fit the message; missing: {', '.join(missing) or 'none'}")
    signatures = [by_key[key].sign_transaction(message) for key in required]
    return _length(len(signatures)) + b"".join(signatures) + message


def parse_transaction(raw: bytes) -> Transaction:
    """Read a signed transaction; signatures are not checked. Raises `MalformedTransaction` and nothing else."""
    if len(raw) > MAX_TRANSACTION_SIZE:
        raise MalformedTransaction(f"{len(raw)} bytes, at most {MAX_TRANSACTION_SIZE} are legal")
    reader = _Reader(raw)
    signatures = tuple(reader.take(SIGNATURE_SIZE) for _ in range(reader.length()))
    message_bytes = raw[reader.position :]
    message = parse_message(message_bytes)
    if len(signatures) != message.required_signatures:
        raise MalformedTransaction(f"{len(signatures)} signatures, the header says {message.required_signatures}")
    return Transaction(signatures=signatures, message_bytes=message_bytes, message=message)


def read_transaction(raw: bytes) -> Transaction:
    """Read what somebody's bytes say, counts and account numbers unchecked, to show it. Raises as `parse_message`."""
    reader = _Reader(raw)
    signatures = tuple(reader.take(SIGNATURE_SIZE) for _ in range(reader.length()))
    message_bytes = raw[reader.position :]
    return Transaction(signatures=signatures, message_bytes=message_bytes, message=_read_message(reader))


def parse_message(raw: bytes) -> Message:
    """Read a legacy or version 0 message. Raises `MalformedTransaction`, its child `UnknownVersion`, nothing else."""
    reader = _Reader(raw)
    message = _read_message(reader)
    if reader.position != len(raw):
        raise MalformedTransaction(f"{len(raw) - reader.position} bytes too many")
    keys = message.keys
    _check_header(message.required_signatures, message.readonly_signed, message.readonly_unsigned, keys)
    count = len(keys) + sum(len(one.writable) + len(one.readonly) for one in message.lookups)
    if any(i.program_index >= len(keys) or max(i.accounts, default=0) >= count for i in message.instructions):
        raise MalformedTransaction("an instruction names an account that is not listed")
    return message


def _read_message(reader: "_Reader") -> Message:
    first = reader.take(1)[0]
    version = None
    if first & _VERSION_FLAG:
        version = first & ~_VERSION_FLAG
        if version:
            raise UnknownVersion(f"message version {version} is not known")
        first = reader.take(1)[0]
    readonly_signed, readonly_unsigned = reader.take(2)
    keys = tuple(reader.take(KEY_SIZE) for _ in range(reader.length()))
    blockhash = _blockhash_text(reader.take(KEY_SIZE))
    instructions = tuple(_read_instruction(reader) for _ in range(reader.length()))
    lookups = () if version is None else tuple(_read_lookup(reader) for _ in range(reader.length()))
    return Message(
        version=version,
        required_signatures=first,
        readonly_signed=readonly_signed,
        readonly_unsigned=readonly_unsigned,
        keys=keys,
        blockhash=blockhash,
        instructions=instructions,
        lookups=lookups,
    )


@lru_cache(maxsize=256)  # thousands of transactions share one
def _blockhash_text(raw: bytes) -> str:
    return address_text(raw)


def _check_header(required: int, readonly_signed: int, readonly_unsigned: int, keys: tuple[bytes, ...]) -> None:
    if not 0 < required <= len(keys) or readonly_signed >= required or required + readonly_unsigned > len(keys):
        raise MalformedTransaction("the header does not fit the account keys")
    if len(set(keys)) != len(keys):
        raise MalformedTransaction("an account is listed twice")


def _merged_metas(payer: bytes, calls: Sequence[Instruction]) -> dict[bytes, AccountMeta]:
    merged = {payer: AccountMeta(payer, signer=True, writable=True)}
    for call in calls:
        for meta in (*call.accounts, AccountMeta(call.program)):
            known = merged.get(meta.key, AccountMeta(meta.key))
            merged[meta.key] = AccountMeta(
                meta.key, signer=known.signer or meta.signer, writable=known.writable or meta.writable
            )
    return merged


def _read_instruction(reader: "_Reader") -> CompiledInstruction:
    program_index = reader.take(1)[0]
    accounts = reader.take(reader.length())
    return CompiledInstruction(program_index=program_index, accounts=accounts, data=reader.take(reader.length()))


def _read_lookup(reader: "_Reader") -> Lookup:
    table = reader.take(KEY_SIZE)
    writable = reader.take(reader.length())
    return Lookup(table=table, writable=writable, readonly=reader.take(reader.length()))


def _look_up(
    wanted: Sequence[AccountMeta], tables: Sequence[LookupTable]
) -> tuple[list[Lookup], tuple[AccountMeta, ...]]:
    """Return what each table gives, and the accounts taken, the writable ones of all tables first."""
    candidates = {meta.key: meta for meta in wanted if not meta.signer}
    lookups: list[Lookup] = []
    writable: list[AccountMeta] = []
    readonly: list[AccountMeta] = []
    for table in tables:
        numbers: dict[bytes, int] = {}
        for number, key in enumerate(table.rows):
            numbers.setdefault(key, number)
        hits = [candidates.pop(key) for key in sorted(candidates.keys() & numbers.keys())]
        if not hits:
            continue
        changed, looked_at = [one for one in hits if one.writable], [one for one in hits if not one.writable]
        writable += changed
        readonly += looked_at
        lookups.append(
            Lookup(
                table=table.key,
                writable=bytes(numbers[one.key] for one in changed),
                readonly=bytes(numbers[one.key] for one in looked_at),
            )
        )
    return lookups, (*writable, *readonly)


def _length(value: int) -> bytes:
    """Return Solana's short length: 7 bits a byte, low first."""
    result = bytearray()
    while value > 0x7F:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


class _Reader:
    """Takes bytes from the front; running out is `MalformedTransaction`."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.position = 0

    def take(self, count: int) -> bytes:
        end = self.position + count
        if end > len(self._raw):
            raise MalformedTransaction(f"cut off after {len(self._raw)} bytes")
        taken = self._raw[self.position : end]
        self.position = end
        return taken

    def length(self) -> int:
        try:
            value, self.position = read_compact_u16(self._raw, self.position)
        except ValueError as error:
            raise MalformedTransaction(str(error)) from error
        return value
