"""Checks that entries were recorded as they stand: leaves, chain, Merkle proofs, seals. Called by `verify`.

Returns the entries that hold; an entry that fails is reported and takes part in nothing further.
"""

from skerry_coverage.bundle.model import Bundle, LogExtract, OpenedEntry, Segment
from skerry_coverage.bundle.report import VerificationReport
from skerry_coverage.evidence import chain, merkle
from skerry_coverage.evidence.entry import Entry, entry_id
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.seal import Seal
from skerry_keys.verify import verify

__all__ = ["check_logs"]


def check_logs(bundle: Bundle, report: VerificationReport) -> dict[bytes, Entry]:
    """Check every log of a bundle; return the sound entries by id."""
    sound: dict[bytes, Entry] = {}
    agents = [log.agent for log in bundle.logs]
    if len(set(agents)) != len(agents):
        report.fail("duplicate_log", "bundle", "one agent's log occurs twice")
    for log in bundle.logs:
        _check_log(log, report, sound)
    return sound


def _check_log(log: LogExtract, report: VerificationReport, sound: dict[bytes, Entry]) -> None:
    where = f"log {log.agent.hex()[:16]}"
    earlier: Seal | None = None
    for segment in log.segments:
        try:
            seal = segment.seal.decoded()
            message = segment.seal.signed_message()
        except EvidenceRejected as error:
            report.fail("bad_seal", where, str(error))
            continue
        at = f"{where}, seal {seal.number}"
        # Its network may be an earlier one of this agent; what a network vouches for names that network itself.
        signed = seal.agent == log.agent and verify(log.agent, message, segment.seal.signature)
        if not report.expect(
            signed, "seal signatures", code="bad_seal_signature", where=at, detail="the agent did not sign this seal"
        ):
            continue
        _check_order(segment, seal, earlier, at, report)
        earlier = seal
        if _check_chain(segment, seal, at, report):
            for opened in segment.entries:
                _check_entry(opened, segment, seal=seal, at=at, report=report, sound=sound)
            report.hidden_entries += len(segment.leaves) - len(segment.entries)


def _check_order(segment: Segment, seal: Seal, earlier: Seal | None, at: str, report: VerificationReport) -> None:
    if earlier is None:
        report.expect(
            not segment.consistency,
            "seal order",
            code="bad_consistency",
            where=at,
            detail="the first seal shown has nothing to be consistent with",
        )
        return
    holds = earlier.number < seal.number and merkle.consistency_holds(
        old=earlier.tree_size,
        new=seal.tree_size,
        old_root=earlier.root,
        new_root=seal.root,
        path=segment.consistency,
    )
    report.expect(
        holds,
        "seal consistency",
        code="bad_consistency",
        where=at,
        detail=f"the log under it does not extend the log under seal {earlier.number}",
    )


def _check_chain(segment: Segment, seal: Seal, at: str, report: VerificationReport) -> bool:
    complete = len(segment.leaves) == seal.tree_size - seal.first_seq
    if not report.expect(
        complete, "complete segments", code="missing_leaves", where=at, detail="leaves under the seal are missing"
    ):
        return False
    starts = seal.first_seq > 0 or segment.chain_before == chain.genesis(seal.agent)
    ends = chain.run(segment.chain_before, seal.first_seq, segment.leaves) == seal.chain
    return report.expect(
        starts and ends, "hash chains", code="bad_chain", where=at, detail="the leaves do not lead to the sealed value"
    )


def _check_entry(
    opened: OpenedEntry,
    segment: Segment,
    *,
    seal: Seal,
    at: str,
    report: VerificationReport,
    sound: dict[bytes, Entry],
) -> None:
    try:
        entry = opened.entry()
    except EvidenceRejected as error:
        report.fail("bad_entry", at, str(error))
        return
    where = f"{at}, entry {entry.seq}"
    leaf = entry.leaf(opened.salt)
    inside = entry.agent == seal.agent and seal.first_seq <= entry.seq < seal.tree_size
    if not report.expect(
        inside and segment.leaves[entry.seq - seal.first_seq] == leaf,
        "entry hashes",
        code="bad_leaf",
        where=where,
        detail="the entry is not the one that was recorded at this place",
    ):
        return
    if not report.expect(
        merkle.inclusion_holds(leaf=leaf, index=entry.seq, size=seal.tree_size, path=opened.path, root=seal.root),
        "inclusion proofs",
        code="bad_inclusion",
        where=where,
        detail="the entry is not under the seal's Merkle root",
    ):
        return
    identity = entry_id(kind=entry.kind, agent=entry.agent, seq=entry.seq, leaf=leaf)
    if identity in sound:
        report.fail("duplicate_entry", where, "the entry is shown twice")
    sound[identity] = entry
