"""Whole agents and their parts for runtime tests: frames, a hand-written operator, an agent on simulated time."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from skerry_agent.api.view import Balance, OperatorStatus
from skerry_agent.app import App, compose
from skerry_agent.evidence import EVIDENCE, EvidenceLog, TimeKeeper
from skerry_agent.runtime.operator import Downlink, News, Operator
from skerry_agent.runtime.packet_path import Heard
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_agent.store import RewardRow, Stores, WitnessRow
from skerry_client.paths import choose_paths
from skerry_core.clock import Clock
from skerry_coverage.evidence.entry import TimeSource
from skerry_coverage.iot.beacon import Beacon, build_beacon
from skerry_coverage.iot.region_message import encode_region_params
from skerry_firmware_bridge.radio import DeviceState, FrameHeard, Radio, RadioTraits, StateChanged
from skerry_keys.signer import Signer
from skerry_radio.regions import region_params
from skerry_testing.evidence import BOOT, signer_of
from skerry_wire.frames import Crc, ReceivedFrame, TransmitOutcome, TransmitRequest, TransmitStatus
from skerry_wire.sink import Entropy, Receipt, RegionAnswer, ReportSink, SinkUnavailable

__all__ = [
    "DEVICE",
    "UPLINK",
    "FakeOperator",
    "FakeRadio",
    "FakeSink",
    "beacon_of",
    "carried",
    "frame",
    "heard",
    "keeper",
    "open_agent",
    "open_log",
    "open_runtime_stores",
    "state",
]

DEVICE = "gwmp:aa555a0000000001"
# An unconfirmed data frame of DevAddr 78000100, counter 1, port 1.
UPLINK = bytes.fromhex("40000100780001000101020304aabbccdd")
REGION = "EU868"


def beacon_of(number: int = 1) -> Beacon:
    """Return another hotspot's beacon; numbers differ in their payloads."""
    entropy = Entropy(data=bytes(31) + bytes([number]), timestamp_s=1_790_000_000, version=1)
    return build_beacon(remote=entropy, local=bytes(4), params=region_params(REGION), gain_ddbi=12)


def carried(received: ReceivedFrame) -> Heard:
    """Return a frame with the device that heard it."""
    return Heard(device_id=DEVICE, frame=received)


def frame(
    phy: bytes = UPLINK, *, clock: Clock | None = None, tmst_us: int = 1_000_000, **changes: object
) -> ReceivedFrame:
    """Return a good frame as a concentrator reports it, received now by `clock`."""
    fields: dict[str, object] = {
        "phy": phy, "frequency_hz": 868_100_000, "datarate": "SF9BW125", "rssi_dbm": -100, "snr_db": 5.5,
        "tmst_us": tmst_us, "crc": Crc.OK, "received_wall_ns": clock.wall_ns() if clock else 1_790_000_000 * 10**9,
        "received_monotonic_ns": clock.monotonic_ns() if clock else 0, "source": "udp 127.0.0.1:40001",
    }  # fmt: skip
    return ReceivedFrame(**(fields | changes))  # type: ignore[arg-type]  # tests change any field


def heard(phy: bytes = UPLINK, *, clock: Clock, device_id: str = DEVICE, tmst_us: int = 1_000_000) -> FrameHeard:
    """Return the event of a received frame."""
    return FrameHeard(device_id=device_id, frame=frame(phy, clock=clock, tmst_us=tmst_us))


def state(state_: DeviceState, *, reason: str = "told by a test", device_id: str = DEVICE) -> StateChanged:
    """Return the event of a device that came or went."""
    return StateChanged(device_id=device_id, state=state_, reason=reason, wall_ns=1_790_000_000 * 10**9)


class FakeRadio(Radio):
    """Notes what it is asked to send and says what a test wants."""

    def __init__(self, device_id: str = DEVICE) -> None:
        self.device_id = device_id
        self.traits = RadioTraits(kind="fake", can_transmit=True)
        self.sent: list[TransmitRequest] = []
        self.outcomes: list[TransmitOutcome] = []

    async def send(self, request: TransmitRequest) -> TransmitOutcome:
        self.sent.append(request)
        if self.outcomes:
            return self.outcomes.pop(0)
        return TransmitOutcome(status=TransmitStatus.SENT, power_dbm=request.power_dbm, tmst_us=7)


