"""The durable embedded chain: VM, journal, snapshot, lock. `child` and `chain serve` each hold one.

A transaction is executed, its record appended, and nobody hears of it before `commit` made the record durable.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cbor2

from skerry_core import strict_json
from skerry_core.errors import UsageError
from skerry_core.files import PUBLIC_MODE, write_atomic
from skerry_wallet.address import SIGNATURE_SIZE, address_bytes, address_text, signature_bytes, signature_text
from skerry_wallet.chain.faucet import Faucet
from skerry_wallet.chain.history import History
from skerry_wallet.chain.journal import Journal
from skerry_wallet.chain.lock import WAIT_S, DirectoryLock
from skerry_wallet.chain.machine import BLOCKHASH_LIFE_SLOTS, Execution, Machine
from skerry_wallet.chain.snapshot import Snapshot
from skerry_wallet.errors import ChainDamaged, MalformedTransaction, TransactionRejected
from skerry_wallet.transaction import Transaction, parse_transaction

__all__ = ["Bank", "Landed"]

SNAPSHOT_EVERY = 1_000  # records; replaying as many payouts takes less than a second
_LOGS_KEPT = 10_000  # transactions whose log lines stay in memory; the journal keeps none


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """One transaction as the journal keeps it."""

    raw: bytes
    slot: int
    unix_ms: int
    error: object | None
    fee: int
    units: int
    balances_before: tuple[int, ...]
    balances_after: tuple[int, ...]

    @property
    def signature(self) -> str:
        """The transaction's name, from its bytes: a count of one byte stands before the first signature."""
        return signature_text(self.raw[1 : 1 + SIGNATURE_SIZE])

    def to_bytes(self) -> bytes:
        """Return the journal's payload."""
        return cbor2.dumps(
            [
                self.slot,
                self.unix_ms,
                self.raw,
                self.error,
                self.fee,
                self.units,
                self.balances_before,
                self.balances_after,
            ]
        )

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Landed":
        """Read a journal's payload. Raises `ChainDamaged`."""
        try:
            slot, unix_ms, raw, error, fee, units, before, after = cbor2.loads(payload)
        except (ValueError, TypeError, cbor2.CBORDecodeError) as problem:
            raise ChainDamaged(f"a journal record cannot be read: {problem}") from problem
        return cls(
            raw=raw,
            slot=slot,
            unix_ms=unix_ms,
            error=error,
            fee=fee,
            units=units,
            balances_before=tuple(before),
            balances_after=tuple(after),
        )


