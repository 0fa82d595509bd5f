"""Judges another oracle's epoch again from its evidence, before this oracle puts its signature under the manifest.

Every signature is checked, every report judged by our own engine under our own copy of the profile; the manifest that
comes out must equal the stated one byte for byte. What nobody else can check is said, not assumed (DESIGN, Oracle).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from skerry_core.clock import Clock
from skerry_core.errors import RefusedError, SkerryError
from skerry_coverage.iot.entropy import committed_entropy
from skerry_coverage.iot.ids import report_id
from skerry_coverage.iot.packet_dc import packet_dc
from skerry_coverage.iot.signed_report import SignedReport
from skerry_coverage.manifest import Manifest, ManifestRejected
from skerry_coverage.records import DenylistRecord, Location, Registration, is_signed
from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.epochs.driver import EpochState
from skerry_oracle.epochs.evidence import TABLES, EpochEvidence
from skerry_oracle.network import OracleNetwork
from skerry_oracle.router.uplinks import FREE_NET_IDS
from skerry_oracle.store.database import Row, Statement
from skerry_oracle.store.entropy import EntropyRow
from skerry_oracle.store.epochs import EpochRow, EpochTable, ManifestRow
from skerry_oracle.store.packets import PacketRow
from skerry_oracle.store.registry import AssertionRow, DenylistRow, RegistrationRow
from skerry_oracle.store.reports import BEACON, SessionRow, StoredReport
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_oracle.store.verdicts import VerdictTable
from skerry_wire.generated.poc_lora_pb2 import (
    lora_beacon_report_req_v1,
    lora_stream_session_init_v1,
    lora_witness_report_req_v1,
)
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message

_NONSENSE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)  # what rows of wrong types raise

__all__ = ["NOT_VERIFIED", "Findings", "recompute"]

T = TypeVar("T")

NOT_VERIFIED = (
    "when reports were received, and that none was left out",
    "which packets were carried: they are the exporting oracle's own count",
    "the times of beacons and witness reports from before the epoch",
    "whom the operator admitted, and when",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A manifest that came out the same, and in words what was checked on the way."""

    manifest: Manifest
    verified: tuple[str, ...]
    not_verified: tuple[str, ...] = NOT_VERIFIED


async def recompute(
    evidence: EpochEvidence, network: OracleNetwork, *, clock: Clock, random_bytes: Callable[[int], bytes]
) -> Findings:
    """Check all evidence and compute the epoch anew.

    Raises `RefusedError` E_EVIDENCE (a signature or a row is wrong), E_MANIFEST_RULES (another network or profile),
    E_MANIFEST_DIFFERS (our engine comes to another result).
    """
    try:
        stated = Manifest.from_bytes(evidence.manifest)
    except ManifestRejected as error:
        raise _bad("manifest", str(error)) from None
    if stated.network != network.network or stated.content.get("profile_hash") != network.profile_hash:
        raise RefusedError(
            "E_MANIFEST_RULES",
            f"The manifest is of network {stated.network} under other rules than those of this folder.",
            remedy="All oracles of a network need the same profile, oracle keys and number of signatures.",
        )
    try:
        counts = _check_rows(evidence, network)
        with TemporaryDirectory(prefix="skerry-recount-") as folder:
            database = SqliteDatabase(Path(folder) / "oracle.db", clock=clock)
            throwaway = SoftwareSigner.generate(random_bytes)  # the real key signs after the comparison, not before
            oracle = EmbeddedOracle(database, network=network, signer=throwaway, clock=clock, random_bytes=random_bytes)
            ours = await _judge_again(oracle, evidence, stated)
    except RefusedError:
        raise
    except (*_NONSENSE, SkerryError) as error:
        raise _bad("row", str(error)) from None
    _compare(stated, ours)
    return Findings(manifest=stated, verified=(*counts, "the manifest is what our engine computes, byte for byte"))


