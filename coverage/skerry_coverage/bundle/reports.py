"""Who signed a beacon or witness report: the gateway, or a session key that the gateway signed for. For `verify`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from skerry_coverage.bundle.report import VerificationReport
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_session_init_v1,
    lora_stream_session_offer_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message

R = TypeVar("R", lora_beacon_report_req_v1, lora_witness_report_req_v1)

__all__ = ["BeaconSeen", "Reports", "WitnessSeen", "check_reports"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconSeen:
    """A beacon report whose signature holds."""

    entry_id: bytes
    hash: bytes  # SHA-256 of the exact signed bytes
    report: lora_beacon_report_req_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessSeen:
    """A witness report whose signature holds."""

    entry_id: bytes
    hash: bytes
    report: lora_witness_report_req_v1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """All soundly signed reports of a bundle by the hash of their bytes."""

    beacons: dict[bytes, BeaconSeen]
    witnesses: dict[bytes, WitnessSeen]


def check_reports(entries: Mapping[bytes, Entry], report: VerificationReport) -> Reports:
    """Check the signature of every report; those that fail are reported and left out."""
    found = Reports(beacons={}, witnesses={})
    for entry_id, entry in entries.items():
        match entry.kind:
            case EntryKind.BEACON_REPORT:
                beacon = _signed(lora_beacon_report_req_v1, entry_id, entries, report)
                if beacon is not None:
                    digest = hashlib.sha256(entry.body).digest()
                    found.beacons[digest] = BeaconSeen(entry_id=entry_id, hash=digest, report=beacon)
            case EntryKind.WITNESS_REPORT:
                witness = _signed(lora_witness_report_req_v1, entry_id, entries, report)
                if witness is not None:
                    digest = hashlib.sha256(entry.body).digest()
                    found.witnesses[digest] = WitnessSeen(entry_id=entry_id, hash=digest, report=witness)
    return found


def _signed(kind: type[R], entry_id: bytes, entries: Mapping[bytes, Entry], report: VerificationReport) -> R | None:
    entry = entries[entry_id]
    where = f"{entry.kind} {entry_id.hex()[:16]}"
    try:
        message = parse(kind, entry.body)
    except MessageRejected as error:
        report.fail("bad_report", where, str(error))
        return None
    if verify_message(message, message.pub_key):
        report.passed("report signatures")
        return message
    sessions = [entries[ref] for ref in entry.refs if ref in entries and entries[ref].kind == EntryKind.SESSION_INIT]
    for session in sessions:
        key = _session_key(session, message.pub_key, entries, where, report)
        if key is not None and verify_message(message, key):
            report.passed("session-signed reports")
            return message
    detail = "neither the gateway nor a session of it shown here signed these bytes"
    report.fail("bad_report_signature", where, detail)
    return None


def _session_key(
    session: Entry, gateway: bytes, entries: Mapping[bytes, Entry], where: str, report: VerificationReport
) -> bytes | None:
    """Return the key that the gateway signed for in answer to a server's nonce; None, with the failure noted."""
    try:
        init = parse(lora_stream_session_init_v1, session.body)
        offers = [
            parse(lora_stream_session_offer_v1, entries[ref].body)
            for ref in session.refs
            if ref in entries and entries[ref].kind == EntryKind.SESSION_OFFER
        ]
    except MessageRejected as error:
        report.fail("bad_session", where, str(error))
        return None
    if init.pub_key != gateway or not verify_message(init, gateway):
        report.fail("bad_session_signature", where, "the session was not opened by the gateway that the report names")
        return None
    if not any(offer.nonce and offer.nonce == init.nonce for offer in offers):
        report.fail("bad_session_nonce", where, "the session does not answer a nonce of the server that is shown here")
        return None
    return init.session_key
