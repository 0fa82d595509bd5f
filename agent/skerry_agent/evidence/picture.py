"""The map in an agent's evidence: who heard its beacons, and which of it counted. Drawn by `skerry map render`.

Places and verdicts are those of the operator's signed statements; a witness without an asserted place is left out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from skerry_agent.evidence.reader import EvidenceReader
from skerry_core.cells import is_cell
from skerry_core.errors import NotFoundError
from skerry_coverage.bundle.statement import SignedStatement, StatedReport, Statement
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.picture.model import LinkVerdict, MapHotspot, MapPicture, WitnessLink
from skerry_keys.errors import KeyRejected
from skerry_keys.public_key import PublicKey
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse

__all__ = ["evidence_map"]

_MESSAGES = {
    EntryKind.BEACON_REPORT: lora_beacon_report_req_v1,
    EntryKind.WITNESS_REPORT: lora_witness_report_req_v1,
}
_ORDER = (LinkVerdict.INVALID, LinkVerdict.SURPLUS, LinkVerdict.VALID)  # best drawn last


async def evidence_map(logs: Sequence[EvidenceReader], *, newest: int) -> MapPicture:
    """Return the picture of the newest judged beacons of each log. Raises `NotFoundError` E_MAP_EMPTY."""
    found, beacons = _Found(), 0
    for log in logs:
        senders = await _senders(log)
        for _, entry in await log.find(EntryKind.STATEMENT, newest=newest):
            statement = _statement(entry)
            beacons += statement is not None and found.add(statement, senders)
    if not found.hotspots:
        raise NotFoundError(
            "E_MAP_EMPTY",
            "There is nothing to draw: no beacon of this agent was judged by an operator yet.",
            remedy="`skerry beacon list` shows the beacons and what they wait for.",
        )
    return MapPicture(
        title=f"{logs[0].network}: who heard our beacons",
        note=f"The newest {beacons} judged beacons, as the operator's signed statements say.",
        hotspots=tuple(found.hotspots.values()),
        links=found.links(),
    )


@dataclass(slots=True)
class _Found:
    hotspots: dict[bytes, MapHotspot] = field(default_factory=dict)
    _links: Counter[tuple[bytes, bytes, LinkVerdict, str | None]] = field(default_factory=Counter)

    def add(self, statement: Statement, senders: dict[bytes, bytes]) -> bool:
        """Take a statement in; return whether its beacon has a place."""
        beaconer = self._place(statement.beacon, senders)
        if beaconer is None:
            return False
        for report in statement.witnesses:
            witness = self._place(report, senders)
            if witness is not None:
                self._links[beaconer, witness, _verdict(report), report.reason] += 1
        return True

    def links(self) -> tuple[WitnessLink, ...]:
        places = {gateway: place for place, gateway in enumerate(self.hotspots)}
        links = [
            WitnessLink(
                beaconer=places[beaconer], witness=places[witness], verdict=verdict, reason=reason, reports=reports
            )
            for (beaconer, witness, verdict, reason), reports in self._links.items()
        ]
        return tuple(
            sorted(links, key=lambda link: (_ORDER.index(link.verdict), link.beaconer, link.witness, str(link.reason)))
        )

    def _place(self, report: StatedReport, senders: dict[bytes, bytes]) -> bytes | None:
        """Note where the sender of a report stands; its latest place counts."""
        gateway, stated = senders.get(report.report_hash), report.gateway
        if gateway is None or stated is None or stated.cell is None:
            return None
        try:
            name, cell = PublicKey(gateway).animal_name, int(stated.cell, 16)
        except (KeyRejected, ValueError):  # recorded as received
            return None
        if not is_cell(cell):
            return None
        self.hotspots[gateway] = MapHotspot(name=name, cell=cell)
        return gateway


async def _senders(log: EvidenceReader) -> dict[bytes, bytes]:
    """Return who sent the reports whose bytes are kept, by the hash that statements name them by."""
    found: dict[bytes, bytes] = {}
    for kind, message in _MESSAGES.items():
        for _, entry in await log.find(kind):
            try:
                found[sha256(entry.body).digest()] = parse(message, entry.body).pub_key
            except MessageRejected:
                continue
    return found


def _statement(entry: Entry) -> Statement | None:
    try:
        return SignedStatement.from_bytes(entry.body).decoded()
    except EvidenceRejected:
        return None


def _verdict(report: StatedReport) -> LinkVerdict:
    if not report.valid:
        return LinkVerdict.INVALID
    return LinkVerdict.VALID if report.selected else LinkVerdict.SURPLUS
