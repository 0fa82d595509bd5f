"""All that one epoch's manifest was computed from, in one file: another oracle judges it again before it signs.

Rows are as stored, so that nothing is re-encoded; what they claim is checked by `skerry_oracle.epochs.counter`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from skerry_core.errors import NotFoundError, RefusedError, UsageError
from skerry_coverage.bundle import container
from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.iot.registry import KeptTimes
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.judge import JudgedInputs
from skerry_oracle.store.database import Database, Row

__all__ = ["TABLES", "EpochEvidence", "gather"]

_KIND = "epoch-evidence-1"
TABLES = ("registrations", "assertions", "denylists", "entropy", "sessions", "reports", "packets")
_MEMBERS = {"kind", "manifest", "signatures", "tables", "times"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochEvidence:
    """One epoch's manifest, its signatures so far, and the rows and kept times that it came from."""

    manifest: bytes
    signatures: tuple[tuple[bytes, bytes], ...]  # (public key, signature)
    tables: Mapping[str, tuple[Row, ...]]
    times: Mapping[bytes, KeptTimes]  # as they were when the epoch's first report was judged

    def with_signature(self, public_key: bytes, signature: bytes) -> Self:
        """Return the same evidence with one more signature; a key signs once."""
        others = tuple(one for one in self.signatures if one[0] != public_key)
        return replace(self, signatures=(*others, (public_key, signature)))

    def to_bytes(self) -> bytes:
        """Return the file."""
        return container.pack(
            {
                "kind": _KIND,
                "manifest": self.manifest,
                "signatures": [list(one) for one in self.signatures],
                "tables": {name: [list(row) for row in rows] for name, rows in self.tables.items()},
                "times": [
                    [key, kept.last_beacon_ms, kept.last_beacon_reciprocity_ms, kept.last_witness_ms]
                    for key, kept in self.times.items()
                ],
            }
        )

    @classmethod
    def from_bytes(cls, untrusted: bytes) -> Self:
        """Read a file. Raises `UsageError` E_EVIDENCE_FILE."""
        try:
            body = container.unpack(untrusted)
            return cls._of(body)
        except (BundleRejected, KeyError, TypeError, ValueError) as error:
            raise UsageError(
                "E_EVIDENCE_FILE",
                f"The file is no epoch's evidence: {error}.",
                remedy="Take the file that `skerry oracle manifest export` wrote.",
            ) from None

    @classmethod
    def _of(cls, body: dict[str, Any]) -> Self:
        if body.keys() != _MEMBERS or body["kind"] != _KIND or body["tables"].keys() != set(TABLES):
            raise ValueError("it has other members")
        return cls(
            manifest=bytes(_typed(body["manifest"], bytes)),
            signatures=tuple((_typed(key, bytes), _typed(value, bytes)) for key, value in body["signatures"]),
            tables={name: tuple(tuple(_typed(row, list)) for row in body["tables"][name]) for name in TABLES},
            times={
                _typed(key, bytes): KeptTimes(
                    last_beacon_ms=_moment(beacon),
                    last_beacon_reciprocity_ms=_moment(reciprocity),
                    last_witness_ms=_moment(witness),
                )
                for key, beacon, reciprocity, witness in body["times"]
            },
        )


async def gather(oracle: EmbeddedOracle, epoch: int) -> EpochEvidence:
    """Return the evidence of an epoch whose manifest is stated. Raises `NotFoundError`, `RefusedError` too large."""
    manifest, row = await oracle.manifest(epoch), await oracle.epochs.get(epoch)
    if manifest is None or row is None:
        raise NotFoundError("E_NO_MANIFEST", f"Epoch {epoch} has no manifest.")
    # Density is taken from the times as they were when everything up to here had been judged.
    until_ms = row.end_ms + oracle.judge.ripe_ms
    reports = await _reports(oracle.database, row.start_ms, until_ms)
    fetch = oracle.database.fetch
    entropy = await fetch("SELECT * FROM entropy WHERE published_ms IS NOT NULL AND timestamp_s BETWEEN ? AND ?",
                          row.start_ms // 1000 - 3_600, until_ms // 1000)  # fmt: skip
    sessions = {report[8] for report in reports} - {None}
    tables = {
        "registrations": await fetch("SELECT * FROM registrations ORDER BY gateway"),
        "assertions": await fetch("SELECT * FROM assertions ORDER BY gateway, number"),
        "denylists": await fetch("SELECT * FROM denylists ORDER BY serial"),
        "entropy": entropy,
        "sessions": [one for one in await fetch("SELECT * FROM sessions ORDER BY session_id") if one[0] in sessions],
        "reports": reports,
        "packets": await fetch("SELECT * FROM packets WHERE epoch = ? ORDER BY packet_id", epoch),
    }
    evidence = EpochEvidence(
        manifest=manifest.body,
        signatures=tuple(await oracle.epochs.signatures(epoch)),
        tables={name: tuple(rows) for name, rows in tables.items()},
        times=await _times(oracle, row.start_ms),
    )
    if len(evidence.to_bytes()) > container.MAX_FILE_BYTES:
        raise RefusedError("E_EVIDENCE_SIZE", f"The evidence of epoch {epoch} is larger than one file may be.")
    return evidence


async def _reports(database: Database, start_ms: int, until_ms: int) -> list[Row]:
    """Return the reports that were judged for an epoch; those that came too late for it have no part in it."""
    names = "kind, report_id, content_id, gateway, data, body, received_ms, stored_ms, session_id, peer, is_copy"
    columns = ", ".join(f"r.{name}" for name in names.split(", "))
    sql = (
        f"SELECT {columns} FROM reports r JOIN verdicts v ON v.kind = r.kind AND v.report_id = r.report_id "  # noqa: S608 - ours
        "WHERE (v.reason IS NULL OR v.reason <> 'late') AND ((r.received_ms > ? AND r.received_ms <= ?) OR v.poc_id IN "
        "(SELECT report_id FROM verdicts WHERE kind = 'beacon' AND received_ms > ? AND received_ms <= ?)) "
        "ORDER BY r.received_ms, r.report_id, r.kind"
    )
    return await database.fetch(sql, start_ms, until_ms, start_ms, until_ms)


async def _times(oracle: EmbeddedOracle, start_ms: int) -> dict[bytes, KeptTimes]:
    """Return the kept times before an epoch: each verdict holds those that it was given, the first one counts."""
    fetch = oracle.database.fetch
    rows = await fetch("SELECT report_id, gateway FROM reports WHERE kind = 'witness'")
    witnesses = {bytes(report_id): bytes(gateway) for report_id, gateway in rows}  # type: ignore[arg-type]
    rows = await fetch(
        "SELECT gateway, inputs FROM verdicts WHERE kind = 'beacon' AND received_ms > ? "
        "AND (reason IS NULL OR reason <> 'late') ORDER BY received_ms DESC, report_id DESC",
        start_ms,
    )
    times = dict(oracle.judge.times)
    for gateway, inputs in rows:
        known = JudgedInputs.from_bytes(bytes(inputs))  # type: ignore[arg-type]
        for party in (bytes(gateway), *map(witnesses.__getitem__, known.witnesses)):  # type: ignore[arg-type]
            times.pop(party, None)
        times |= known.times
    return times


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value


def _moment(value: Any) -> int | None:
    return None if value is None else int(_typed(value, int))