class Bank:
    """One open chain directory."""

    def __init__(self, directory: Path, *, network: str, now_ms: int, lock_wait_s: float = WAIT_S) -> None:
        """Open or create the chain. Raises `ChainInUse`, `ChainDamaged`, `UsageError` for another network's chain."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = DirectoryLock(directory, wait_s=lock_wait_s)
        self._directory = directory
        try:
            genesis = _genesis(directory / "genesis.json", network, now_ms)
            self.genesis_hash = address_text(hashlib.sha256(b"skerry genesis" + genesis).digest())
            self.network = str(strict_json.loads(genesis)["network"])
            genesis_ms = int(strict_json.loads(genesis)["genesis_ms"])
            self.machine = Machine(genesis_hash=address_bytes(self.genesis_hash), genesis_ms=genesis_ms)
            self._faucet = Faucet(self.genesis_hash)
            self._journal = Journal(directory / "journal")
        except BaseException:
            self._lock.release()
            raise
        try:
            self._open(now_ms)
        except BaseException:
            self._journal.close()
            self._lock.release()
            raise

    def _open(self, now_ms: int) -> None:
        snapshot = Snapshot.read(self._directory / "snapshot")
        self._history = History(snapshot.history if snapshot else b"")
        self._recent: dict[bytes, int] = dict(snapshot.recent) if snapshot else {}
        self._logs: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
        self._since_snapshot = 0
        if snapshot:
            self.machine.set_time(snapshot.unix_ms)
            for account in snapshot.accounts:
                self.machine.put(account)
        else:
            self.machine.put(self._faucet.account())
        for offset, payload in self._journal.records(snapshot.offset if snapshot else 0):
            self._replay(offset, Landed.from_bytes(payload))
        self.committed = self._journal.size
        self.machine.set_time(now_ms)

    @property
    def dirty(self) -> bool:
        """Whether something landed that `commit` has not yet made durable."""
        return self._journal.size != self.committed

    def set_time(self, unix_ms: int) -> None:
        """Follow the owner's clock; time never goes back."""
        before = self.machine.slot
        self.machine.set_time(unix_ms)
        if self.machine.slot != before:
            oldest = self.machine.slot - BLOCKHASH_LIFE_SLOTS
            self._recent = {digest: slot for digest, slot in self._recent.items() if slot >= oldest}

    def send(self, raw: bytes, *, preflight: bool = True) -> str:
        """Execute a transaction and return its signature. Raises `TransactionRejected` when nothing landed.

        Without preflight a failing transaction lands too and pays its fee, as on the real chain.
        """
        transaction = self._check(raw)
        execution = self.machine.execute(raw, transaction.message, undo_failure=preflight)
        self._logs[transaction.signatures[0]] = execution.logs
        if len(self._logs) > _LOGS_KEPT:
            self._logs.popitem(last=False)
        landed = _landed(raw, execution)
        self._remember(self._journal.append(landed.to_bytes()), transaction, landed.slot)
        return landed.signature

    def simulate(
        self, raw: bytes, *, replace_blockhash: bool = False, check_signatures: bool = False
    ) -> tuple[object | None, tuple[str, ...], int]:
        """Return error, logs and units of a transaction that is not sent; it may be unsigned, as for a preview."""
        try:
            transaction = parse_transaction(raw)
        except MalformedTransaction as error:
            raise TransactionRejected(str(error)) from error
        if not replace_blockhash and not self.machine.is_blockhash_valid(transaction.message.blockhash):
            return "BlockhashNotFound", (), 0
        error_term, logs, units, _ = self.machine.simulate(raw, check_signatures=check_signatures)
        return error_term, logs, units

    def airdrop(self, address: bytes, lamports: int) -> str:
        """Give test lamports out of the built-in faucet; return the transaction's signature."""
        return self.send(self._faucet.transfer(address, lamports, self.machine.blockhash()[0], len(self._history)))

    def find(self, signature: bytes) -> Landed | None:
        """Return a durable transaction by its signature."""
        offset = self._history.find(signature)
        if offset is None or offset >= self.committed:
            return None
        return Landed.from_bytes(self._journal.payload(offset))

    def logs(self, signature: str) -> tuple[str, ...] | None:
        """Return a recent transaction's log lines; None when they are no longer kept."""
        return self._logs.get(signature_bytes(signature))

    def loaded_keys(self, landed: Landed) -> tuple[list[bytes], list[bytes]]:
        """Return the writable and the read-only accounts that its lookup tables added; tables only grow."""
        if not parse_transaction(landed.raw).message.lookups:
            return [], []
        return self.machine.loaded_keys_of(landed.raw)

    def history(self, key: bytes, *, limit: int, before: bytes | None = None) -> list[Landed]:
        """Return durable transactions that name the address, newest first; with `before` those older than it."""
        found: list[Landed] = []
        start = None if before is None else self._history.find(before)
        if before is not None and start is None:
            return []
        end = self.committed if start is None else start
        while len(found) < limit and (position := self._journal.find_last(key, end)) >= 0:
            end = self._history.record_at(position)
            landed = Landed.from_bytes(self._journal.payload(end))
            if key in parse_transaction(landed.raw).message.keys:
                found.append(landed)
        return found

    def commit(self) -> None:
        """Make everything durable that was executed so far; write a snapshot when it is time."""
        if self.dirty:
            self.committed_to(self.sync_point())

    @property
    def position(self) -> int:
        """Where the journal ends once everything executed so far is written."""
        return self._journal.size

    def sync_point(self) -> int:
        """Hand everything executed so far to the operating system; return the position for `committed_to`."""
        self._journal.flush()
        return self._journal.size

    def sync(self) -> None:
        """Wait for the disk; the only method that may run on another thread than the others."""
        self._journal.sync()

    def committed_to(self, position: int, *, synced: bool = False) -> None:
        """Let transactions before a sync point be seen as landed, after waiting for the disk unless that was done."""
        if not synced:
            self.sync()
        self.committed = position
        if self._since_snapshot >= SNAPSHOT_EVERY:
            self.snapshot()

    def snapshot(self) -> None:
        """Store all accounts, so that the next opening replays nothing older."""
        self._journal.flush()
        self._journal.sync()  # a snapshot must never stand behind the journal's durable end
        Snapshot(
            offset=self._journal.size,
            unix_ms=self.machine.unix_ms,
            accounts=self.machine.touched_accounts(),
            recent=self._recent,
            history=self._history.pack(),
        ).write(self._directory / "snapshot")
        self._since_snapshot = 0

    def close(self) -> None:
        """Leave a directory that opens fast."""
        self.commit()
        if self._since_snapshot:
            self.snapshot()
        self._journal.close()
        self._lock.release()

    def _check(self, raw: bytes) -> Transaction:
        try:
            transaction = parse_transaction(raw)
        except MalformedTransaction as error:
            raise TransactionRejected(f"SanitizeFailure: {error}") from error
        digest = hashlib.sha256(transaction.message_bytes).digest()
        if digest in self._recent or self._history.find(transaction.signatures[0]) is not None:
            raise TransactionRejected("AlreadyProcessed")
        if not self.machine.is_blockhash_valid(transaction.message.blockhash):
            raise TransactionRejected("BlockhashNotFound")
        return transaction

    def _remember(self, offset: int, transaction: Transaction, slot: int) -> None:
        self._history.add(transaction.signatures[0], offset)
        self._recent[hashlib.sha256(transaction.message_bytes).digest()] = slot
        self._since_snapshot += 1

    def _replay(self, offset: int, landed: Landed) -> None:
        self.set_time(landed.unix_ms)
        try:
            transaction = parse_transaction(landed.raw)
        except MalformedTransaction as error:
            raise ChainDamaged(f"a journal record holds no transaction: {error}") from error
        try:
            execution = self.machine.execute(landed.raw, transaction.message)
        except TransactionRejected as error:
            raise ChainDamaged(f"replaying {landed.signature} fails: {error.error}") from error
        if (execution.error, execution.balances_after) != (landed.error, landed.balances_after):
            raise ChainDamaged(f"replaying {landed.signature} gives another result")
        self._remember(offset, transaction, landed.slot)


def _landed(raw: bytes, execution: Execution) -> Landed:
    return Landed(
        raw=raw,
        slot=execution.slot,
        unix_ms=execution.unix_ms,
        error=execution.error,
        fee=execution.fee,
        units=execution.units,
        balances_before=execution.balances_before,
        balances_after=execution.balances_after,
    )


def _genesis(path: Path, network: str, now_ms: int) -> bytes:
    """Return the genesis file's bytes, written at the first opening. An empty network name accepts any chain."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = strict_json.canonical({"format": 1, "genesis_ms": now_ms, "network": network})
        write_atomic(path, content, mode=PUBLIC_MODE)
        return content
    try:
        parsed = strict_json.loads(content)
        stored, _ = str(parsed["network"]), int(parsed["genesis_ms"])
    except (strict_json.JsonRejected, KeyError, TypeError, ValueError) as error:
        raise ChainDamaged(f"{path.name} cannot be read") from error
    if network and stored != network:
        raise UsageError(
            "E_CHAIN_NETWORK",
            f"The chain in this directory belongs to network {stored}, not {network}.",
            remedy="Name another directory or the right network.",
        )
    return content
