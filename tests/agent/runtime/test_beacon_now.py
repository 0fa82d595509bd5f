"""A beacon that the owner asks for, with real stores, evidence, gate and duty ledger, on simulated time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from skerry_agent.evidence import EVIDENCE, EvidenceLog, TimeKeeper
from skerry_agent.runtime.beacon_now import BeaconNow
from skerry_agent.runtime.beaconer import Beaconer
from skerry_agent.runtime.reports import Reports
from skerry_agent.store import BeaconRow, Stores
from skerry_core.clock import Clock
from skerry_core.errors import RefusedError
from skerry_coverage.evidence.entry import TimeSource
from skerry_coverage.iot.region_message import encode_region_params
from skerry_firmware_bridge.radio import Radio
from skerry_firmware_bridge.transmit import GatewayRegion, Purpose, TransmitGate
from skerry_radio.regions import region_params
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import SeededRandom, signer, simulated
from skerry_testing.radio import NotingRadio
from skerry_wire.frames import TransmitOutcome, TransmitRequest
from skerry_wire.sink import Entropy, Receipt, RegionAnswer, ReportSink, SinkUnavailable

INTERVAL_S = 21_600
GAIN_DDBI = 12


@dataclass(slots=True)
class OperatorHere(ReportSink):
    """An operator of EU868; its clock may be ahead, and it may be out of reach."""

    clock: Clock
    ahead_s: int = 0
    away: bool = False

    async def submit_beacon(self, report: bytes) -> Receipt:
        raise AssertionError("reports leave by the outbox")

    async def submit_witness(self, report: bytes) -> Receipt:
        raise AssertionError("reports leave by the outbox")

    async def entropy(self) -> Entropy:
        self._reach()
        return Entropy(data=bytes(32), timestamp_s=self.clock.wall_s() + self.ahead_s, version=1)

    async def region(self, gateway: bytes) -> RegionAnswer:
        self._reach()
        params = encode_region_params(region_params("EU868")).SerializeToString()
        now_s = self.clock.wall_s() + self.ahead_s
        return RegionAnswer(region="EU868", params=params, gain_ddbi=GAIN_DDBI, timestamp_s=now_s)

    def _reach(self) -> None:
        if self.away:
            raise SinkUnavailable("nobody answers")


@dataclass(slots=True, kw_only=True)
class World:
    """One hotspot and what can go wrong around it."""

    clock: SimulatedClock
    operator: OperatorHere
    stores: Stores
    beaconer: Beaconer
    now: BeaconNow
    time: TimeKeeper
    radio: NotingRadio = field(default_factory=NotingRadio)
    radio_up: bool = True
    announced: list[BeaconRow] = field(default_factory=list)


@asynccontextmanager
async def world(folder: Path, clock: SimulatedClock, *, region: str | None = "EU868") -> AsyncIterator[World]:
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE,))
    key, time = signer("beacons"), TimeKeeper(clock, boot_id=bytes(16))
    time.synchronised(TimeSource.NTP, error_ns=1000)
    evidence = await EvidenceLog.open(stores.main, signer=key, network="test", clock=clock, time=time)
    gate = TransmitGate(clock=clock, store=stores.duty)
    await gate.load()
    operator, random = OperatorHere(clock), SeededRandom("beacons")
    found: list[World] = []

    def radio() -> Radio | None:
        return found[0].radio if found[0].radio_up else None

    async def transmit(request: TransmitRequest) -> tuple[str, TransmitOutcome]:
        outcome = await gate.transmit(
            found[0].radio, request, gateway_region=GatewayRegion(name=region or "UNKNOWN", confirmed=bool(region)),
            antenna_gain_ddbi=GAIN_DDBI, purpose=Purpose.BEACON, commit=True,
        )  # fmt: skip
        return "noting:1", outcome

    async def sent(row: BeaconRow) -> None:
        found[0].announced.append(row)

    beaconer = Beaconer(
        name="calm-teal-otter", gateway=key.public_key, sink=operator,
        reports=Reports(
            signer=key, db=stores.main, evidence=evidence, clock=clock, queued=lambda: None, operator=True
        ),
        transmit=transmit, seen=lambda _data: None, sent=sent, last_beacon_s=None, interval_s=INTERVAL_S, clock=clock,
        may_sign=lambda: time.is_synchronised, random_bytes=random, draw_below=lambda below: below - 1,
    )  # fmt: skip
    now = BeaconNow(
        hotspot="h1", region=region, antenna_gain_ddbi=GAIN_DDBI, beaconer=beaconer, radio=radio, gate=gate, time=time,
        clock=clock,
    )  # fmt: skip
    found.append(World(clock=clock, operator=operator, stores=stores, beaconer=beaconer, now=now, time=time))
    try:
        yield found[0]
    finally:
        await stores.close()


def in_world(folder: Path, test: Callable[[World], Awaitable[None]], *, region: str | None = "EU868") -> None:
    async def main(clock: SimulatedClock) -> None:
        async with world(folder, clock, region=region) as here:
            await test(here)

    simulated(main)


def test_a_dry_run_tells_region_power_eirp_and_duty_and_sends_nothing(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        offer = await here.now.offer()
        assert (offer.device_id, offer.region, offer.refusal, offer.beacon) == ("noting:1", "EU868", None, None)
        assert offer.frequency_hz in region_params("EU868").channels_hz
        assert offer.eirp_ddbm == offer.power_dbm * 10 + GAIN_DDBI
        assert offer.max_eirp_ddbm is not None
        assert offer.eirp_ddbm <= offer.max_eirp_ddbm
        assert offer.airtime_us is not None
        assert offer.airtime_us > 0
        assert offer.duty_spent_us == 0
        assert offer.duty_budget_us == 36_000_000  # 1 % of an hour
        assert here.radio.sent == []
        assert (await here.stores.beacons.page()).rows == ()
        assert (await here.now.offer()).duty_spent_us == 0

    in_world(tmp_path, test)


def test_a_committed_beacon_goes_through_the_gate_and_is_reported(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        offer = await here.now.send()
        (request,) = here.radio.sent
        assert (request.frequency_hz, request.power_dbm) == (offer.frequency_hz, offer.power_dbm)
        (row,) = (await here.stores.beacons.page()).rows
        assert offer.beacon == row.id == here.announced[0].id
        assert offer.duty_spent_us == offer.airtime_us
        (waiting,) = await here.stores.outbox.backlog()
        assert (waiting.class_, waiting.waiting) == ("beacon", 1)

    in_world(tmp_path, test)


async def refusal(call: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(RefusedError) as raised:
        await call()
    return raised.value.code


def test_one_interval_has_one_beacon(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(_try(here)) for _ in range(2)]
        assert sorted(task.result() for task in both) == ["E_BEACON_NOT_SENT", "sent"]
        assert await refusal(here.now.offer) == await refusal(here.now.send) == "E_BEACON_IRREGULAR"
        assert len(here.radio.sent) == 1
        await here.clock.sleep(INTERVAL_S)
        assert (await here.now.send()).beacon
        assert len(here.radio.sent) == 2

    in_world(tmp_path, test)


async def _try(here: World) -> str:
    try:
        await here.now.send()
    except RefusedError as error:
        return error.code
    return "sent"


@pytest.mark.parametrize("ahead_s", [0, 900, -900])
def test_the_planned_beacon_of_the_interval_is_left_out_and_the_next_one_comes(tmp_path: Path, ahead_s: int) -> None:
    async def test(here: World) -> None:
        here.operator.ahead_s = ahead_s
        await here.clock.sleep(1800)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(here.beaconer.run())
            await here.clock.sleep(600)
            assert (await here.now.send()).beacon
            await here.clock.sleep(4 * INTERVAL_S)
            running.cancel()
        moments = [row.at_ns // 1_000_000_000 + ahead_s for row in (await here.stores.beacons.page()).rows]
        segments = [moment // INTERVAL_S for moment in reversed(moments)]
        # One in each interval of the operator's clock, the first of them by hand.
        assert segments == list(range(segments[0], segments[0] + len(segments)))
        assert len(segments) >= 4

    in_world(tmp_path, test)


def test_what_the_gate_refuses_is_told_in_the_dry_run_and_not_sent(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        offer = await here.now.offer()
        assert (offer.refusal, offer.region, offer.airtime_us) == ("E_TX_UNCONFIRMED", None, None)
        assert offer.refusal_text
        assert await refusal(here.now.send) == "E_TX_UNCONFIRMED"
        assert here.radio.sent == []

    in_world(tmp_path, test, region=None)


def test_without_radio_clock_or_operator_it_says_which(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        here.operator.away = True
        assert await refusal(here.now.offer) == "E_BEACON_INPUTS"
        assert await refusal(here.now.send) == "E_BEACON_NOT_SENT"
        here.clock.jump_wall(365 * 86_400)
        assert await refusal(here.now.offer) == "E_CLOCK"
        here.radio_up = False
        assert await refusal(here.now.send) == "E_NO_RADIO"

    in_world(tmp_path, test)
