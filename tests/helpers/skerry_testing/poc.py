"""A neighbourhood of hotspots for proof-of-coverage tests: keys, places, signed beacons and witness reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import h3.api.basic_int as h3

from skerry_coverage.iot.beacon import build_beacon
from skerry_coverage.iot.denylist import Denylist, ExplicitDenylist
from skerry_coverage.iot.judge import PocInput, ReceivedBeacon, ReceivedWitness
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway, KeptTimes
from skerry_keys.software import SoftwareSigner
from skerry_radio.regions import region_params
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1, lora_witness_report_req_v1
from skerry_wire.signing import sign_message
from skerry_wire.sink import Entropy

__all__ = ["START_S", "Neighbourhood"]

START_S = 1_700_006_400  # the start of a six-hour interval
REGION = "EU868"
GAIN_DDBI = 12
_LOCAL_ENTROPY = b"\x01\x02\x03\x04"


@dataclass
class Neighbourhood:
    """Hotspots about 1 km apart in one town; index 0 is usually the beaconer."""

    count: int
    signers: list[SoftwareSigner] = field(init=False)
    registry: dict[bytes, Gateway] = field(init=False)
    times: dict[bytes, KeptTimes] = field(default_factory=dict)
    denylist: Denylist | None = field(default_factory=ExplicitDenylist)
    parameters: PocParameters = field(default_factory=PocParameters)

    def __post_init__(self) -> None:
        self.signers = [SoftwareSigner.from_seed(bytes([index + 1]) * 32) for index in range(self.count)]
        town = sorted(h3.grid_disk(h3.latlng_to_cell(48.1, 11.5, 8), 4))
        places = [h3.cell_to_center_child(cell, 12) for cell in town[: self.count]]
        self.registry = {
            signer.public_key: Gateway(
                full=True, asserted=Asserted(cell=place, region=REGION, gain_ddbi=GAIN_DDBI, elevation_m=10)
            )
            for signer, place in zip(self.signers, places, strict=True)
        }

    def key(self, index: int) -> bytes:
        """Return a hotspot's public key binary."""
        return self.signers[index].public_key

    def everybody_known(self, at_ms: int) -> None:
        """Let every hotspot have beaconed and witnessed shortly before, so that reciprocity holds."""
        self.times = {
            key: KeptTimes(
                last_beacon_ms=None, last_witness_ms=at_ms - 3_600_000, last_beacon_reciprocity_ms=at_ms - 3_600_000
            )
            for key in self.registry
        }

    def entropy(self, at_s: int = START_S) -> Entropy:
        """Return the network's entropy of a time."""
        return Entropy(data=at_s.to_bytes(32, "big"), timestamp_s=at_s, version=0)

    def beacon(self, index: int = 0, at_s: int = START_S) -> lora_beacon_report_req_v1:
        """Return a signed, correct beacon report."""
        remote = self.entropy(at_s)
        beacon = build_beacon(remote=remote, local=_LOCAL_ENTROPY, params=region_params(REGION), gain_ddbi=GAIN_DDBI)
        report = lora_beacon_report_req_v1(
            pub_key=self.key(index),
            local_entropy=beacon.local_entropy,
            remote_entropy=beacon.remote_entropy,
            data=beacon.data,
            frequency=beacon.frequency_hz,
            datarate=beacon.datarate,
            tx_power=beacon.conducted_power_dbm,
            timestamp=at_s * 1_000_000_000,
        )
        return sign_message(report, self.signers[index])

    def witness(self, index: int, beacon: lora_beacon_report_req_v1) -> lora_witness_report_req_v1:
        """Return a signed, plausible witness report of a beacon."""
        report = lora_witness_report_req_v1(
            pub_key=self.key(index),
            data=beacon.data,
            timestamp=beacon.timestamp + 1,
            tmst=1000 + index,
            signal=-1150,
            snr=35,
            frequency=beacon.frequency + 100,
            datarate=beacon.datarate,
        )
        return sign_message(report, self.signers[index])

    def poc(self, witnesses: Sequence[int], *, beaconer: int = 0, at_s: int = START_S) -> PocInput:
        """Return a correct proof: one beacon, and reports that arrive 10 ms apart."""
        beacon = self.beacon(beaconer, at_s)
        received_ms = at_s * 1000 + 2_000
        return PocInput(
            beacon=ReceivedBeacon(report=beacon, received_ms=received_ms),
            witnesses=[
                ReceivedWitness(report=self.witness(index, beacon), received_ms=received_ms + 10 * place)
                for place, index in enumerate(witnesses, 1)
            ],
            registry=self.registry,
            denylist=self.denylist,
            entropy=self.entropy(at_s),
            times=self.times,
            parameters=self.parameters,
        )
