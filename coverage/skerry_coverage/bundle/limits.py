"""What a bundle does not prove, said in plain words every time. Called by `verify`."""

from collections import Counter
from collections.abc import Mapping

from skerry_coverage.bundle.known import Known
from skerry_coverage.bundle.model import Bundle
from skerry_coverage.bundle.report import Level, VerificationReport
from skerry_coverage.evidence.entry import Entry

__all__ = ["not_proved"]


def not_proved(bundle: Bundle, entries: Mapping[bytes, Entry], known: Known, report: VerificationReport) -> list[str]:
    """Return one sentence for each thing that a reader might wrongly take as proved."""
    said = [
        "Where the hotspots really stand: owners assert locations, and radios can be moved or their traffic relayed.",
        "That a radio really heard a beacon: whoever holds a gateway key can sign an invented reception.",
        "That different owner wallets belong to different people.",
    ]
    links = Counter(entry.link for entry in entries.values())
    if links["udp"]:
        said.append(
            f"Who sent the radio frames: Semtech UDP ({links['udp']} of the entries came by it) authenticates nothing."
        )
    said.append("When it happened, beyond the clocks of the signers: nothing outside them fixes the time.")
    if report.level < Level.ORACLE_VERIFIED:
        said.append("That an operator accepted it: no operator on your trust list signed these verdicts.")
    if any(proof.operator is None for proof in report.proofs):
        said.append(
            "Order of arrival, earlier beacons, denylists: without an operator's statement these rules were left out."
        )
    unshown = sum(proof.operator.unshown_witnesses for proof in report.proofs if proof.operator is not None)
    if unshown:
        said.append(f"Who heard it: witness reports that the operator judged ({unshown}) are not shown.")
    if report.hidden_entries:
        said.append(
            f"What else happened: other entries under the same seals ({report.hidden_entries}) are only hashes here."
        )
    if known.unread:
        kinds = ", ".join(f"{kind} ({count})" for kind, count in sorted(known.unread.items()))
        said.append(f"Anything about entries of kinds that this program does not know: {kinds}.")
    if bundle.anchors:
        said.append(f"What the {len(bundle.anchors)} attached anchors claim: this program does not check them.")
    if report.test_tokens:
        said.append("Any value: the network pays test tokens.")
    return said
