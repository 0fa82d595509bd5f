"""The API's resources as typed, frozen objects with the contract's own names. Times are aware UTC datetimes.

A test compares every class with the OpenAPI document.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

__all__ = [
    "Amount",
    "AuditLine",
    "Backlog",
    "Balance",
    "Beacon",
    "BeaconOffer",
    "Capabilities",
    "Clock",
    "Device",
    "DeviceCounts",
    "Envelope",
    "Explanation",
    "Finding",
    "Hotspot",
    "Job",
    "JobProblem",
    "Limits",
    "Network",
    "Operator",
    "Packet",
    "Page",
    "Paired",
    "PathStage",
    "Readiness",
    "Reloaded",
    "Report",
    "Reward",
    "State",
    "Status",
    "Step",
    "UnsignedTransaction",
    "Verdict",
    "WalletWarning",
    "Witness",
]

Amount = Annotated[int, "decimal text"]  # base units; text in JSON because it may exceed 2^53
State = Literal["up", "down", "unknown"]
Verdict = Literal["unknown", "valid", "invalid"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every answer of `/api/v1` carries."""

    as_of: datetime
    test_tokens: bool
    last_event_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Envelope, Generic[T]):
    """One page of a list, newest first; `next_cursor` None means that there is no more."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the agent can do its work."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeaconOffer(Envelope):
    """What a beacon sent now would be; EIRP in tenths of dBm, times in microseconds; `beacon` is set when sent."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletWarning:
    """A finding about a transaction; `severity` is critical or warning."""

    severity: str
    code: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction(Envelope):
    """A transaction as another agent built and read it; `transaction` is base64, its signatures are zeros.

    `paid` is asset -> base units. None of this is to be believed: read the bytes again before signing.
    """

    kind: str
    wallet: str
    cluster: str
    transaction: str
    instructions: tuple[str, ...]
    paid: dict[str, Amount]
    destinations: tuple[str, ...]
    fee_lamports: int
    rent_lamports: int
    simulation: str
    warnings: tuple[WalletWarning, ...]
    last_valid_block_height: int
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProblem:
    """Why a job failed."""

    code: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A long action; `progress` from 0 to 1, `result` by kind when it is done."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float
    message: str
    result: dict[str, Any] | None
    problem: JobProblem | None
    account: str
    created: datetime
    ended: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in {"queued", "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded(Envelope):
    """Settings that differ from those in force before: used now, or only after a restart."""

    applied: tuple[str, ...]
    restart: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The token that a pairing code became."""

    id: str
    token: str = field(repr=False)
    scopes: tuple[Literal["read", "control"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """One hotspot that the agent hosts."""

    address: str
    name: str
    owner: str | None
    region: str | None
    location: str | None
    state: State
    reason: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who judges and pays; not set means that nothing will be paid."""

    is_set: bool
    network: str
    profile: str
    key: str | None
    pays: bool
    state: State
    reason: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A further network that gets a hotspot's uplinks beside the operator."""

    name: str
    kind: str
    hotspot: str
    state: State
    reason: str
    downlink: bool
    uplinks: int
    last_packet: datetime | None
    last_packet_age_s: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Whether the agent's time is trusted."""

    synchronised: bool | None
    offset_ms: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStage:
    """One stage from antenna to reward."""

    stage: str
    passed: int
    stopped: int
    reason: str | None
    state: State
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCounts:
    """Devices by state."""

    up: int
    down: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Envelope):
    """Everything on one screen."""

    version: str
    started: datetime
    uptime_s: int
    state: State
    summary: str
    next_step: str | None
    hotspots: tuple[Hotspot, ...]
    operator: Operator
    networks: tuple[Network, ...]
    clock: Clock
    path: tuple[PathStage, ...]
    devices: DeviceCounts
    telemetry_rebuilt: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes that the agent accepts."""

    page: int
    body_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities(Envelope):
    """What the agent, its version and the token can do."""

    version: str
    api: tuple[str, ...]
    features: dict[str, bool]
    scopes: tuple[Literal["read", "control", "wallet"], ...]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device with its state now."""

    id: str
    kind: str
    name: str
    hotspot: str | None
    region: str | None
    first_seen: datetime
    last_seen: datetime
    details: dict[str, Any]
    state: State
    reason: str
    values: dict[str, Any]
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A received frame and how far it came."""

    id: str
    device_id: str
    hotspot: str | None
    at: datetime
    frequency_hz: int
    datarate: str
    rssi_dbm: int
    snr_ddb: int
    crc: Literal["ok", "disabled", "failed"]
    phy_hex: str
    kind: str
    address: str | None
    stage: str
    reason: str | None
    sent_to: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What beacons and witness reports have in common."""

    id: str
    hotspot: str
    device_id: str
    at: datetime
    frequency_hz: int
    datarate: str
    data_hex: str
    state: Literal["kept", "queued", "delivered", "refused", "expired"]
    verdict: Verdict
    reason: str | None
    rule_set: str | None
    poc_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beacon(Report):
    """One of our own beacons."""

    power_dbm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness(Report):
    """A beacon of another hotspot that we heard."""

    packet_id: str | None
    rssi_dbm: int
    snr_ddb: int
    beaconer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule: value, limit, margin, whose fault, what would have passed."""

    rule: str
    passed: bool | None
    value: str | None
    limit: str | None
    margin: str | None
    fault: str | None
    would_pass: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step from a token back to the frame that earned it."""

    kind: str
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Envelope):
    """Why a report has its verdict or a reward its amount."""

    id: str
    verdict: str
    reason: str | None
    rule_set: str | None
    summary: str
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """One share of one hotspot in one epoch."""

    id: str
    network: str
    epoch: int
    at: datetime
    hotspot: str
    owner: str
    token: str
    amount: Amount
    kind: str
    state: Literal["would_earn", "pending", "paid", "unknown"]
    manifest_hash: str
    transaction: str | None
    cause: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an owner holds; `amount` None is unknown, never zero."""

    owner: str
    token: str
    amount: Amount | None
    decimals: int
    reason: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is waiting to be sent in one class (`class` in JSON)."""

    class_: str
    waiting: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """Who changed what."""

    id: str
    at: datetime
    account: str
    source: str
    action: str
    target: str
    outcome: str
