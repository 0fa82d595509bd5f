"""The Solana VM with a clock and blockhashes of its own; `Bank` makes it durable. The only importer of solders here.

Slots follow time: one every 400 ms since genesis. A blockhash is a hash of genesis and slot and is accepted for 150
slots; LiteSVM itself knows only the newest one, so its own check is off and ours runs before it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from solders.account import Account as SvmAccount
from solders.clock import Clock as SvmClock
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo, TransactionMetadata

from skerry_wallet.chain.snapshot import StoredAccount
from skerry_wallet.errors import TransactionRejected
from skerry_wallet.transaction import Message

__all__ = ["BLOCKHASH_LIFE_SLOTS", "SLOTS_PER_EPOCH", "SLOT_MS", "Execution", "Machine"]

SLOT_MS = 400  # Solana's target slot time
BLOCKHASH_LIFE_SLOTS = 150  # MAX_PROCESSING_AGE
SLOTS_PER_EPOCH = 432_000
_SLOT_HASHES = 32  # as many as a lookup table's creator may reasonably look back; the real chain keeps 512
_TABLE_HEADER = 56  # address lookup table: addresses follow a header of this size
_SYSVAR_OWNER = bytes(Pubkey.from_string("Sysvar1111111111111111111111111111111111111"))
_NEVER = 2**64 - 1  # rent epoch of an exempt account


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What the VM did with a transaction that took effect, if only by paying its fee."""

    slot: int
    unix_ms: int
    error: object | None
    fee: int
    units: int
    logs: tuple[str, ...]
    balances_before: tuple[int, ...]
    balances_after: tuple[int, ...]


