"""The operators' statements of a bundle: whose they are, whether their words fit the records shown. For `verify`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from skerry_coverage.bundle.known import Known
from skerry_coverage.bundle.recompute import stated_place
from skerry_coverage.bundle.report import VerificationReport
from skerry_coverage.bundle.reports import BeaconSeen, Reports, WitnessSeen
from skerry_coverage.bundle.statement import SignedStatement, StatedReport, Statement
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected

__all__ = ["OperatorSays", "check_statements"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSays:
    """A soundly signed statement with the reports it is about, in its order.

    When some of its witness reports are not shown, `missing` counts them and `witnesses` is empty: the rules judge
    witnesses against each other, so that nothing can be recomputed from a part of them.
    """

    statement: Statement
    signer: bytes
    is_trusted: bool
    beacon: BeaconSeen
    witnesses: list[WitnessSeen]
    missing: int

    @property
    def weight(self) -> tuple[bool, bool]:
        """Which of several statements on a beacon to believe first: a trusted one, then one with a manifest."""
        return self.is_trusted, self.statement.manifest_hash is not None


def check_statements(
    entries: Mapping[bytes, Entry],
    reports: Reports,
    known: Known,
    *,
    network: str,
    profile_hash: bytes,
    trusted_keys: Collection[bytes],
    report: VerificationReport,
) -> list[OperatorSays]:
    """Check every statement entry; those that do not hold are reported and left out."""
    found = []
    for entry_id, entry in entries.items():
        if entry.kind != EntryKind.STATEMENT:
            continue
        where = f"statement {entry_id.hex()[:16]}"
        try:
            signed = SignedStatement.from_bytes(entry.body)
            statement = signed.decoded()
        except EvidenceRejected as error:
            report.fail("bad_statement", where, str(error))
            continue
        named = statement.network == network and statement.profile_hash == profile_hash
        if not report.expect(
            named and signed.is_signed(network),
            "operator statements",
            code="bad_statement_signature",
            where=where,
            detail="it is not signed, or is about another network or another profile",
        ):
            continue
        says = _with_reports(
            statement,
            reports,
            signer=signed.signer,
            is_trusted=signed.signer in trusted_keys,
            where=where,
            report=report,
        )
        if says is not None and _fits_records(says, known, where, report):
            found.append(says)
    return found


def _with_reports(
    statement: Statement, reports: Reports, *, signer: bytes, is_trusted: bool, where: str, report: VerificationReport
) -> OperatorSays | None:
    beacon = reports.beacons.get(statement.beacon.report_hash)
    witnesses = [reports.witnesses.get(one.report_hash) for one in statement.witnesses]
    complete = [seen for seen in witnesses if seen is not None]
    missing = len(witnesses) - len(complete)
    if beacon is None:
        report.fail("missing_report", where, "the beacon report that it judges is not shown, or does not hold")
        return None
    return OperatorSays(
        statement=replace(statement, witnesses=()) if missing else statement,
        signer=signer,
        is_trusted=is_trusted,
        beacon=beacon,
        witnesses=[] if missing else complete,
        missing=missing,
    )


def _fits_records(says: OperatorSays, known: Known, where: str, report: VerificationReport) -> bool:
    """Say whether owners signed what the operator says of their hotspots, as far as their records are shown."""
    stated: list[tuple[bytes, StatedReport]] = [(says.beacon.report.pub_key, says.statement.beacon)]
    stated += [(seen.report.pub_key, one) for seen, one in zip(says.witnesses, says.statement.witnesses, strict=True)]
    fits = True
    for gateway, one in stated:
        if one.gateway is None:
            continue
        owner = known.owner(gateway)
        if owner is not None:
            detail = f"gateway {gateway.hex()[:16]} belongs to another owner by its own registration"
            fits &= report.expect(
                owner == one.gateway.owner, "stated owners", code="owner_mismatch", where=where, detail=detail
            )
        try:
            place = stated_place(one.gateway)
        except EvidenceRejected as error:
            report.fail("bad_statement", where, str(error))
            fits = False
            continue
        if place is not None and gateway in known.places:
            fits &= report.expect(
                known.asserts(gateway, one.gateway.owner, place),
                "stated places",
                code="location_mismatch",
                where=where,
                detail=f"the owner of gateway {gateway.hex()[:16]} never signed the place that the operator states",
            )
    return fits
