"""Signed reports of one hotspot: built, signed, and kept together with their evidence before anything is sent.

A report, its row, its evidence entry and its place in the outbox are one transaction: after a crash there are all or
none. Called by the beaconer (after a transmission) and by the hotspot (when it hears another hotspot's beacon).
"""

import hashlib
from collections.abc import Callable

import sqlite_utils

from skerry_agent.evidence import EvidenceLog
from skerry_agent.store import (
    BeaconRow,
    Beacons,
    Database,
    Outbox,
    OutboxItem,
    ReportState,
    Witnesses,
    WitnessRow,
)
from skerry_core.clock import NS_PER_S, Clock
from skerry_coverage.evidence.entry import EntryKind
from skerry_coverage.iot.beacon import Beacon
from skerry_coverage.iot.report import beacon_report, snr_ddb, witness_report
from skerry_keys.public_key import PublicKey
from skerry_keys.signer import Signer
from skerry_wire.frames import ReceivedFrame, TransmitOutcome
from skerry_wire.generated.entropy_pb2 import entropy_report_v1
from skerry_wire.lorawan import beacon_data
from skerry_wire.signing import sign_message
from skerry_wire.sink import Entropy

__all__ = ["BEACON_CLASS", "REPORT_DEADLINE_S", "WITNESS_CLASS", "Reports", "report_id"]

BEACON_CLASS = "beacon"
WITNESS_CLASS = "witness"
REPORT_DEADLINE_S = 2700  # the verifier purges what is older than 45 minutes as stale (iot-poc 4.1)


class Reports:
    """Makes and keeps the reports of one gateway key. `operator` False: they are kept and never sent."""

    def __init__(
        self,
        *,
        signer: Signer,
        db: Database,
        evidence: EvidenceLog,
        clock: Clock,
        queued: Callable[[], None],
        operator: bool,
    ) -> None:
        self._signer = signer
        self._hotspot = PublicKey.from_binary(signer.public_key).address
        self._db = db
        self._evidence = evidence
        self._clock = clock
        self._queued = queued
        self._state = ReportState.QUEUED if operator else ReportState.KEPT

    async def beacon_sent(
        self, beacon: Beacon, outcome: TransmitOutcome, *, device_id: str, refs: tuple[bytes, ...] = ()
    ) -> BeaconRow:
        """Keep the report of a beacon that went on the air. Raises `BeaconRefused` when the radio said it did not."""
        now_ns = self._clock.wall_ns()
        message = beacon_report(beacon=beacon, gateway=self._signer.public_key, outcome=outcome, timestamp_ns=now_ns)
        raw = sign_message(message, self._signer).SerializeToString()
        row = BeaconRow(
            id=report_id(raw),
            hotspot=self._hotspot,
            device_id=device_id,
            at_ns=now_ns,
            frequency_hz=beacon.frequency_hz,
            datarate=beacon.datarate,
            power_dbm=message.tx_power,
            data=beacon.data,
            report=raw,
            state=self._state,
        )
        record = self._evidence.job(EntryKind.BEACON_REPORT, raw, link="self", source=device_id, refs=refs)
        await self._keep(lambda db: Beacons.put(db, row), record, self._item(row, BEACON_CLASS))
        return row

    async def entropy_received(self, entropy: Entropy, *, source: str) -> bytes:
        """Keep the remote entropy that a beacon will be built from; return its evidence id."""
        message = entropy_report_v1(data=entropy.data, timestamp=entropy.timestamp_s, version=entropy.version)
        recorded = await self._evidence.append(
            EntryKind.ENTROPY, message.SerializeToString(), link="operator", source=source
        )
        return recorded.id

    async def beacon_heard(
        self,
        frame: ReceivedFrame,
        *,
        device_id: str,
        packet_id: str,
        heard_at_ns: int | None = None,
        refs: tuple[bytes, ...] = (),
    ) -> WitnessRow:
        """Keep the report of another hotspot's beacon; `frame` is one (see `beacon_data`).

        `heard_at_ns` is given for a frame that waited for the time, with the entry that holds it in `refs`.
        """
        now_ns = self._clock.wall_ns() if heard_at_ns is None else heard_at_ns
        message = witness_report(frame=frame, gateway=self._signer.public_key, timestamp_ns=now_ns)
        raw = sign_message(message, self._signer).SerializeToString()
        row = WitnessRow(
            id=report_id(raw),
            hotspot=self._hotspot,
            device_id=device_id,
            packet_id=packet_id,
            at_ns=now_ns,
            frequency_hz=frame.frequency_hz,
            datarate=frame.datarate,
            rssi_dbm=frame.rssi_dbm,
            snr_ddb=snr_ddb(frame.snr_db),
            data=beacon_data(frame.phy) or b"",
            report=raw,
            state=self._state,
        )
        link, _, source = frame.source.partition(" ")
        record = self._evidence.job(EntryKind.WITNESS_REPORT, raw, link=link, source=source, refs=refs)
        await self._keep(lambda db: Witnesses.put(db, row), record, self._item(row, WITNESS_CLASS))
        return row

    def _item(self, row: BeaconRow | WitnessRow, class_: str) -> OutboxItem:
        deadline_ns = row.at_ns + REPORT_DEADLINE_S * NS_PER_S
        return OutboxItem(id=row.id, class_=class_, body=row.report, created_ns=row.at_ns, deadline_ns=deadline_ns)

    async def _keep(
        self,
        put_row: Callable[[sqlite_utils.Database], None],
        record: Callable[[sqlite_utils.Database], object],
        item: OutboxItem,
    ) -> None:
        def job(db: sqlite_utils.Database) -> None:
            record(db)
            put_row(db)
            if self._state is ReportState.QUEUED:
                Outbox.put_in(db, item)

        await self._db.write(job)
        self._queued()


def report_id(raw: bytes) -> str:
    """Return the id of a report by its exact signed bytes: the first 16 bytes of their SHA-256, in hex."""
    return hashlib.sha256(raw).digest()[:16].hex()
