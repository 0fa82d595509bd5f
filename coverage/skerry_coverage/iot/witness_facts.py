"""What a witness report is judged on."""

from skerry_coverage.iot.beacon_rules import BeaconFacts
from skerry_coverage.iot.checks import lag_and_limit_ms
from skerry_coverage.iot.geometry import expected_between_dbm
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_wire.generated.poc_lora_pb2 import lora_witness_report_req_v1

__all__ = ["WitnessFacts"]

# Stands in for a place that is not known; rules that read places need "location asserted" to have passed.
_NOWHERE = Asserted(cell=0, region="UNKNOWN", gain_ddbi=0)


class WitnessFacts:
    """Everything that a witness report is judged on; the beacon has passed its own rules.

    A plain class with slots: one is made for every report of a day.
    """

    __slots__ = (
        "already_reported",
        "beacon",
        "beaconer",
        "first_witness_received_ms",
        "gateway",
        "key",
        "own",
        "received_ms",
        "report",
    )

    def __init__(
        self,
        *,
        beacon: BeaconFacts,
        report: lora_witness_report_req_v1,
        key: bytes,
        received_ms: int,
        first_witness_received_ms: int,
        gateway: Gateway | None,
        already_reported: bool,
    ) -> None:
        self.beacon = beacon
        self.report = report
        self.key = key  # the report's; every read from the message makes a new bytes object
        self.received_ms = received_ms
        self.first_witness_received_ms = first_witness_received_ms
        self.gateway = gateway
        self.already_reported = already_reported
        self.beaconer = beacon.place or _NOWHERE
        self.own = (gateway.asserted if gateway is not None else None) or _NOWHERE

    @property
    def expected_dbm(self) -> float:
        """The strongest believable signal."""
        own, beaconer = self.own, self.beaconer
        return expected_between_dbm(
            self.beacon.tx_power_dbm, beaconer.cell, beaconer.gain_ddbi, own.cell, own.gain_ddbi, self.report.frequency
        )

    @property
    def lag_and_limit_ms(self) -> tuple[int, int]:
        """How long after its reference the report came, and how long it may."""
        beacon = self.beacon
        return lag_and_limit_ms(beacon.received_ms, self.first_witness_received_ms, self.received_ms, beacon.parameters)
