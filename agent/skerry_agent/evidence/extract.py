"""Cuts segments for a proof out of the evidence log: sealed leaves, the chosen entries in full, their Merkle paths."""

from collections.abc import Iterable

import sqlite_utils

from skerry_agent.evidence import tables
from skerry_agent.evidence.errors import NoSuchEntry, NotSealed
from skerry_agent.evidence.reader import EvidenceReader
from skerry_agent.evidence.tables import EntryRow, StoredSeal
from skerry_coverage.bundle.model import LogExtract, OpenedEntry, Segment
from skerry_coverage.evidence import chain, merkle

__all__ = ["extract"]


async def extract(log: EvidenceReader, entry_ids: Iterable[bytes]) -> LogExtract:
    """Return the log's segments that show these entries.

    Raises `NoSuchEntry` E_EVIDENCE_UNKNOWN for an unknown id or a deleted body, `NotSealed` E_EVIDENCE_UNSEALED while
    one of them is not under a seal yet (the holder of the key calls `EvidenceLog.seal` first).
    """
    wanted = frozenset(entry_ids)
    return await log.db.read(lambda db: _extract(db, log, wanted))


def _extract(db: sqlite_utils.Database, log: EvidenceReader, wanted: frozenset[bytes]) -> LogExtract:
    chosen = sorted((_row(db, log, entry_id) for entry_id in wanted), key=lambda row: row.seq)
    segments: list[Segment] = []
    earlier: StoredSeal | None = None
    while chosen:
        seal = _seal_over(db, log, chosen[0].seq)
        inside = [row for row in chosen if row.seq < seal.tree_size]
        chosen = chosen[len(inside) :]
        segments.append(_segment(db, log, seal, inside, earlier))
        earlier = seal
    return LogExtract(agent=log.agent, segments=tuple(segments))


def _segment(
    db: sqlite_utils.Database,
    log: EvidenceReader,
    stored: StoredSeal,
    inside: list[EntryRow],
    earlier: StoredSeal | None,
) -> Segment:
    first_seq = stored.signed.decoded().first_seq
    tree = tables.tree(db, log.log)
    return Segment(
        seal=stored.signed,
        chain_before=_chain_before(db, log, stored),
        leaves=tuple(tables.leaves(db, log.log, first_seq, stored.tree_size)),
        entries=tuple(_opened(row, tree, stored.tree_size) for row in inside),
        consistency=tuple(tree.consistency(earlier.tree_size, stored.tree_size)) if earlier else (),
    )


def _opened(row: EntryRow, tree: merkle.Tree, size: int) -> OpenedEntry:
    assert row.salt is not None
    assert row.header is not None
    assert row.body is not None
    path = tuple(tree.inclusion(row.seq, size))
    return OpenedEntry(salt=row.salt, header=row.header, body=row.body, path=path)


def _chain_before(db: sqlite_utils.Database, log: EvidenceReader, stored: StoredSeal) -> bytes:
    if stored.number == 0:
        return chain.genesis(log.agent)
    (before,) = tables.seals(db, log.log, "number = ?", [stored.number - 1])
    return before.signed.decoded().chain


def _seal_over(db: sqlite_utils.Database, log: EvidenceReader, seq: int) -> StoredSeal:
    first = "tree_size = (SELECT min(tree_size) FROM evidence_seals WHERE log = ? AND tree_size > ?)"
    found = tables.seals(db, log.log, first, [log.log, seq])
    if not found:
        raise NotSealed(
            "E_EVIDENCE_UNSEALED",
            "The evidence is not sealed yet.",
            remedy="A running agent seals every ten minutes, once its clock was set by a time server (NTP).",
        )
    return found[0]


def _row(db: sqlite_utils.Database, log: EvidenceReader, entry_id: bytes) -> EntryRow:
    found = tables.rows(db, log.log, "id = ? AND body IS NOT NULL", [entry_id])
    if not found:
        raise NoSuchEntry(
            "E_EVIDENCE_UNKNOWN",
            f"There is no evidence {entry_id.hex()[:16]} with its content kept.",
            remedy="Old content may have been deleted by the retention setting.",
            params={"id": entry_id.hex()},
        )
    return found[0]
