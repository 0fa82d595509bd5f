"""Checks a proof bundle with nothing but its bytes and the reader's trust list: no network, no agent, no clock.

Called by `skerry proof verify` and by tests. The steps: container, logs, signatures, the rules again, the level.
"""

import hashlib
from collections.abc import Collection

from skerry_coverage.bundle import container
from skerry_coverage.bundle.errors import BundleRejected
from skerry_coverage.bundle.integrity import check_logs
from skerry_coverage.bundle.judging import judge_beacons
from skerry_coverage.bundle.known import check_others
from skerry_coverage.bundle.limits import not_proved
from skerry_coverage.bundle.model import Bundle
from skerry_coverage.bundle.profile import read_profile
from skerry_coverage.bundle.report import VerificationReport
from skerry_coverage.bundle.reports import check_reports
from skerry_coverage.bundle.statements import check_statements
from skerry_coverage.evidence.errors import EvidenceRejected

__all__ = ["verify_bundle"]


def verify_bundle(untrusted: bytes, *, trusted_keys: Collection[bytes] = ()) -> VerificationReport:
    """Check a bundle file. `trusted_keys` are oracle keys (tagged binaries) that the reader believes.

    Raises `BundleRejected` for bytes that are no bundle. Everything else that is wrong is in the report: it is a proof
    only when `is_intact` is true, and then only of what its level says.
    """
    body = container.unpack(untrusted)
    bundle = Bundle.from_map(body)
    try:
        profile = read_profile(bundle.profile)
    except EvidenceRejected as error:
        raise BundleRejected(error.reason, f"its network profile cannot be used: {error.detail}") from None
    profile_hash = hashlib.sha256(bundle.profile).digest()
    report = VerificationReport(
        cid=container.cid(body),
        network=bundle.network,
        made_by=bundle.made_by,
        test_tokens=profile.pays_test_tokens,
        profile_hash=profile_hash.hex(),
    )
    entries = check_logs(bundle, report)
    known = check_others(entries, bundle.network, report)
    reports = check_reports(entries, report)
    statements = check_statements(
        entries,
        reports,
        known,
        network=bundle.network,
        profile_hash=profile_hash,
        trusted_keys=trusted_keys,
        report=report,
    )
    judge_beacons(reports, statements, known, profile=profile, report=report)
    if not report.proofs:
        report.fail("no_beacon", "bundle", "there is no sound beacon report in it, so it proves nothing")
    report.not_proved = not_proved(bundle, entries, known, report)
    return report
