"""One beacon per interval; what hinders one is said until the next goes out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from skerry_agent.background import Background
from skerry_agent.runtime.beaconer import Beaconer
from skerry_agent.runtime.reports import Reports
from skerry_agent.store import BeaconRow, Stores
from skerry_core.errors import SkerryError
from skerry_firmware_bridge.errors import TransmitRefused
from skerry_simulate.clock import SimulatedClock
from skerry_testing.evidence import signer_of
from skerry_testing.runtime import DEVICE, FakeSink, keeper, open_log, open_runtime_stores
from skerry_testing.simulated import simulated
from skerry_wire.frames import TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1
from skerry_wire.messages import parse
from skerry_wire.signing import verify_message
from skerry_wire.sink import SinkUnavailable

INTERVAL_S = 600


@dataclass(slots=True, kw_only=True)
class Stage:
    """A beaconer and what it works with."""

    beaconer: Beaconer
    sink: FakeSink
    stores: Stores
    clock: SimulatedClock
    sent: list[BeaconRow]
    seen: list[bytes]
    failures: list[SkerryError] = field(default_factory=list)
    may_sign: bool = True
    fails_after_sending: bool = False

    def intervals(self) -> list[int]:
        return [row.at_ns // 10**9 // INTERVAL_S for row in self.sent]


@asynccontextmanager
async def running(folder: Path, clock: SimulatedClock, *, may_sign: bool = True) -> AsyncIterator[Stage]:
    async with open_runtime_stores(folder, clock) as stores:
        time = keeper(clock)
        reports = Reports(
            signer=signer_of(), db=stores.main, evidence=await open_log(stores, time, clock), clock=clock,
            queued=lambda: None, operator=True,
        )  # fmt: skip
        sink, random = FakeSink(clock), Random(3)
        seen: list[bytes] = []

        async def transmit(request: TransmitRequest) -> tuple[str, TransmitOutcome]:
            if stage.failures:
                raise stage.failures.pop(0)
            return DEVICE, TransmitOutcome(status=TransmitStatus.SENT, power_dbm=request.power_dbm, tmst_us=1)

        async def sent(row: BeaconRow) -> None:
            stage.sent.append(row)
            if stage.fails_after_sending:
                sink.failures = [SinkUnavailable("away")] * 50

        stage = Stage(
            beaconer=Beaconer(
                name="calm-teal-otter", gateway=signer_of().public_key, sink=sink, reports=reports, transmit=transmit,
                seen=seen.append, sent=sent, may_sign=lambda: stage.may_sign,
                last_beacon_s=None, interval_s=INTERVAL_S, clock=clock, random_bytes=random.randbytes,
                draw_below=random.randrange,
            ),
            sink=sink, stores=stores, clock=clock, sent=[], seen=seen, may_sign=may_sign,
        )  # fmt: skip
        async with Background() as background:
            background.start(stage.beaconer.run(), name="beaconer")
            yield stage


def test_every_interval_gets_one_beacon_that_is_signed_kept_and_known_as_our_own(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as stage:
            await clock.sleep(5 * INTERVAL_S)
            intervals = stage.intervals()
            assert len(intervals) in (4, 5, 6)
            assert len(set(intervals)) == len(intervals)
            row = stage.sent[0]
            report = parse(lora_beacon_report_req_v1, row.report)
            assert verify_message(report, report.pub_key)
            assert stage.seen[0] == row.data
            item = await stage.stores.outbox.get(row.id)
            assert item is not None
            assert item.body == row.report
            assert stage.beaconer.plan.problem is None

    simulated(main)


def test_a_refusal_of_the_gate_is_said_until_a_beacon_goes_out_and_not_repeated_in_the_interval(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as stage:
            stage.failures.append(TransmitRefused("E_TX_DUTY", "The frame needs 2 s of air time; 0 are left."))
            while stage.failures:
                await clock.sleep(1)
            failed_in = clock.wall_s() // INTERVAL_S
            await clock.sleep(30)
            assert stage.beaconer.plan.problem is not None
            assert "E_TX_DUTY" in stage.beaconer.plan.problem
            assert (stage.sent, stage.beaconer.plan.region) == ([], "EU868")
            while not stage.sent:
                assert stage.beaconer.plan.problem is not None
                await clock.sleep(1)
            assert stage.intervals()[0] > failed_in
            assert stage.beaconer.plan.problem is None

    simulated(main)


def test_an_operator_that_falls_silent_after_a_beacon_causes_no_second_one(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock) as stage:
            stage.fails_after_sending = True
            while not stage.sent:
                await clock.sleep(1)
            await clock.sleep(60)
            assert len(stage.sent) == 1
            assert stage.beaconer.plan.problem is not None
            assert "away" in stage.beaconer.plan.problem

    simulated(main)


def test_nothing_is_asked_or_signed_before_the_clock_is_right(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with running(tmp_path, clock, may_sign=False) as stage:
            await clock.sleep(2 * INTERVAL_S)
            assert stage.sink.asked_region == 0
            assert stage.beaconer.plan.problem is not None
            assert "synchronised" in stage.beaconer.plan.problem
            stage.may_sign = True
            await clock.sleep(2 * INTERVAL_S)
            assert stage.sent

    simulated(main)