@dataclass(slots=True)
class FakeSink(ReportSink):
    """Takes reports; `failures` are raised first, one per question."""

    clock: Clock
    failures: list[Exception] = field(default_factory=list)
    beacons: list[bytes] = field(default_factory=list)
    witnesses: list[bytes] = field(default_factory=list)
    asked_region: int = 0

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def submit_beacon(self, report: bytes) -> Receipt:
        self._fail()
        self.beacons.append(report)
        return Receipt(received_ms=self.clock.wall_ms())

    async def submit_witness(self, report: bytes) -> Receipt:
        self._fail()
        self.witnesses.append(report)
        return Receipt(received_ms=self.clock.wall_ms())

    async def entropy(self) -> Entropy:
        return Entropy(data=bytes(32), timestamp_s=self.clock.wall_s(), version=1)

    async def region(self, gateway: bytes) -> RegionAnswer:
        self.asked_region += 1
        self._fail()
        params = encode_region_params(region_params(REGION)).SerializeToString()
        return RegionAnswer(region=REGION, params=params, gain_ddbi=12, timestamp_s=self.clock.wall_s())


class FakeOperator(Operator):
    """An operator that does what a test says."""

    def __init__(self, clock: Clock, *, sink: FakeSink | None = None, is_set: bool = True) -> None:
        self.reports = sink
        self.is_set = is_set
        self.state = DeviceState.UP
        self.news_items: list[News | SinkUnavailable] = []
        self.cursors: list[str] = []
        self.carries = True
        self.carried: list[ReceivedFrame] = []
        self.ran = False
        self.downlink: Downlink | None = None
        self._clock = clock

    def attach(self, *, evidence: EvidenceLog, downlink: Downlink) -> None:
        self.downlink = downlink

    async def run(self) -> None:
        self.ran = True
        await super().run()

    def status(self) -> OperatorStatus:
        return OperatorStatus(
            is_set=self.is_set, network="test-net", profile="skerry-open", key=None, pays=self.is_set,
            state=self.state, reason="As a test says.", as_of_ns=self._clock.wall_ns(),
        )  # fmt: skip

    def sink(self, gateway: bytes) -> ReportSink | None:
        return self.reports

    async def news(self, gateways: Sequence[bytes], *, cursor: str) -> News:
        self.cursors.append(cursor)
        if not self.news_items:
            return News(cursor=cursor)
        item = self.news_items.pop(0)
        if isinstance(item, SinkUnavailable):
            raise item
        return item

    async def carry(self, gateway: bytes, frame: ReceivedFrame, *, packet_id: str, region: str) -> bool:
        self.carried.append(frame)
        return self.carries

    async def balances(self, owners: Sequence[str]) -> list[Balance]:
        return []

    async def explain_witness(self, row: WitnessRow) -> None:
        return None

    async def explain_reward(self, row: RewardRow) -> None:
        return None


def keeper(clock: Clock, *, synchronised: bool = True, boot_id: bytes = BOOT) -> TimeKeeper:
    """Return a time keeper of one boot."""
    time = TimeKeeper(clock, boot_id=boot_id)
    if synchronised:
        time.synchronised(TimeSource.SIMULATED, error_ns=0)
    return time


@asynccontextmanager
async def open_runtime_stores(folder: Path, clock: Clock) -> AsyncIterator[Stores]:
    """Open an agent's stores with the evidence tables."""
    folder.mkdir(parents=True, exist_ok=True)
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE,))
    try:
        yield stores
    finally:
        await stores.close()


async def open_log(stores: Stores, time: TimeKeeper, clock: Clock, *, signer: Signer | None = None) -> EvidenceLog:
    """Open the evidence log of a key."""
    return await EvidenceLog.open(stores.main, signer=signer or signer_of(), network="test-net", clock=clock, time=time)


async def open_agent(
    stores: Stores, folder: Path, clock: Clock, *, operator: Operator, time: TimeKeeper | None = None, **flags: str
) -> App:
    """Compose an agent of EU868 without radios of its own; `flags` are settings with `__` for the dot."""
    settings = {"hotspot.region": REGION, "gwmp.listen": "", "beacon.interval_s": "600"}
    settings |= {name.replace("__", "."): value for name, value in flags.items()}
    return await compose(
        paths=choose_paths(folder, environ={}), settings=load(file=None, environ={}, flags=settings), clock=clock,
        random=seeded_randomness("runtime"), signer=signer_of(), stores=stores, time=time or keeper(clock),
        operator=operator, start_number=1,
    )  # fmt: skip