class Machine:
    """One VM in memory. Nothing here waits or writes files."""

    def __init__(self, *, genesis_hash: bytes, genesis_ms: int) -> None:
        self._genesis_hash = genesis_hash
        self._genesis_ms = genesis_ms
        self._vm = LiteSVM().with_blockhash_check(False).with_transaction_history(0)
        self._known: set[bytes] = set()
        self._valid: dict[str, int] = {}
        self.unix_ms = genesis_ms
        self.slot = -1
        self.set_time(genesis_ms)

    def set_time(self, unix_ms: int) -> None:
        """Move to a time; an earlier one than before is ignored, so slots never go back."""
        self.unix_ms = max(self.unix_ms, unix_ms)
        slot = (self.unix_ms - self._genesis_ms) // SLOT_MS
        if slot == self.slot:
            return
        self.slot = slot
        first = max(0, slot - BLOCKHASH_LIFE_SLOTS)
        kept = {blockhash: at for blockhash, at in self._valid.items() if at >= first}
        fresh = range(max(first, max(kept.values(), default=first - 1) + 1), slot + 1)
        self._valid = kept | {self._blockhash_at(at): at for at in fresh}
        newest = sorted(((at, Hash.from_string(blockhash)) for blockhash, at in self._valid.items()), reverse=True)
        self._vm.set_slot_hashes(newest[:_SLOT_HASHES])
        epoch = slot // SLOTS_PER_EPOCH
        self._vm.set_clock(SvmClock(slot, self._genesis_ms // 1000, epoch, epoch + 1, self.unix_ms // 1000))

    def blockhash(self) -> tuple[str, int]:
        """Return the newest blockhash and the last block height at which it is accepted."""
        return self._blockhash_at(self.slot), self.slot + BLOCKHASH_LIFE_SLOTS

    def is_blockhash_valid(self, blockhash: str) -> bool:
        """Say whether a transaction with this blockhash may still land."""
        return blockhash in self._valid

    def execute(self, raw: bytes, message: Message, *, undo_failure: bool = False) -> Execution:
        """Run a transaction. Raises `TransactionRejected` when it had no effect at all.

        With `undo_failure` one that fails takes not even its fee and is rejected too: a preflight that costs nothing
        where nothing fails, which is nearly always.
        """
        transaction = VersionedTransaction.from_bytes(raw)
        keys = self.all_keys(message, transaction)
        former = self._writable_accounts(message, transaction) if undo_failure else []
        fresh = [key for key in keys if key not in self._known and not self._is_built_in(key)]
        before = self._balances(keys)
        result = self._vm.send_transaction(transaction)
        error, meta = _outcome(result)
        after = self._balances(keys)
        if error is not None and (undo_failure or before[0] == after[0]):  # or it never landed: no fee was taken
            for key, account in former:
                self._vm.set_account(key, account)
            raise TransactionRejected(error, meta.logs())
        self._known.update(fresh)
        return Execution(
            slot=self.slot,
            unix_ms=self.unix_ms,
            error=error,
            fee=meta.fee(),
            units=meta.compute_units_consumed(),
            logs=tuple(meta.logs()),
            balances_before=before,
            balances_after=after,
        )

    def simulate(
        self, raw: bytes, *, check_signatures: bool = True
    ) -> tuple[object | None, tuple[str, ...], int, list[StoredAccount]]:
        """Return error, logs, units and the accounts afterwards, without effect."""
        transaction = VersionedTransaction.from_bytes(raw)
        self._vm.with_sigverify(check_signatures)  # switches this very machine
        try:
            result = self._vm.simulate_transaction(transaction)
        finally:
            self._vm.with_sigverify(True)
        error, meta = _outcome(result)
        accounts: list[StoredAccount] = []
        if isinstance(result, SimulatedTransactionInfo):
            accounts = [_stored(bytes(key), account) for key, account in result.post_accounts()]
        return error, tuple(meta.logs()), meta.compute_units_consumed(), accounts

    def account(self, key: bytes) -> StoredAccount | None:
        """Return an account, None where there is none."""
        found = self._vm.get_account(Pubkey(key))
        return None if found is None else _stored(key, found)

    def program_accounts(self, program: bytes) -> list[StoredAccount]:
        """Return every account that a program owns, in address order."""
        found = self._vm.get_program_accounts(Pubkey(program))
        return sorted(_stored(bytes(key), account) for key, account in found)

    def minimum_rent_lamports(self, size_bytes: int) -> int:
        """Return what an account of this size must hold."""
        return self._vm.minimum_balance_for_rent_exemption(size_bytes)

    def put(self, stored: StoredAccount) -> None:
        """Set an account as a snapshot or the genesis says."""
        key, lamports, owner, executable, data = stored
        self._vm.set_account(Pubkey(key), SvmAccount(lamports, data, Pubkey(owner), executable, _NEVER))
        self._known.add(key)

    def touched_accounts(self) -> list[StoredAccount]:
        """Return every account that differs from a fresh VM's, programs last so that their data is there first."""
        found = [self.account(key) for key in sorted(self._known)]
        return sorted((stored for stored in found if stored is not None), key=lambda stored: (stored[3], stored[0]))

    def all_keys(self, message: Message, transaction: VersionedTransaction | None = None) -> tuple[bytes, ...]:
        """Return the message's keys and those that its lookup tables add."""
        if not message.lookups or transaction is None:
            return message.keys
        writable, readonly = self.loaded_keys(transaction)
        return (*message.keys, *writable, *readonly)

    def loaded_keys(self, transaction: VersionedTransaction) -> tuple[list[bytes], list[bytes]]:
        """Return the writable and the read-only accounts that a version 0 transaction's lookup tables add."""
        writable: list[bytes] = []
        readonly: list[bytes] = []
        for lookup in transaction.message.address_table_lookups:  # type: ignore[union-attr]  # only version 0 has any
            table = self.account(bytes(lookup.account_key))
            data = b"" if table is None else table[4][_TABLE_HEADER:]
            for indexes, target in ((lookup.writable_indexes, writable), (lookup.readonly_indexes, readonly)):
                target += [data[i * 32 : i * 32 + 32] for i in indexes if len(data) >= i * 32 + 32]
        return writable, readonly

    def loaded_keys_of(self, raw: bytes) -> tuple[list[bytes], list[bytes]]:
        """Return what `loaded_keys` does, for a transaction's bytes."""
        return self.loaded_keys(VersionedTransaction.from_bytes(raw))

    def _writable_accounts(
        self, message: Message, transaction: VersionedTransaction
    ) -> list[tuple[Pubkey, SvmAccount]]:
        """Return the accounts that exist and that a transaction may change: a failed one keeps its payer's fee."""
        loaded = self.loaded_keys(transaction)[0] if message.lookups else []
        keys = [Pubkey(key) for key in (*message.writable_keys(), *loaded)]
        return [(key, account) for key in keys if (account := self._vm.get_account(key)) is not None]

    def _is_built_in(self, key: bytes) -> bool:
        """Say whether a fresh VM brings this account along; a program deployed later was seen before it could run."""
        found = self._vm.get_account(Pubkey(key))
        return found is not None and (found.executable or bytes(found.owner) == _SYSVAR_OWNER)

    def _balances(self, keys: tuple[bytes, ...]) -> tuple[int, ...]:
        return tuple(self._vm.get_balance(Pubkey(key)) or 0 for key in keys)

    def _blockhash_at(self, slot: int) -> str:
        digest = hashlib.sha256(b"skerry blockhash" + self._genesis_hash + slot.to_bytes(8, "little")).digest()
        return str(Hash(digest))


def _outcome(
    result: TransactionMetadata | FailedTransactionMetadata | SimulatedTransactionInfo,
) -> tuple[object | None, TransactionMetadata]:
    if isinstance(result, FailedTransactionMetadata):
        error: Any = json.loads(result.to_json())["err"]
        return error, result.meta()
    return None, result if isinstance(result, TransactionMetadata) else result.meta()


def _stored(key: bytes, account: SvmAccount) -> StoredAccount:
    return key, account.lamports, bytes(account.owner), account.executable, bytes(account.data)
