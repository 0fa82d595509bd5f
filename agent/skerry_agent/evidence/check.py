"""Walks a whole evidence log and says what is damaged, missing or deleted. Called by the doctor and by tests.

Reads a block of entries at a time, so that the agent goes on recording meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlite_utils

from skerry_agent.evidence import tables
from skerry_agent.evidence.reader import EvidenceReader
from skerry_agent.evidence.tables import EntryRow, StoredSeal
from skerry_coverage.evidence import chain, merkle
from skerry_coverage.evidence.entry import entry_id
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.seal import NO_SEAL, Seal

__all__ = ["CheckReport", "Finding", "check"]

SignatureCheck = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a stable code, and the entry or, for a seal, the first entry that it does not cover."""

    code: str
    seq: int
    detail: str


@dataclass(slots=True, kw_only=True)
class CheckReport:
    """What a walk over a log found; `is_intact` is False as soon as anything is wrong."""

    entries: int = 0
    sealed_entries: int = 0
    seals: int = 0
    deleted_bodies: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether every hash, link and signature holds; deleted bodies do not count against it."""
        return not self.findings


async def check(log: EvidenceReader, *, verify: SignatureCheck) -> CheckReport:
    """Check every entry, block, seal and the head of a log. `verify(public_key, message, signature)` checks a seal."""
    head, seals = await log.db.read(lambda db: (tables.head(db, log.log), tables.seals(db, log.log)))
    walk = _Walk(agent=log.agent, seals=seals, verify=verify)
    for low in range(0, head.next_seq, merkle.BLOCK):
        high = min(low + merkle.BLOCK, head.next_seq)
        block = await log.db.read(lambda db, low=low, high=high: _block(db, log.log, low, high))  # type: ignore[misc]
        walk.block(low, high, *block)
    walk.end(head)
    return walk.report


def _block(db: sqlite_utils.Database, log: int, low: int, high: int) -> tuple[list[EntryRow], bytes | None]:
    found = tables.rows(db, log, "seq >= ? AND seq < ?", [low, high])
    sql = "SELECT root FROM evidence_blocks WHERE log = ? AND number = ?"
    row = db.conn.execute(sql, [log, low // merkle.BLOCK]).fetchone()
    return found, None if row is None else bytes(row[0])


class _Walk:
    """The running state of one check."""

    def __init__(self, *, agent: bytes, seals: list[StoredSeal], verify: SignatureCheck) -> None:
        self.report = CheckReport()
        self._agent = agent
        self._verify = verify
        self._chain = chain.genesis(agent)
        self._blocks: list[bytes] = []
        self._seals: Iterator[StoredSeal] = iter(seals)
        self._due = next(self._seals, None)
        self._previous = NO_SEAL
        self._covered = 0

    def block(self, low: int, high: int, found: list[EntryRow], stored_root: bytes | None) -> None:
        leaves: list[bytes] = []
        by_seq = {row.seq: row for row in found}
        for seq in range(low, high):
            row = by_seq.get(seq)
            if row is None:
                self._add("missing_entry", seq, "an entry that was recorded is not there any more")
                leaves.append(bytes(32))
            else:
                self._entry(row)
                leaves.append(row.leaf)
            self._chain = chain.extend(self._chain, seq, leaves[-1])
            self._pass_seals(seq + 1, leaves)
        if len(leaves) == merkle.BLOCK:
            self._blocks.append(merkle.root(leaves))
            if stored_root != self._blocks[-1]:
                self._add("bad_block", low, "a stored block root does not match its entries")

    def end(self, head: tables.Head) -> None:
        if head.chain != self._chain:
            self._add("bad_chain", head.next_seq, "the chain over all leaves does not end at the recorded value")
        while self._due is not None:
            self._add("seal_beyond_end", self._due.tree_size, "a seal covers more entries than there are")
            self._due = next(self._seals, None)

    def _entry(self, row: EntryRow) -> None:
        self.report.entries += 1
        if row.id != entry_id(kind=row.kind, agent=self._agent, seq=row.seq, leaf=row.leaf):
            self._add("bad_id", row.seq, "the id does not belong to kind, position and leaf")
        if row.body is None and row.header is None and row.salt is None:
            self.report.deleted_bodies += 1
            return
        try:
            entry = row.entry()
        except EvidenceRejected as error:
            self._add("bad_header", row.seq, str(error))
            return
        if entry is None or row.salt is None or entry.leaf(row.salt) != row.leaf:
            self._add("bad_body", row.seq, "header, salt or body were changed after recording")
        elif (entry.kind, entry.agent, entry.seq) != (row.kind, self._agent, row.seq):
            self._add("bad_header", row.seq, "the header names another kind, agent or position")

    def _pass_seals(self, size: int, block_leaves: list[bytes]) -> None:
        while self._due is not None and self._due.tree_size == size:
            self._seal(self._due, size, block_leaves)
            self._due = next(self._seals, None)

    def _seal(self, stored: StoredSeal, size: int, block_leaves: list[bytes]) -> None:
        try:
            seal = stored.signed.decoded()
            message = stored.signed.signed_message()
        except EvidenceRejected as error:
            self._add("bad_seal", size, str(error))
            return
        if not self._verify(self._agent, message, stored.signed.signature):
            self._add("bad_signature", size, "a seal's signature is not the agent's")
        if not self._fits(seal, size, block_leaves):
            self._add("bad_seal", size, "a seal does not match the entries it covers")
        self.report.seals += 1
        self.report.sealed_entries = size
        self._previous, self._covered = stored.signed.digest, size

    def _fits(self, seal: Seal, size: int, block_leaves: list[bytes]) -> bool:
        start = len(self._blocks) * merkle.BLOCK
        known = dict(enumerate(self._blocks))
        tree = merkle.Tree(lambda low, high: block_leaves[low - start : high - start], block=known.get)
        claimed = (seal.agent, seal.number, seal.first_seq, seal.tree_size, seal.previous, seal.chain, seal.root)
        actual = (
            self._agent,
            self.report.seals,
            self._covered,
            size,
            self._previous,
            self._chain,
            tree.root(size),
        )
        return claimed == actual

    def _add(self, code: str, seq: int, detail: str) -> None:
        self.report.findings.append(Finding(code=code, seq=seq, detail=detail))
