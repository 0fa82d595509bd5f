"""A report, its row, its evidence and its place in the outbox are kept together."""

import sqlite3
from pathlib import Path

import pytest

from skerry_agent.runtime.reports import BEACON_CLASS, REPORT_DEADLINE_S, WITNESS_CLASS, Reports, report_id
from skerry_agent.store import ReportState, Stores
from skerry_coverage.evidence.entry import EntryKind
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.runtime import DEVICE, beacon_of, frame, keeper, open_log, open_runtime_stores
from skerry_testing.simulated import simulated
from skerry_wire.frames import TransmitOutcome, TransmitStatus
from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message
from skerry_wire.sink import Entropy


async def made(stores: Stores, clock: SimulatedClock, *, operator: bool, nudges: list[int]) -> Reports:
    log = await open_log(stores, keeper(clock), clock)
    return Reports(
        signer=signer_of(), db=stores.main, evidence=log, clock=clock, queued=lambda: nudges.append(1),
        operator=operator,
    )  # fmt: skip


def test_a_witness_report_is_signed_kept_queued_and_evidence(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        nudges: list[int] = []
        async with open_runtime_stores(tmp_path, clock) as stores:
            reports = await made(stores, clock, operator=True, nudges=nudges)
            beacon = beacon_of()
            row = await reports.beacon_heard(frame(beacon.phy, clock=clock), device_id=DEVICE, packet_id="p1")
            message = parse(lora_witness_report_req_v1, row.report)
            assert verify_message(message, signer_of().public_key)
            assert (message.data, message.signal, row.id) == (beacon.data, -1000, report_id(row.report))
            item = await stores.outbox.get(row.id)
            assert item is not None
            assert (item.class_, item.deadline_ns - item.created_ns) == (WITNESS_CLASS, REPORT_DEADLINE_S * 10**9)
            log = await open_log(stores, keeper(clock), clock)
            ((_, entry),) = await log.find(EntryKind.WITNESS_REPORT)
            assert (entry.body, entry.link, entry.source) == (row.report, "udp", "127.0.0.1:40001")
            assert nudges == [1]

    simulated(main)


def test_without_an_operator_reports_are_kept_and_not_queued(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            reports = await made(stores, clock, operator=False, nudges=[])
            row = await reports.beacon_heard(frame(beacon_of().phy, clock=clock), device_id=DEVICE, packet_id="p1")
            assert row.state is ReportState.KEPT
            assert await stores.outbox.backlog() == []
            assert await stores.witnesses.get(row.id) == row

    simulated(main)


def test_a_beacon_report_names_the_entropy_it_was_built_from(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            reports = await made(stores, clock, operator=True, nudges=[])
            entropy = Entropy(data=bytes(32), timestamp_s=clock.wall_s(), version=1)
            entropy_id = await reports.entropy_received(entropy, source="test")
            outcome = TransmitOutcome(status=TransmitStatus.ADJUSTED, power_dbm=10, tmst_us=5)
            row = await reports.beacon_sent(beacon_of(), outcome, device_id=DEVICE, refs=(entropy_id,))
            log = await open_log(stores, keeper(clock), clock)
            ((_, entry),) = await log.find(EntryKind.BEACON_REPORT)
            assert entry.refs == (entropy_id,)
            assert row.power_dbm != beacon_of().conducted_power_dbm
            item = await stores.outbox.get(row.id)
            assert item is not None
            assert item.class_ == BEACON_CLASS

    simulated(main)


def test_an_outbox_that_refuses_takes_row_and_evidence_with_it(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_runtime_stores(tmp_path, clock) as stores:
            reports = await made(stores, clock, operator=True, nudges=[])
            refuse = "CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
            await stores.main.write(lambda db: db.conn.execute(refuse))
            with pytest.raises(sqlite3.IntegrityError):
                await reports.beacon_heard(frame(beacon_of().phy, clock=clock), device_id=DEVICE, packet_id="p1")
            assert list((await stores.witnesses.page()).rows) == []
            log = await open_log(stores, keeper(clock), clock)
            assert await log.find(EntryKind.WITNESS_REPORT) == []

    simulated(main)