async def _judge_again(oracle: EmbeddedOracle, evidence: EpochEvidence, stated: Manifest) -> Manifest:
    database, calendar = oracle.database, oracle.network.calendar
    epoch, table = stated.epoch, EpochTable(oracle.database)
    row = EpochRow(
        epoch=epoch, state=EpochState.OPEN.value, start_ms=calendar.start_ms(epoch), end_ms=calendar.end_ms(epoch),
        changed_ms=0,
    )  # fmt: skip
    await database.open()
    try:
        statements = [_insert(name, evidence.tables[name]) for name in TABLES if evidence.tables[name]]
        statements += [VerdictTable(database).keep_times(evidence.times)] if evidence.times else []
        previous = stated.content.get("previous")
        if previous:
            known = ManifestRow(epoch=epoch - 1, body=b"", hash=bytes.fromhex(previous), made_ms=0)
            statements.append(table.insert_manifest(known))
        before = {one.hotspot: one.lifetime_bones - one.total_bones for one in stated.rows()}
        statements += [table.set_lifetime(before)] if before else []
        await database.apply([*statements, table.set_state(row)])
        await oracle.registry.load()
        await oracle.judge.load()
        # Nothing is late: what came too late for the epoch is not among the evidence.
        await oracle.judge.judge_until(row.end_ms + oracle.judge.ripe_ms, closed_until_ms=0)
        await database.apply([table.set_state(replace(row, state=EpochState.VERIFIED.value))])
        await oracle.driver.load()
        await oracle.driver.sign_current()
        made = await table.manifest(epoch)
        assert made is not None
        return Manifest.from_bytes(made.body)
    finally:
        await database.close()


