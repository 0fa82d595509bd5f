"""A handful of honest hotspots that beacon and witness each other, without radios: for tests of the oracle."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h3.api.basic_str as h3

from skerry_coverage.iot.beacon import Beacon, build_beacon
from skerry_coverage.iot.geometry import distance_m, expected_signal_dbm
from skerry_keys.software import SoftwareSigner
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.registry.book import Registry
from skerry_radio.regions import region_params
from skerry_simulate.clock import SimulatedClock
from skerry_testing.oracle import START_S, place, registration, signer
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.signing import sign_message
from skerry_wire.sink import Entropy, ReportSink

__all__ = ["Village", "Villager"]

REGION = "EU868"
GAIN_DDBI = 12
STEP_DEGREES = 0.02  # about 2 km: far enough apart, near enough to be heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Villager:
    """One hotspot and its owner."""

    name: str
    gateway: SoftwareSigner
    owner: SoftwareSigner
    cell: str


class Village:
    """`size` hotspots in a row, of distinct owners unless `owner` names one; each is heard by `neighbours` others."""

    def __init__(
        self,
        size: int,
        *,
        name: str = "hotspot",
        owner: str | None = None,
        south: float = 54.0,
        neighbours: int | None = None,
    ) -> None:
        self._neighbours = size - 1 if neighbours is None else neighbours
        self.people = [
            Villager(
                name=f"{name} {number}",
                gateway=signer(f"{name} {number}"),
                owner=signer(owner or f"owner {number}"),
                cell=h3.latlng_to_cell(south + STEP_DEGREES * number, 12.0, 12),
            )
            for number in range(size)
        ]
        self._local = itertools.count(1)

    async def join(self, registry: Registry, *, admit: bool = True) -> None:
        """Register and place everybody, and admit them by hand."""
        for person in self.people:
            record, by_gateway, by_owner = registration(person.gateway, person.owner)
            await registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
            location, signature = place(person.gateway, person.owner, cell=person.cell, gain=GAIN_DDBI)
            await registry.assert_location(location, owner_signature=signature)
            if not admit:
                continue
            await registry.admit(person.gateway.public_key, by="test")

    def beacon(
        self, person: Villager, entropy: Entropy, *, timestamp_ns: int = START_S * 10**9
    ) -> tuple[Beacon, bytes]:
        """Return a beacon and its signed report."""
        local = next(self._local).to_bytes(4, "big")
        beacon = build_beacon(remote=entropy, local=local, params=region_params(REGION), gain_ddbi=GAIN_DDBI)
        report = lora_beacon_report_req_v1(
            pub_key=person.gateway.public_key,
            local_entropy=local,
            remote_entropy=entropy.data,
            data=beacon.data,
            frequency=beacon.frequency_hz,
            datarate=beacon.datarate,
            tx_power=beacon.conducted_power_dbm,
            timestamp=timestamp_ns,
        )
        return beacon, sign_message(report, person.gateway).SerializeToString()

    def witness(self, person: Villager, beaconer: Villager, beacon: Beacon, *, louder_db: int = -10) -> bytes:
        """Return a signed witness report, `louder_db` above the strongest believable signal."""
        expected = expected_signal_dbm(
            tx_power_dbm=beacon.conducted_power_dbm,
            beacon_gain_ddbi=GAIN_DDBI,
            witness_gain_ddbi=GAIN_DDBI,
            distance=distance_m(int(beaconer.cell, 16), int(person.cell, 16)),
            frequency_hz=beacon.frequency_hz,
        )
        report = lora_witness_report_req_v1(
            pub_key=person.gateway.public_key,
            data=beacon.data,
            timestamp=START_S * 10**9,
            tmst=1,
            signal=int(expected + louder_db) * 10,
            snr=55,
            frequency=beacon.frequency_hz,
            datarate=beacon.datarate,
        )
        return sign_message(report, person.gateway).SerializeToString()

    async def live(
        self,
        clock: SimulatedClock,
        sink_of: Callable[[Villager], ReportSink],
        *,
        rounds: int = 1,
        round_s: int = 21_600,
        step_s: int = 600,
        after_beacon: Callable[[Villager, bytes], Awaitable[None]] | None = None,
    ) -> None:
        """Let everybody beacon once per round, `step_s` apart, and their hearers witness within seconds."""
        for number in range(rounds):
            for place_in_round, person in enumerate(self.people):
                due_s = START_S + number * round_s + 300 + step_s * place_in_round
                await clock.sleep(max(0, due_s - clock.wall_s()))
                beacon, report = self.beacon(person, await sink_of(person).entropy())
                await sink_of(person).submit_beacon(report)
                for other in self._hearers(place_in_round):
                    await clock.sleep(0.05)
                    if other is not person:
                        await sink_of(other).submit_witness(self.witness(other, person, beacon))
                if after_beacon is not None:
                    await after_beacon(person, report)

    def _hearers(self, place_in_round: int) -> list[Villager]:
        """Return who hears a person: everybody, or the nearest ones."""
        if self._neighbours >= len(self.people) - 1:
            return self.people
        first = min(max(0, place_in_round - self._neighbours // 2), len(self.people) - self._neighbours - 1)
        return self.people[first : first + self._neighbours + 1]

    def sinks(self, oracle: EmbeddedOracle) -> Callable[[Villager], ReportSink]:
        """Return each person's own connection to an embedded oracle."""
        sinks = {person.name: oracle.sink(person.name) for person in self.people}
        return lambda person: sinks[person.name]
