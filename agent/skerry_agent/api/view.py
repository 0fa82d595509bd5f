"""What the API asks the running agent for, beside the stores. The runtime implements `AgentView`; tests have a fake.

Everything here is quick and from memory, save the three `async` methods, which may compute or ask a chain.
Times are Unix nanoseconds; `as_of_ns` says when a value was last known to be true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from skerry_agent.store import RewardRow, WitnessRow
from skerry_agent.store.rows import U64, JsonObject
from skerry_firmware_bridge.radio import DeviceState

__all__ = [
    "AgentStatus",
    "AgentView",
    "Balance",
    "BeaconOffer",
    "BeaconSender",
    "ClockStatus",
    "DeviceState",
    "Explanation",
    "Finding",
    "HotspotStatus",
    "LiveDevice",
    "NetworkStatus",
    "OperatorStatus",
    "PathStage",
    "Step",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotStatus:
    """One hotspot that this agent hosts."""

    address: str
    name: str  # the three-word animal name
    owner: str | None
    region: str | None
    location: str | None  # H3 cell
    state: DeviceState
    reason: str | None
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorStatus:
    """Who judges and pays; without one nothing will be paid, and the API says so."""

    is_set: bool
    network: str
    profile: str
    key: str | None
    pays: bool
    state: DeviceState
    reason: str
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStatus:
    """A further network that gets a hotspot's uplinks beside the operator; `uplinks` were sent since the start."""

    name: str
    kind: str  # "gwmp", "http"
    hotspot: str
    state: DeviceState
    reason: str
    downlink: bool  # whether it may send
    uplinks: int
    last_packet_ns: int | None
    last_packet_age_s: int | None
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStatus:
    """Whether time is trusted: nothing is signed before the first synchronisation since boot."""

    synchronised: bool | None
    offset_ms: int | None
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStage:
    """One of the nine stages from antenna to reward, with its counts since the start."""

    stage: str
    passed: int
    stopped: int
    reason: str | None  # the commonest reason of those that were stopped
    state: DeviceState
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """The agent on one screen; `state` is the worst that matters and `summary` one sentence about it."""

    started_ns: int
    state: DeviceState
    summary: str
    next_step: str | None  # the exact next command, when something is missing
    hotspots: tuple[HotspotStatus, ...]
    operator: OperatorStatus
    networks: tuple[NetworkStatus, ...]
    clock: ClockStatus
    path: tuple[PathStage, ...]
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDevice:
    """A device's state now; `values` are its readings by their field names with units.

    `as_of_ns` is when it was heard last. `is_known` is False for a gateway that nobody has named and that is new here.
    """

    id: str
    state: DeviceState
    reason: str
    values: JsonObject
    as_of_ns: int
    is_known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account holds of one token in base units; `amount` None means unknown, never zero."""

    owner: str
    token: str
    amount: U64 | None
    decimals: int
    reason: str | None = None
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule of the table: values as people read them ("-112 dBm"), whose fault, what would have passed."""

    rule: str
    passed: bool | None  # None: not reached, or not applicable
    value: str | None = None
    limit: str | None = None
    margin: str | None = None
    fault: str | None = None
    would_pass: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step back from a token to the radio frame: manifest, share, verdict, report, frame."""

    kind: str
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a report has its verdict, or a reward its amount."""

    id: str
    verdict: str
    reason: str | None
    rule_set: str | None
    summary: str
    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    as_of_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconOffer:
    """What a beacon sent now would be; `refusal` is the gate's code, `beacon` the id of the report once it is sent.

    EIRP in tenths of dBm; air time, and what the sub-band has spent and may spend in an hour, in microseconds.
    """

    hotspot: str
    device_id: str
    region: str | None
    frequency_hz: int
    datarate: str
    power_dbm: int
    eirp_ddbm: int
    max_eirp_ddbm: int | None
    airtime_us: int | None
    duty_spent_us: int | None
    duty_budget_us: int | None
    refusal: str | None
    refusal_text: str | None
    beacon: str | None
    as_of_ns: int


class BeaconSender(Protocol):
    """Sends the beacons that the owner asks for."""

    async def offer(self) -> BeaconOffer:
        """Return what would be sent; sends nothing. Raises `RefusedError`."""

    async def send(self) -> BeaconOffer:
        """Send it. Raises `RefusedError`."""


class AgentView(Protocol):
    """The running agent as the API sees it."""

    @property
    def test_tokens(self) -> bool:
        """Whether every token shown here is worthless (the demo)."""

    def status(self) -> AgentStatus:
        """Return the state of everything."""

    def devices(self) -> Mapping[str, LiveDevice]:
        """Return the live state of devices by id; a stored device that is absent here is unknown."""

    def features(self) -> Mapping[str, bool]:
        """Return what this agent can do now, by name (iot, mobile, energy, chain, oracle, transmit)."""

    def ready(self) -> Mapping[str, bool]:
        """Return the readiness checks by name; all true means ready."""

    async def balances(self) -> list[Balance]:
        """Return the balances of the hotspots' owners; raises nothing, what cannot be read has amount None."""

    async def explain_witness(self, row: WitnessRow) -> Explanation:
        """Recompute a witness report's verdict rule by rule."""

    async def explain_reward(self, row: RewardRow) -> Explanation:
        """Walk a reward back to the frames that earned it."""

    async def region_confirmed(self, device_id: str, region: str) -> None:
        """Take note that the owner confirmed a device's region (already stored)."""
