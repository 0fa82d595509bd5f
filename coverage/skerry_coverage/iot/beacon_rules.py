"""The beacon rule table (iot-poc 4.2): rows in the order of the checks, the first failure is the verdict."""

from dataclasses import dataclass, field

from skerry_coverage.iot.beacon import Beacon, build_beacon
from skerry_coverage.iot.checks import in_entropy_window, is_new_interval
from skerry_coverage.iot.denylist import Denylist
from skerry_coverage.iot.errors import BeaconRefused
from skerry_coverage.iot.parameters import PocParameters
from skerry_coverage.iot.registry import Asserted, Gateway
from skerry_coverage.iot.rules import Fault, Measure, Rule
from skerry_coverage.iot.schedule import segment_s
from skerry_radio.errors import UnknownRegion
from skerry_radio.regions import region_params
from skerry_wire.generated.data_rate_pb2 import data_rate
from skerry_wire.generated.poc_lora_pb2 import lora_beacon_report_req_v1
from skerry_wire.sink import Entropy

__all__ = ["BEACON_RULES", "BeaconFacts", "rebuild", "window_measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconFacts:
    """Everything that a beacon is judged on; `entropy` is the stored one whose data the report names."""

    report: lora_beacon_report_req_v1
    received_ms: int
    gateway: Gateway | None
    entropy: Entropy | None
    last_beacon_ms: int | None
    denylist: Denylist | None
    parameters: PocParameters = field(default_factory=PocParameters)
    payload: bytes | None = None  # the correct one, where it was computed beforehand
    # Members of the report, read once: every read from the message itself makes a new object.
    key: bytes = field(init=False)
    data: bytes = field(init=False)
    frequency_hz: int = field(init=False)
    tx_power_dbm: int = field(init=False)

    def __post_init__(self) -> None:
        report = self.report
        object.__setattr__(self, "key", report.pub_key)
        object.__setattr__(self, "data", report.data)
        object.__setattr__(self, "frequency_hz", report.frequency)
        object.__setattr__(self, "tx_power_dbm", report.tx_power)

    @property
    def place(self) -> Asserted | None:
        """The beaconer's asserted place."""
        return self.gateway.asserted if self.gateway is not None else None


def rebuild(facts: BeaconFacts) -> Beacon:
    """Build the beacon that the report should describe. Raises `BeaconRefused` when none can be built."""
    asserted, stored = facts.place, facts.entropy
    if asserted is None or stored is None:
        raise BeaconRefused("no_region_params", "the location or the entropy is not known")
    try:
        params = region_params(asserted.region)
    except UnknownRegion as error:
        raise BeaconRefused("no_region_params", str(error)) from None
    named = Entropy(data=facts.report.remote_entropy, timestamp_s=stored.timestamp_s, version=stored.version)
    return build_beacon(
        remote=named,
        local=facts.report.local_entropy,
        params=params,
        gain_ddbi=asserted.gain_ddbi,
        payload=facts.payload,
    )


def _known(facts: BeaconFacts) -> str | None:
    return "gateway_not_found" if facts.gateway is None else None


def _has_location(facts: BeaconFacts) -> str | None:
    return "not_asserted" if facts.place is None else None


def _not_denied(facts: BeaconFacts) -> str | None:
    return "denied" if facts.denylist is None or facts.denylist.denies(facts.key) else None


def _entropy_known(facts: BeaconFacts) -> str | None:
    known = facts.entropy is not None and facts.entropy.data == facts.report.remote_entropy
    return None if known else "bad_entropy"


def _entropy_fresh(facts: BeaconFacts) -> str | None:
    assert facts.entropy is not None
    fresh = in_entropy_window(facts.entropy.timestamp_s, facts.parameters.entropy_lifespan_s, facts.received_ms)
    return None if fresh else "entropy_expired"


def _capable(facts: BeaconFacts) -> str | None:
    return None if facts.gateway is not None and facts.gateway.full else "invalid_capability"


def _on_schedule(facts: BeaconFacts) -> str | None:
    new = is_new_interval(
        last_beacon_ms=facts.last_beacon_ms,
        received_ms=facts.received_ms,
        interval_s=facts.parameters.beacon_interval_s,
    )
    return None if new else "irregular_interval"


def _as_built(facts: BeaconFacts) -> str | None:
    try:
        beacon = rebuild(facts)
    except BeaconRefused:
        return "invalid_packet"
    return None if _differences(facts, beacon) == "" else "invalid_packet"


def _differences(facts: BeaconFacts, beacon: Beacon) -> str:
    report = facts.report
    stated = {
        "payload": report.data == beacon.data,
        "frequency": report.frequency == beacon.frequency_hz,
        "data rate": report.datarate == data_rate.Value(beacon.datarate),
    }
    return ", ".join(name for name, same in stated.items() if not same)


def _measure_known(facts: BeaconFacts) -> Measure:
    return Measure(
        value="registered" if facts.gateway else "unknown",
        limit="registered",
        fault=Fault.BEACONER,
        needed="The hotspot is registered and admitted by the operator.",
    )


def _measure_location(facts: BeaconFacts) -> Measure:
    asserted = facts.place
    return Measure(
        value=f"{asserted.cell:x}" if asserted else None,
        limit="a location",
        fault=Fault.BEACONER,
        needed="The owner asserts the hotspot's location before the epoch begins.",
    )


def _measure_denylist(facts: BeaconFacts) -> Measure:
    if facts.denylist is None:
        return Measure(value="no list", limit="a list", fault=Fault.OPERATOR, needed="The operator loads a denylist.")
    return Measure(
        value=f"list {facts.denylist.tag}",
        limit="not on it",
        fault=Fault.BEACONER,
        needed="The operator takes the hotspot off the list.",
    )


def _measure_entropy(facts: BeaconFacts) -> Measure:
    return Measure(
        value=facts.report.remote_entropy.hex(),
        limit=facts.entropy.data.hex() if facts.entropy else None,
        fault=Fault.BEACONER,
        needed="The beacon uses entropy that this network published.",
    )


def _measure_window(facts: BeaconFacts) -> Measure:
    return window_measure(facts, facts.received_ms, Fault.BEACONER)


def window_measure(facts: BeaconFacts, received_ms: int, fault: Fault) -> Measure:
    """Return the numbers of the entropy window for a beacon or one of its witnesses."""
    assert facts.entropy is not None
    age_s = received_ms // 1000 - facts.entropy.timestamp_s
    limit_s = facts.parameters.entropy_lifespan_s
    return Measure(
        value=age_s,
        limit=limit_s,
        margin=min(age_s, limit_s - age_s),
        unit="s after the entropy",
        fault=fault,
        needed=f"The report arrives between 0 and {limit_s} s after the entropy was published.",
    )


def _measure_capability(facts: BeaconFacts) -> Measure:
    return Measure(
        value="full" if facts.gateway and facts.gateway.full else "data only",
        limit="full",
        fault=Fault.BEACONER,
        needed="The hotspot is onboarded as a full hotspot.",
    )


def _measure_schedule(facts: BeaconFacts) -> Measure:
    interval_s = facts.parameters.beacon_interval_s
    segment = segment_s(facts.received_ms // 1000, interval_s)
    earliest = None
    if facts.last_beacon_ms is not None:
        earliest = segment_s(facts.last_beacon_ms // 1000, interval_s) + interval_s
    return Measure(
        value=segment,
        limit=earliest,
        margin=None if earliest is None else segment - earliest,
        unit="s Unix time of the interval's start",
        fault=Fault.BEACONER,
        needed=f"One beacon in each interval of {interval_s} s; a refused beacon uses its interval up too.",
    )


def _measure_built(facts: BeaconFacts) -> Measure:
    try:
        differences = _differences(facts, rebuild(facts)) or "nothing"
    except BeaconRefused as error:
        differences = f"cannot be built: {error}"
    return Measure(
        value=differences,
        limit="nothing",
        unit="differs from the beacon that entropy, region and gain give",
        fault=Fault.BEACONER,
        needed="Payload, frequency and data rate are those that entropy, asserted region and asserted gain give.",
    )


_KNOWN, _LOCATED, _ENTROPY = "gateway known", "location asserted", "entropy known"
BEACON_RULES: tuple[Rule[BeaconFacts], ...] = (
    Rule(name=_KNOWN, check=_known, measure=_measure_known, source="iot-poc 4.2 #1"),
    Rule(name=_LOCATED, check=_has_location, measure=_measure_location, source="iot-poc 4.2 #2", needs=(_KNOWN,)),
    Rule(name="not denied", check=_not_denied, measure=_measure_denylist, source="iot-poc 4.2 #4"),
    Rule(name=_ENTROPY, check=_entropy_known, measure=_measure_entropy, source="iot-poc 4.1"),
    Rule(
        name="entropy fresh", check=_entropy_fresh, measure=_measure_window, source="iot-poc 4.2 #5", needs=(_ENTROPY,)
    ),
    Rule(name="full hotspot", check=_capable, measure=_measure_capability, source="iot-poc 4.2 #6", needs=(_KNOWN,)),
    Rule(name="on schedule", check=_on_schedule, measure=_measure_schedule, source="iot-poc 4.2 #7"),
    Rule(
        name="built as prescribed",
        check=_as_built,
        measure=_measure_built,
        source="iot-poc 4.2 #8",
        needs=(_LOCATED, _ENTROPY),
    ),
)
