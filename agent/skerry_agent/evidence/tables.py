"""SQL of the evidence tables: functions that run inside a database job. Called by the log, its check and extracts."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlite_utils

from skerry_coverage.evidence import chain, merkle
from skerry_coverage.evidence.entry import Entry, entry_id
from skerry_coverage.evidence.seal import SignedSeal

__all__ = [
    "EntryRow",
    "Head",
    "StoredSeal",
    "add_entry",
    "add_seal",
    "ensure_log",
    "has_undated",
    "head",
    "last_seal",
    "leaves",
    "rows",
    "seals",
    "tree",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a log ends."""

    next_seq: int
    chain: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One stored entry; `salt`, `header` and `body` are None together once retention deleted the body."""

    seq: int
    id: bytes
    kind: str
    at_ns: int | None
    leaf: bytes
    salt: bytes | None
    header: bytes | None
    body: bytes | None

    def entry(self) -> Entry | None:
        """Return the entry, None when its body is gone. Raises `EvidenceRejected` for a damaged row."""
        if self.header is None or self.body is None:
            return None
        return Entry.from_parts(self.header, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSeal:
    """One stored seal."""

    number: int
    tree_size: int
    at_ns: int
    signed: SignedSeal


def ensure_log(db: sqlite_utils.Database, *, agent: bytes, network: str) -> int:
    """Return the number of an agent's log, beginning it when there is none; `network` is the one from now on."""
    db.conn.execute(
        "INSERT OR IGNORE INTO evidence_logs (agent, network, next_seq, chain) VALUES (?, ?, 0, ?)",
        [agent, network, chain.genesis(agent)],
    )
    db.conn.execute("UPDATE evidence_logs SET network = ? WHERE agent = ?", [network, agent])
    return int(db.conn.execute("SELECT log FROM evidence_logs WHERE agent = ?", [agent]).fetchone()[0])


def head(db: sqlite_utils.Database, log: int) -> Head:
    """Return where a log ends."""
    row = db.conn.execute("SELECT next_seq, chain FROM evidence_logs WHERE log = ?", [log]).fetchone()
    return Head(next_seq=int(row[0]), chain=bytes(row[1]))


def add_entry(db: sqlite_utils.Database, log: int, entry: Entry, *, salt: bytes, end: Head) -> bytes:
    """Add an entry at the log's end and move the head; return its id."""
    leaf = entry.leaf(salt)
    identity = entry_id(kind=str(entry.kind), agent=entry.agent, seq=entry.seq, leaf=leaf)
    db.conn.execute(
        "INSERT INTO evidence_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [log, entry.seq, identity, str(entry.kind), entry.stamp.wall_ns, leaf, salt, entry.header(), entry.body],
    )
    db.conn.execute(
        "UPDATE evidence_logs SET next_seq = ?, chain = ? WHERE log = ?",
        [entry.seq + 1, chain.extend(end.chain, entry.seq, leaf), log],
    )
    if (entry.seq + 1) % merkle.BLOCK == 0:
        number = entry.seq // merkle.BLOCK
        root = merkle.root(leaves(db, log, number * merkle.BLOCK, entry.seq + 1))
        db.conn.execute("INSERT INTO evidence_blocks VALUES (?, ?, ?)", [log, number, root])
    return identity


def leaves(db: sqlite_utils.Database, log: int, low: int, high: int) -> list[bytes]:
    """Return the leaves of entries `low` up to, not including, `high`."""
    sql = "SELECT leaf FROM evidence_entries WHERE log = ? AND seq >= ? AND seq < ? ORDER BY seq"
    return [bytes(row[0]) for row in db.conn.execute(sql, [log, low, high])]


def tree(db: sqlite_utils.Database, log: int) -> merkle.Tree:
    """Return the log's Merkle tree, reading only what a question needs. Valid inside the job."""

    def block(number: int) -> bytes | None:
        sql = "SELECT root FROM evidence_blocks WHERE log = ? AND number = ?"
        row = db.conn.execute(sql, [log, number]).fetchone()
        return None if row is None else bytes(row[0])

    return merkle.Tree(lambda low, high: leaves(db, log, low, high), block=block)


def rows(db: sqlite_utils.Database, log: int, condition: str, parameters: Sequence[object]) -> list[EntryRow]:
    """Return entries of a log that meet an SQL condition of ours, in order."""
    sql = f"SELECT seq, id, kind, at_ns, leaf, salt, header, body FROM evidence_entries WHERE log = ? AND {condition}"  # noqa: S608 - our text
    return [
        EntryRow(seq=seq, id=identity, kind=kind, at_ns=at_ns, leaf=leaf, salt=salt, header=header, body=body)
        for seq, identity, kind, at_ns, leaf, salt, header, body in db.conn.execute(
            sql + " ORDER BY seq", [log, *parameters]
        )
    ]


def add_seal(db: sqlite_utils.Database, log: int, seal: StoredSeal) -> None:
    """Store a seal."""
    db.conn.execute(
        "INSERT INTO evidence_seals VALUES (?, ?, ?, ?, ?, ?)",
        [log, seal.number, seal.tree_size, seal.at_ns, seal.signed.seal, seal.signed.signature],
    )


def seals(
    db: sqlite_utils.Database, log: int, condition: str = "1", parameters: Sequence[object] = ()
) -> list[StoredSeal]:
    """Return seals of a log that meet an SQL condition of ours, in order."""
    sql = f"SELECT number, tree_size, at_ns, seal, signature FROM evidence_seals WHERE log = ? AND {condition}"  # noqa: S608 - our text
    return [
        StoredSeal(number=number, tree_size=size, at_ns=at_ns, signed=SignedSeal(seal=seal, signature=signature))
        for number, size, at_ns, seal, signature in db.conn.execute(sql + " ORDER BY number", [log, *parameters])
    ]


def has_undated(db: sqlite_utils.Database, log: int) -> bool:
    """Say whether entries without a time stand after the last synchronisation, left by a run that never saw one."""
    sql = (
        "SELECT 1 FROM evidence_entries WHERE log = :log AND at_ns IS NULL AND seq > coalesce("
        "(SELECT max(seq) FROM evidence_entries WHERE log = :log AND kind = 'clock_sync'), -1) LIMIT 1"
    )
    return db.conn.execute(sql, {"log": log}).fetchone() is not None


def last_seal(db: sqlite_utils.Database, log: int) -> StoredSeal | None:
    """Return a log's newest seal, None before the first."""
    found = seals(db, log, "number = (SELECT max(number) FROM evidence_seals WHERE log = ?)", [log])
    return found[0] if found else None
