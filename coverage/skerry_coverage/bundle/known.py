"""What a bundle's other entries tell: owner-signed records, entropy, region answers. Signatures are checked here.

Called by `verify`; what does not hold is reported and left out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.report import VerificationReport
from skerry_coverage.bundle.statement import MAX_TIMESTAMP_S
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_coverage.evidence.packets import PacketRoot
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_coverage.records import Location, Registration
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.generated.iot_config_pb2 import gateway_region_params_res_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message
from skerry_wire.sink import Entropy

__all__ = ["Known", "check_others"]


@dataclass(slots=True)
class Known:
    """Signed facts by gateway key."""

    registrations: dict[bytes, Registration] = field(default_factory=dict)  # the last one shown
    places: dict[bytes, set[tuple[bytes, Asserted]]] = field(default_factory=dict)  # all, with who asserted them
    newest: dict[tuple[bytes, bytes], tuple[int, Asserted]] = field(default_factory=dict)  # by gateway and owner
    entropies: dict[bytes, Entropy] = field(default_factory=dict)  # by their data
    unread: Counter[str] = field(default_factory=Counter)  # entries of kinds that no check looks into

    def owner(self, gateway: bytes) -> bytes | None:
        """Return who owns a gateway by a record that both signed, None without one."""
        record = self.registrations.get(gateway)
        return record.owner if record else None

    def gateway(self, gateway: bytes) -> Gateway | None:
        """Return a gateway as its owner's newest records describe it, None when it has no registration."""
        registration = self.registrations.get(gateway)
        if registration is None:
            return None
        _, asserted = self.newest.get((gateway, registration.owner), (0, None))
        return Gateway(full=registration.is_full, asserted=asserted)

    def asserts(self, gateway: bytes, owner: bytes, asserted: Asserted) -> bool:
        """Say whether the owner signed exactly this place for the gateway."""
        return (owner, asserted) in self.places.get(gateway, ())

    def add_place(self, record: Location) -> None:
        """Take over an owner-signed place; the highest number is the newest."""
        asserted = Asserted(
            cell=int(record.cell, 16),
            region=record.region,
            gain_ddbi=record.gain_ddbi,
            elevation_m=record.elevation_m,
        )
        self.places.setdefault(record.gateway, set()).add((record.owner, asserted))
        key = (record.gateway, record.owner)
        if key not in self.newest or self.newest[key][0] < record.number:
            self.newest[key] = (record.number, asserted)


def check_others(entries: Mapping[bytes, Entry], network: str, report: VerificationReport) -> Known:
    """Check every entry that is no report and no statement."""
    known = Known()
    for entry_id, entry in entries.items():
        where = f"{entry.kind} {entry_id.hex()[:16]}"
        try:
            match entry.kind:
                case EntryKind.REGISTRATION | EntryKind.ASSERTION:
                    _record(entry, network, where, known, report)
                case EntryKind.ENTROPY:
                    _entropy(entry, known)
                case EntryKind.REGION_ANSWER:
                    answer = parse(gateway_region_params_res_v1, entry.body)
                    report.expect(
                        verify_message(answer, answer.signer),
                        "region answers",
                        code="bad_region_signature",
                        where=where,
                        detail="the operator did not sign this region answer",
                    )
                case EntryKind.PACKETS:
                    PacketRoot.from_bytes(entry.body)
                case EntryKind.FRAME | EntryKind.CLOCK_SYNC:
                    pass  # shown, but nothing in them is signed
                case (
                    EntryKind.BEACON_REPORT
                    | EntryKind.WITNESS_REPORT
                    | EntryKind.SESSION_INIT
                    | EntryKind.SESSION_OFFER
                    | EntryKind.STATEMENT
                ):
                    pass  # checked elsewhere
                case _:
                    known.unread[entry.kind] += 1
        except (EvidenceRejected, MessageRejected) as error:
            report.fail("bad_body", where, str(error))
    return known


def _record(entry: Entry, network: str, where: str, known: Known, report: VerificationReport) -> None:
    signed = SignedRecord.from_bytes(entry.body)
    record = signed.registration() if entry.kind == EntryKind.REGISTRATION else signed.location()
    holds = record.network == network and signed.is_signed(record)
    detail = "the owner (for a registration: owner and gateway) did not sign this for this network"
    if not report.expect(holds, "owner-signed records", code="bad_record_signature", where=where, detail=detail):
        return
    if isinstance(record, Registration):
        known.registrations[record.gateway] = record
    else:
        known.add_place(record)


def _entropy(entry: Entry, known: Known) -> None:
    answer = parse(entropy_report_v1, entry.body)
    if answer.timestamp > MAX_TIMESTAMP_S:
        raise EvidenceRejected("bad_time", f"entropy of the year {answer.timestamp // 31_556_952}")
    entropy = Entropy(data=answer.data, timestamp_s=answer.timestamp, version=answer.version)
    known.entropies.setdefault(entropy.data, entropy)
