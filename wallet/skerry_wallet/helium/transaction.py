"""Version 0 transactions: compile instructions, sign, serialise (KINDS-wallet wallet.transaction).

The account order is fixed so that equal inputs give equal bytes: payer, then writable signers, read-only signers,
writable others, read-only others, each group ascending by key bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skerry_keys.signer import Signer
from skerry_wallet.helium.address import to_raw, to_text
from skerry_wallet.helium.errors import HeliumRejected
from skerry_wallet.helium.instruction import Instruction

__all__ = ["CompiledMessage", "Lookup", "LookupTable", "SignedTransaction", "compile_message", "sign_message"]

MAX_TRANSACTION_BYTES = 1232  # one IPv6 packet
_VERSION_0 = 0x80


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


@dataclass(slots=True)
class _Use:
    signer: bool = False
    writable: bool = False
    program: bool = False


def compile_message(
    *,
    payer: str,
    instructions: Sequence[Instruction],
    blockhash: str,
    lookup_tables: Sequence[LookupTable] = (),
) -> CompiledMessage:
    """Compile a version 0 message.

    From each table in turn the accounts that are neither signer nor program nor payer and stand in it are taken;
    tables without a hit are left out. Raises `HeliumRejected` bad_base58, bad_length, too_large (over 256 accounts).
    """
    uses = _collect(payer, instructions)
    lookups, looked_up_writable, looked_up_readonly = _look_up(uses, payer, lookup_tables)
    taken = {*looked_up_writable, *looked_up_readonly}
    static = _static_keys(uses, payer, taken)
    header = (
        sum(uses[key].signer for key in static),
        sum(uses[key].signer and not uses[key].writable for key in static),
        sum(not uses[key].signer and not uses[key].writable for key in static),
    )
    order = [*static, *looked_up_writable, *looked_up_readonly]
    if len(order) > 256:
        raise HeliumRejected("too_large", f"{len(order)} accounts, at most 256")
    numbers = {key: number for number, key in enumerate(order)}
    parts = [
        bytes([_VERSION_0, *header]),
        _compact(len(static)),
        *static,
        to_raw(blockhash),
        _compact(len(instructions)),
        *(_instruction_bytes(instruction, numbers) for instruction in instructions),
        _compact(len(lookups)),
        *(_lookup_bytes(lookup) for lookup in lookups),
    ]
    return CompiledMessage(
        header=header,
        static_keys=tuple(to_text(key) for key in static),
        lookups=tuple(lookups),
        message=b"".join(parts),
    )


def sign_message(compiled: CompiledMessage, signers: Iterable[Signer]) -> SignedTransaction:
    """Sign with those of the given signers that the message names.

    Raises `HeliumRejected` missing_signer, then too_large (over 1,232 bytes).
    """
    available = {signer.public_key[1:]: signer for signer in signers}
    wanted = [to_raw(address) for address in compiled.signers]
    for raw in wanted:
        if raw not in available:
            raise HeliumRejected("missing_signer", to_text(raw))
    signature_block = len(_compact(len(wanted))) + 64 * len(wanted)
    if signature_block + len(compiled.message) > MAX_TRANSACTION_BYTES:
        size = signature_block + len(compiled.message)
        raise HeliumRejected("too_large", f"{size} bytes, at most {MAX_TRANSACTION_BYTES}")
    signatures = tuple(available[raw].sign_transaction(compiled.message) for raw in wanted)
    transaction = _compact(len(signatures)) + b"".join(signatures) + compiled.message
    return SignedTransaction(compiled=compiled, signatures=signatures, transaction=transaction)


def _collect(payer: str, instructions: Sequence[Instruction]) -> dict[bytes, _Use]:
    uses: dict[bytes, _Use] = {to_raw(payer): _Use(signer=True, writable=True)}
    for instruction in instructions:
        for account in instruction.accounts:
            use = uses.setdefault(to_raw(account.address), _Use())
            use.signer |= account.signer
            use.writable |= account.writable
        uses.setdefault(to_raw(instruction.program), _Use()).program = True
    return uses


def _look_up(
    uses: dict[bytes, _Use], payer: str, tables: Sequence[LookupTable]
) -> tuple[list[Lookup], list[bytes], list[bytes]]:
    candidates = {key for key, use in uses.items() if not use.signer and not use.program and key != to_raw(payer)}
    lookups: list[Lookup] = []
    all_writable: list[bytes] = []
    all_readonly: list[bytes] = []
    for table in tables:
        rows: dict[bytes, int] = {}
        for index, address in enumerate(table.addresses):
            rows.setdefault(to_raw(address), index)
        hits = sorted(candidates & rows.keys())
        if not hits:
            continue
        candidates -= set(hits)
        writable = [key for key in hits if uses[key].writable]
        readonly = [key for key in hits if not uses[key].writable]
        all_writable += writable
        all_readonly += readonly
        lookups.append(
            Lookup(
                table=table.address,
                writable_indexes=tuple(rows[key] for key in writable),
                readonly_indexes=tuple(rows[key] for key in readonly),
            )
        )
    return lookups, all_writable, all_readonly


def _static_keys(uses: dict[bytes, _Use], payer: str, taken: set[bytes]) -> list[bytes]:
    first = to_raw(payer)
    others = [key for key in uses if key != first and key not in taken]
    return [first, *sorted(others, key=lambda key: (not uses[key].signer, not uses[key].writable, key))]


def _instruction_bytes(instruction: Instruction, numbers: dict[bytes, int]) -> bytes:
    accounts = bytes(numbers[to_raw(account.address)] for account in instruction.accounts)
    program = bytes([numbers[to_raw(instruction.program)]])
    return program + _compact(len(accounts)) + accounts + _compact(len(instruction.data)) + instruction.data


def _lookup_bytes(lookup: Lookup) -> bytes:
    writable, readonly = bytes(lookup.writable_indexes), bytes(lookup.readonly_indexes)
    return to_raw(lookup.table) + _compact(len(writable)) + writable + _compact(len(readonly)) + readonly


def _compact(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