def _insert(name: str, rows: tuple[Row, ...]) -> Statement:
    if name == "reports":
        rows = tuple((*row, 0) for row in rows)  # not judged yet
    marks = ", ".join("?" * len(rows[0]))
    return Statement(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - a name of TABLES


def _check_rows(evidence: EpochEvidence, network: OracleNetwork) -> tuple[str, ...]:
    tables = evidence.tables
    registrations = _rows(RegistrationRow, tables["registrations"])
    for registration in registrations:
        _check_registration(registration, network.network)
    owners = {row.gateway: row.owner for row in registrations}
    assertions = _rows(AssertionRow, tables["assertions"])
    for assertion in assertions:
        _check_assertion(assertion, owners, network.network)
    denylists = _rows(DenylistRow, tables["denylists"])
    for denylist in denylists:
        _check_denylist(denylist, network)
    entropy = _rows(EntropyRow, tables["entropy"])
    for value in entropy:
        known = committed_entropy(secret=value.raw, network=network.network, timestamp_s=value.timestamp_s)
        _require(known.data == value.data, "entropy", f"of {value.timestamp_s} does not follow from its secret")
    sessions = {row.session_id: row for row in _rows(SessionRow, tables["sessions"])}
    for session in sessions.values():
        _check_session(session)
    reports = _rows(StoredReport, tables["reports"])
    _check_reports(reports, sessions)
    for packet in _rows(PacketRow, tables["packets"]):
        _check_packet(packet)
    return (
        f"{len(registrations)} registrations, each signed by its gateway and its owner",
        f"{len(assertions)} locations, each signed by its owner",
        f"{len(denylists)} denylists, each signed by an oracle of the network",
        f"{len(entropy)} values of entropy against their secrets",
        f"{len(reports)} reports and {len(sessions)} sessions: signatures, ids, repetitions",
        f"the price of {len(tables['packets'])} packets",
    )


def _rows(kind: type[T], rows: Iterable[Row]) -> list[T]:
    return [kind(**dict(zip(kind.__slots__, row, strict=True))) for row in rows]  # type: ignore[attr-defined]


def _check_registration(row: RegistrationRow, network: str) -> None:
    record = Registration.from_bytes(row.record)
    same = (record.gateway, record.owner, int(record.is_full)) == (row.gateway, row.owner, row.is_full)
    signed = is_signed(record, row.gateway, row.gateway_signature) and is_signed(record, row.owner, row.owner_signature)
    _require(record.network == network and same and signed, "registration", f"of {_name(row.gateway)} is not genuine")


def _check_assertion(row: AssertionRow, owners: dict[bytes, bytes], network: str) -> None:
    record = Location.from_bytes(row.record)
    stated = (record.gateway, record.number, record.cell, record.region, record.gain_ddbi, record.elevation_m)
    same = stated == (row.gateway, row.number, row.cell, row.region, row.gain_ddbi, row.elevation_m)
    owned = owners.get(row.gateway) == record.owner and is_signed(record, record.owner, row.owner_signature)
    _require(record.network == network and same and owned, "location", f"of {_name(row.gateway)} is not genuine")


def _check_denylist(row: DenylistRow, network: OracleNetwork) -> None:
    record = DenylistRecord.from_bytes(row.record)
    genuine = row.signer in network.oracle_keys and is_signed(record, row.signer, row.signature)
    same = record.serial == row.serial and record.network == network.network
    _require(genuine and same, "denylist", f"{row.serial} is not signed by an oracle of the network")


def _check_session(row: SessionRow) -> None:
    init = parse(lora_stream_session_init_v1, row.init)
    same = (init.pub_key, init.session_key, init.nonce) == (row.gateway, row.session_key, row.nonce)
    genuine = hashlib.sha256(row.init).digest() == row.session_id and verify_message(init, init.pub_key)
    _require(same and genuine, "session", f"of {_name(row.gateway)} is not genuine")


def _check_reports(rows: list[StoredReport], sessions: dict[bytes, SessionRow]) -> None:
    seen: set[bytes] = set()
    for row in rows:
        one = _report(row)
        session = sessions[row.session_id] if row.session_id is not None else None
        same = (one.report.pub_key, one.report.data) == (row.gateway, row.data)
        known_as = report_id(data=row.data, received_ms=row.received_ms, public_key=row.gateway)
        content = hashlib.sha256(one.signed).digest()
        same = same and (known_as, content) == (row.report_id, row.content_id)
        by_session = session is None or session.gateway == row.gateway
        key = row.gateway if session is None else session.session_key
        name = f"{row.report_id.hex()} of {_name(row.gateway)}"
        _require(same and by_session and one.is_signed_by(key), "report", f"{name} is not genuine")
        _require(bool(row.is_copy) or content not in seen, "report", f"{name} is a copy and not marked as one")
        seen.add(content)


def _report(row: StoredReport) -> SignedReport:
    if row.kind == BEACON:
        return SignedReport.take(parse(lora_beacon_report_req_v1, row.body), row.body)
    return SignedReport.take(parse(lora_witness_report_req_v1, row.body), row.body)


def _check_packet(row: PacketRow) -> None:
    free = row.net_id in FREE_NET_IDS
    price = packet_dc(payload_bytes=row.payload_size, packet_type="uplink", free=free)
    _require((row.dc, bool(row.is_free)) == (price, free), "packet", f"{row.packet_id.hex()} has another price")


def _compare(stated: Manifest, ours: Manifest) -> None:
    if stated.to_bytes() == ours.to_bytes():
        return
    mine, theirs = {row.hotspot: row for row in ours.rows()}, {row.hotspot: row for row in stated.rows()}
    differing = [key for key in sorted(mine.keys() | theirs.keys()) if mine.get(key) != theirs.get(key)]
    where = ", ".join(_name(key) for key in differing[:3]) or "no hotspot, but another part of it"
    raise RefusedError(
        "E_MANIFEST_DIFFERS",
        f"Our engine comes to another manifest for epoch {stated.epoch}; it differs for {where}.",
        remedy="Do not sign it. Compare program versions and profiles with the operator who exported it.",
        params={"epoch": stated.epoch, "differing": len(differing)},
    )


def _require(holds: bool, what: str, finding: str) -> None:
    if not holds:
        raise _bad(what, finding)


def _bad(what: str, finding: str) -> RefusedError:
    return RefusedError(
        "E_EVIDENCE", f"The evidence is not acceptable: {what} {finding}.", remedy="Nothing was signed."
    )


def _name(key: bytes) -> str:
    return PublicKey.from_binary(key).address
