"""Sends one beacon in every interval, at a random moment of it (iot-poc 1.4, 1.5).

The plan follows the operator's clock: each region answer carries a time, and the next beacon is computed from it.
A failed beacon is not repeated inside its interval, because the oracle would count the repeat as irregular.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from skerry_agent.runtime.delivery import retry_wait_s
from skerry_agent.runtime.reports import Reports
from skerry_agent.store import BeaconRow
from skerry_core.clock import Clock
from skerry_core.errors import SkerryError
from skerry_coverage.iot.beacon import Beacon, build_beacon
from skerry_coverage.iot.region_message import decode_region_params
from skerry_coverage.iot.schedule import next_beacon_time_s, segment_s
from skerry_radio.regions import RegionParams
from skerry_wire.frames import TransmitOutcome, TransmitRequest
from skerry_wire.generated.region_pb2 import blockchain_region_params_v1
from skerry_wire.messages import parse
from skerry_wire.sink import Entropy, ReportSink

__all__ = ["BeaconPlan", "Beaconer", "Transmit", "beacon_request"]

LOCAL_ENTROPY_BYTES = 4  # iot-poc 1.1
REGION_POLL_S = 3600.0  # how often the region is asked for again, so that the plan follows the operator's clock

TIME_POLL_S = 5.0

Transmit = Callable[[TransmitRequest], Awaitable[tuple[str, TransmitOutcome]]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconPlan:
    """What the beaconer intends; `problem` says why nothing is planned, or why the latest beacon was not sent."""

    next_wall_s: int | None
    region: str | None
    problem: str | None


class BeaconOut(SkerryError):
    """A second beacon in one interval is not sent."""


class Beaconer:
    """The beacons of one hotspot. `transmit` puts a frame on the air through the gate and names the device."""

    def __init__(
        self,
        *,
        name: str,
        gateway: bytes,
        sink: ReportSink,
        reports: Reports,
        transmit: Transmit,
        seen: Callable[[bytes], object],
        sent: Callable[[BeaconRow], Awaitable[None]],
        may_sign: Callable[[], bool],
        last_beacon_s: int | None,
        interval_s: int,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        draw_below: Callable[[int], int],
    ) -> None:
        self._name = name
        self._gateway = gateway
        self._sink = sink
        self._reports = reports
        self._transmit = transmit
        self._seen = seen
        self._sent = sent
        self._may_sign = may_sign
        self._previous_s = last_beacon_s
        self._interval_s = interval_s
        self._clock = clock
        self._random_bytes = random_bytes
        self._draw_below = draw_below
        self._sending = asyncio.Lock()
        self._ahead_s = 0  # how far the operator's clock is ahead of ours
        self._sent_s = last_beacon_s  # by the operator's clock; `_previous_s` may be one that is only planned
        self._by_hand_s: int | None = None
        self._params: RegionParams | None = None
        self._gain_ddbi = 0
        self._refusal: str | None = None
        self.plan = BeaconPlan(next_wall_s=None, region=None, problem="the operator has not been asked yet")

    async def run(self) -> None:
        """Plan and send until cancelled."""
        await self._wait_for_time()
        failures = 0
        while True:
            try:
                wait_s = await self._ask_region()
                failures = 0
            except SkerryError as error:
                wait_s = retry_wait_s(failures, self._draw_below(1000) / 1000)
                failures += 1
                self._say(f"no region parameters: {error}")
            due_s = self.plan.next_wall_s
            now_s = self._clock.wall_s()
            if due_s is not None and due_s - now_s <= wait_s:
                await self._clock.sleep(max(0, due_s - now_s))
                async with self._sending:
                    if self._is_now(self._by_hand_s):  # a second one in this interval would be irregular
                        self.plan = replace(self.plan, next_wall_s=None)
                    else:
                        await self._tick()
            else:
                await self._clock.sleep(wait_s)

    async def _wait_for_time(self) -> None:
        """Wait for the first synchronisation of the clock: nothing is signed before, not even a question."""
        while not self._may_sign():
            self._say("the clock was never synchronised since boot, so nothing is signed")
            await self._clock.sleep(TIME_POLL_S)

    def has_sent(self) -> bool:
        """Tell whether this interval's beacon is out."""
        return self._is_now(self._sent_s)

    async def example(self) -> Beacon:
        """Return a beacon as it would be built now; nothing is sent or kept. Raises `SkerryError`."""
        return self._build(await self._sink.entropy(), await self._region_params())

    async def send_now(self) -> tuple[Beacon, BeaconRow]:
        """Send this interval's beacon before its planned time. Raises `SkerryError` when it did not go out."""
        await self._region_params()
        async with self._sending:
            if self.has_sent():
                raise BeaconOut("this interval's beacon is out already")
            beacon, row = await self._send_built()
            self._by_hand_s = self._sent_s
        _log.info("%s: beacon %s sent by hand at %d Hz, %s", self._name, row.id, row.frequency_hz, row.datarate)
        await self._sent(row)
        return beacon, row

    def _is_now(self, sent_s: int | None) -> bool:
        """Whether a moment lies in the present interval of the operator's clock."""
        interval_s = self._interval_s
        return sent_s is not None and segment_s(sent_s, interval_s) == segment_s(self._operator_s(), interval_s)

    def _operator_s(self) -> int:
        return self._clock.wall_s() + self._ahead_s

    async def _region_params(self) -> RegionParams:
        if self._params is None:
            await self._ask_region()
        assert self._params is not None
        return self._params

    async def _ask_region(self) -> float:
        """Fetch region and gain, plan the next beacon, return how long this answer is good for."""
        answer = await self._sink.region(self._gateway)
        message = parse(blockchain_region_params_v1, answer.params)
        self._params = decode_region_params(answer.region, message)
        self._gain_ddbi = answer.gain_ddbi
        if self._previous_s is not None and self._previous_s > answer.timestamp_s + 2 * self._interval_s:
            self._previous_s = None  # it was planned by a clock that was ahead
        next_s = next_beacon_time_s(
            now_s=answer.timestamp_s,
            previous_s=self._previous_s,
            interval_s=self._interval_s,
            draw_below=self._draw_below,
        )
        self._previous_s = next_s
        self._ahead_s = answer.timestamp_s - self._clock.wall_s()
        # The operator's clock may differ from ours: keep the distance, not the moment.
        due_s = self._clock.wall_s() + next_s - answer.timestamp_s
        # What hindered the latest beacon is shown until one is sent: this answer mends no radio and no limit.
        self.plan = BeaconPlan(next_wall_s=due_s, region=answer.region, problem=self._refusal)
        return min(REGION_POLL_S, self._interval_s / 2)

    async def _tick(self) -> None:
        # Forgotten first: a failed beacon is not repeated inside its interval, even when no region answer follows.
        self.plan = replace(self.plan, next_wall_s=None)
        if not self._may_sign():  # its report could not be stamped
            self._refusal = "no beacon in this interval: the clock is not right, so nothing is signed"
            self._say(self._refusal)
            return
        try:
            row = await self._send_one()
        except SkerryError as error:
            self._refusal = f"no beacon in this interval: {error}"
            self._say(self._refusal)
        else:
            _log.info("%s: beacon %s sent at %d Hz, %s", self._name, row.id, row.frequency_hz, row.datarate)
            await self._sent(row)

    async def _send_one(self) -> BeaconRow:
        return (await self._send_built())[1]

    async def _send_built(self) -> tuple[Beacon, BeaconRow]:
        assert self._params is not None  # a plan exists only after a region answer
        remote = await self._sink.entropy()
        entropy_id = await self._reports.entropy_received(remote, source=self._name)
        beacon = self._build(remote, self._params)
        self._seen(beacon.data)  # an echo of our own beacon, heard by our own radio, is no witness
        device_id, outcome = await self._transmit(beacon_request(beacon))
        row = await self._reports.beacon_sent(beacon, outcome, device_id=device_id, refs=(entropy_id,))
        self._sent_s, self._refusal = self._operator_s(), None
        self.plan = replace(self.plan, problem=None)
        return beacon, row

    def _build(self, remote: Entropy, params: RegionParams) -> Beacon:
        local = self._random_bytes(LOCAL_ENTROPY_BYTES)
        return build_beacon(remote=remote, local=local, params=params, gain_ddbi=self._gain_ddbi)

    def _say(self, problem: str) -> None:
        if problem != self.plan.problem:
            _log.warning("%s: %s", self._name, problem)
        self.plan = replace(self.plan, problem=problem)


def beacon_request(beacon: Beacon) -> TransmitRequest:
    """Return what a radio must send for a beacon."""
    return TransmitRequest(
        phy=beacon.phy,
        frequency_hz=beacon.frequency_hz,
        datarate=beacon.datarate,
        power_dbm=beacon.conducted_power_dbm,
        inverted_polarity=False,
    )
