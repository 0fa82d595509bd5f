"""What a witness report is judged on."""

from dataclasses import dataclass

from skerry_coverage.iot.beacon_rules import BeaconFacts
from skerry_coverage.iot.checks import allowed_lag_ms, lag_ms
from skerry_coverage.iot.geometry import distance_m, expected_signal_dbm
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1

__all__ = ["WitnessFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFacts:
    """Everything that a witness report is judged on; the beacon has passed its own rules."""

    beacon: BeaconFacts
    report: lora_witness_report_req_v1
    received_ms: int
    first_witness_received_ms: int
    gateway: Gateway | None
    already_reported: bool

    @property
    def beaconer(self) -> Asserted:
        """The beaconer's asserted place."""
        assert self.beacon.gateway is not None
        assert self.beacon.gateway.asserted is not None
        return self.beacon.gateway.asserted

    @property
    def own(self) -> Asserted:
        """The witness's asserted place; only asked once it is known to have one."""
        assert self.gateway is not None
        assert self.gateway.asserted is not None
        return self.gateway.asserted

    @property
    def expected_dbm(self) -> float:
        """The strongest believable signal."""
        own, beaconer = self.own, self.beaconer
        return expected_signal_dbm(
            tx_power_dbm=self.beacon.report.tx_power,
            beacon_gain_ddbi=beaconer.gain_ddbi,
            witness_gain_ddbi=own.gain_ddbi,
            distance=distance_m(beaconer.cell, own.cell),
            frequency_hz=self.report.frequency,
        )

    @property
    def lag_and_limit_ms(self) -> tuple[int, int]:
        """How long after its reference the report came, and how long it may."""
        parameters, beacon_ms, first_ms = (
            self.beacon.parameters,
            self.beacon.received_ms,
            self.first_witness_received_ms,
        )
        lag = lag_ms(beacon_received_ms=beacon_ms, first_witness_received_ms=first_ms, received_ms=self.received_ms)
        return lag, allowed_lag_ms(
            beacon_received_ms=beacon_ms,
            first_witness_received_ms=first_ms,
            after_beacon_ms=parameters.max_lag_after_beacon_ms,
            after_witness_ms=parameters.max_lag_after_first_witness_ms,
        )
