"""Gathers everything that proves one beacon from the logs at hand and packs it into a bundle.

Called by `skerry proof export`, the demo and the API. What belongs to a beacon: its report with session and nonce,
entropy and region answer, the witness reports with the same payload, the operator's statements on it, and the owners'
records of every hotspot concerned.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from skerry_agent.evidence.errors import NoSuchEntry
from skerry_agent.evidence.extract import extract
from skerry_agent.evidence.reader import EvidenceReader
from skerry_core import __version__
from skerry_coverage.bundle.model import Bundle
from skerry_coverage.bundle.records import SignedRecord
from skerry_coverage.bundle.statement import SignedStatement
from skerry_coverage.evidence.entry import Entry, EntryKind
from skerry_coverage.evidence.errors import EvidenceRejected
from skerry_wire.errors import MessageRejected
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.messages import parse

__all__ = ["MADE_BY", "beacons", "export_beacons"]

MADE_BY = f"skerry {__version__}"
_BEFORE_S = 3600  # entropy and session are fetched shortly before the beacon
_AFTER_S = 7 * 86_400  # statements follow when the epoch closes; some operators take days

_Found = tuple[EvidenceReader, bytes, Entry]


async def beacons(logs: Sequence[EvidenceReader], *, newest: int = 100) -> list[tuple[bytes, Entry]]:
    """Return ids and entries of the beacon reports that the logs' own hotspots sent, oldest first."""
    found = [pair for log in logs for pair in await log.find(EntryKind.BEACON_REPORT, newest=newest)]
    own = [(identity, entry) for identity, entry in found if _beacon(entry).pub_key == entry.agent]
    return sorted(own, key=lambda pair: pair[1].stamp.wall_ns or 0)


async def export_beacons(
    logs: Sequence[EvidenceReader],
    beacon_ids: Iterable[bytes],
    *,
    profile: bytes,
    leave_out: frozenset[EntryKind] = frozenset(),
) -> Bundle:
    """Return a bundle that proves these beacon reports (entry ids), from everything in `logs` about them.

    `leave_out` hides entries of some kinds; their hashes stay. Raises `NoSuchEntry`, `NotSealed`.
    """
    chosen: dict[bytes, dict[bytes, Entry]] = {log.agent: {} for log in logs}
    for beacon_id in beacon_ids:
        for log, entry_id, entry in await _about(logs, beacon_id):
            if entry.kind not in leave_out:
                chosen[log.agent][entry_id] = entry
    extracts = [await extract(log, chosen[log.agent]) for log in logs if chosen[log.agent]]
    return Bundle(network=logs[0].network, made_by=MADE_BY, profile=profile, logs=tuple(extracts))


async def _about(logs: Sequence[EvidenceReader], beacon_id: bytes) -> list[_Found]:
    """Return the beacon's report and everything in the logs that belongs to it."""
    home, beacon_entry = await _home(logs, beacon_id)
    beacon = _beacon(beacon_entry)
    when = await home.when(beacon_entry)
    at_ns = when.wall_ns if when is not None and when.wall_ns is not None else beacon.timestamp
    found: list[_Found] = [(home, beacon_id, beacon_entry)]
    for log in logs:
        found += await _reports(log, beacon, at_ns)
        found += await _statements(log, beacon_entry.body, at_ns)
    gateways = {beacon.pub_key} | {_witness(entry).pub_key for _, _, entry in found if _is_witness(entry)}
    for log in logs:
        found += await _records(log, gateways)
        found += await _sessions(log, [entry for owner, _, entry in found if owner is log])
    if any(entry.stamp.wall_ns is None for _, _, entry in found):
        found += [(log, *pair) for log in logs for pair in await log.find(EntryKind.CLOCK_SYNC)]
    return found


async def _home(logs: Sequence[EvidenceReader], beacon_id: bytes) -> tuple[EvidenceReader, Entry]:
    for log in logs:
        entry = await log.entry(beacon_id)
        if entry is not None and entry.kind == EntryKind.BEACON_REPORT:
            return log, entry
    raise NoSuchEntry(
        "E_EVIDENCE_UNKNOWN",
        f"There is no beacon report {beacon_id.hex()[:16]} with its content kept.",
        remedy="`skerry proof export --list` shows the beacons that can be proved.",
        params={"id": beacon_id.hex()},
    )


async def _reports(log: EvidenceReader, beacon: lora_beacon_report_req_v1, at_ns: int) -> list[_Found]:
    witnesses = await log.around(EntryKind.WITNESS_REPORT, at_ns, before_s=_BEFORE_S, after_s=_AFTER_S)
    entropies = await log.around(EntryKind.ENTROPY, at_ns, before_s=_BEFORE_S, after_s=_BEFORE_S)
    found = [(log, *pair) for pair in witnesses if _witness(pair[1]).data == beacon.data]
    found += [(log, *pair) for pair in entropies if _entropy(pair[1]).data == beacon.remote_entropy]
    return found + [(log, *pair) for pair in await log.find(EntryKind.REGION_ANSWER, newest=1)]


async def _statements(log: EvidenceReader, beacon_body: bytes, at_ns: int) -> list[_Found]:
    report_hash = sha256(beacon_body).digest()
    found = []
    for pair in await log.around(EntryKind.STATEMENT, at_ns, before_s=_BEFORE_S, after_s=_AFTER_S):
        try:
            statement = SignedStatement.from_bytes(pair[1].body).decoded()
        except EvidenceRejected:  # recorded as received; the verifier would name it, here it is about nothing
            continue
        if statement.beacon.report_hash == report_hash:
            found.append((log, *pair))
    return found


async def _records(log: EvidenceReader, gateways: set[bytes]) -> list[_Found]:
    found = []
    for kind in (EntryKind.REGISTRATION, EntryKind.ASSERTION):
        for pair in await log.find(kind):
            try:
                signed = SignedRecord.from_bytes(pair[1].body)
                record = signed.registration() if kind is EntryKind.REGISTRATION else signed.location()
            except EvidenceRejected:
                continue
            if record.gateway in gateways:
                found.append((log, *pair))
    return found


async def _sessions(log: EvidenceReader, entries: Iterable[Entry]) -> list[_Found]:
    """Return what the entries rest on: session_init and the server's nonce, however deep the chain of references."""
    found: list[_Found] = []
    wanted = [ref for entry in entries for ref in entry.refs]
    seen: set[bytes] = set()
    while wanted:
        entry_id = wanted.pop()
        if entry_id in seen:
            continue
        seen.add(entry_id)
        entry = await log.entry(entry_id)
        if entry is not None:
            found.append((log, entry_id, entry))
            wanted += entry.refs
    return found


def _is_witness(entry: Entry) -> bool:
    return entry.kind == EntryKind.WITNESS_REPORT


def _beacon(entry: Entry) -> lora_beacon_report_req_v1:
    try:
        return parse(lora_beacon_report_req_v1, entry.body)
    except MessageRejected:
        return lora_beacon_report_req_v1()


def _witness(entry: Entry) -> lora_witness_report_req_v1:
    try:
        return parse(lora_witness_report_req_v1, entry.body)
    except MessageRejected:
        return lora_witness_report_req_v1()


def _entropy(entry: Entry) -> entropy_report_v1:
    try:
        return parse(entropy_report_v1, entry.body)
    except MessageRejected:
        return entropy_report_v1()
