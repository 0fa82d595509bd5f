"""A running API server over real stores, with a hand-written view in place of the runtime. For API, client and CLI tests."""  # noqa: E501

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from skerry_agent.api.present import present
from skerry_agent.api.server import ApiServer
from skerry_agent.api.view import (
    AgentStatus,
    Balance,
    BeaconOffer,
    ClockStatus,
    DeviceState,
    Explanation,
    Finding,
    HotspotStatus,
    LiveDevice,
    NetworkStatus,
    OperatorStatus,
    PathStage,
    Step,
)
from skerry_agent.background import Background
from skerry_agent.events import EventHub
from skerry_agent.jobs.board import JobBoard, Prepare, Work
from skerry_agent.jobs.kinds import JobKinds
from skerry_agent.jobs.progress import Progress
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_agent.store import (
    BeaconRow,
    DeviceRow,
    OutboxItem,
    PacketRow,
    ReportState,
    RewardRow,
    RewardState,
    Stores,
    Verdict,
    WitnessRow,
)
from skerry_agent.store.rows import JsonObject
from skerry_client.paths import Paths, choose_paths
from skerry_core.clock import NS_PER_S, Clock, SystemClock
from skerry_core.errors import RefusedError
from skerry_testing.stores import open_stores

__all__ = ["NOW_NS", "FakeBeacons", "FakeJobs", "FakeView", "Served", "fill", "serve_api"]

NOW_NS = 1_790_000_000 * NS_PER_S


@dataclass(slots=True)
class FakeView:
    """An agent with one hotspot, no operator and whatever devices a test puts in."""

    test_tokens: bool = False
    live: dict[str, LiveDevice] = field(default_factory=dict)
    checks: dict[str, bool] = field(default_factory=lambda: {"radio": True, "stores": True})
    confirmed: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def status(self) -> AgentStatus:
        if self.broken:
            raise ZeroDivisionError("secret detail")
        unknown = DeviceState.UNKNOWN
        return AgentStatus(
            started_ns=NOW_NS,
            state=unknown,
            summary="No operator is set: nothing will be paid.",
            next_step="skerry setup",
            hotspots=(
                HotspotStatus(
                    address="h1", name="calm-teal-otter", owner=None, region=None, location=None,
                    state=unknown, reason="no radio yet", as_of_ns=NOW_NS,
                ),
            ),
            operator=OperatorStatus(
                is_set=False, network="none", profile="skerry-open", key=None, pays=False,
                state=unknown, reason="no operator is set", as_of_ns=NOW_NS,
            ),
            networks=(
                NetworkStatus(
                    name="lns.example.org:1700", kind="gwmp", hotspot="h1", state=unknown, reason="no answer yet",
                    downlink=False, uplinks=0, last_packet_ns=None, last_packet_age_s=None, as_of_ns=NOW_NS,
                ),
            ),
            clock=ClockStatus(synchronised=None, offset_ms=None, as_of_ns=NOW_NS),
            path=(PathStage(stage="received", passed=3, stopped=1, reason="crc", state=unknown, as_of_ns=NOW_NS),),
            as_of_ns=NOW_NS,
        )  # fmt: skip

    def devices(self) -> Mapping[str, LiveDevice]:
        return self.live

    def features(self) -> Mapping[str, bool]:
        return {"iot": True, "mobile": False}

    def ready(self) -> Mapping[str, bool]:
        return self.checks

    async def balances(self) -> list[Balance]:
        known = Balance(owner="o", token="demo-IOT", amount=(1 << 64) - 1, decimals=6, as_of_ns=NOW_NS)
        return [known, replace(known, token="demo-DC", amount=None, reason="the cluster does not answer")]

    async def explain_witness(self, row: WitnessRow) -> Explanation:
        finding = Finding(
            rule="too_close", passed=False, value="120 m", limit="300 m", margin="-180 m", fault="location"
        )
        return Explanation(
            id=row.id, verdict=row.verdict.value, reason=row.reason, rule_set=row.rule_set, summary="Too close.",
            findings=(finding,), as_of_ns=NOW_NS,
        )  # fmt: skip

    async def explain_reward(self, row: RewardRow) -> Explanation:
        step = Step(kind="report", id="w1", text="witness report w1")
        return Explanation(
            id=row.id, verdict=row.state.value, reason=None, rule_set=None, summary="One witness.",
            steps=(step,), as_of_ns=NOW_NS,
        )  # fmt: skip

    async def region_confirmed(self, device_id: str, region: str) -> None:
        self.confirmed.append((device_id, region))


@dataclass(slots=True)
class FakeBeacons:
    """Offers one beacon and notes how often it was sent; `refusal` is what the gate says."""

    refusal: str | None = None
    sent: int = 0

    async def offer(self) -> BeaconOffer:
        return BeaconOffer(
            hotspot="h1", device_id="d1", region="EU868", frequency_hz=868_100_000, datarate="SF12BW125", power_dbm=14,
            eirp_ddbm=152, max_eirp_ddbm=160, airtime_us=2_302_000, duty_spent_us=2_302_000, duty_budget_us=36_000_000,
            refusal=self.refusal, refusal_text="Too much." if self.refusal else None, beacon=None, as_of_ns=NOW_NS,
        )  # fmt: skip

    async def send(self) -> BeaconOffer:
        if self.refusal:
            raise RefusedError(self.refusal, "Too much.")
        self.sent += 1
        return replace(await self.offer(), beacon="b9")


class FakeJobs:
    """Jobs of every real kind, asked for as strictly, that do nothing: they end, fail, or wait to be cancelled."""

    def __init__(self, real: Mapping[str, Prepare]) -> None:
        self._real = real

    def all(self) -> dict[str, Prepare]:
        """Return the kinds by name."""
        works = {
            "backup": self._done, "device_scan": self._for_ever, "speed_test": self._refused,
            "support_file": self._broken,
        }  # fmt: skip
        return {name: self._checked(name, work) for name, work in works.items()}

    def _checked(self, name: str, work: Work) -> Prepare:
        def prepare(wishes: Mapping[str, Any]) -> Work:
            self._real[name](wishes)
            return work

        return prepare

    async def _done(self, progress: Progress) -> JsonObject:
        progress(0.5, "half")
        await SystemClock().sleep(0)  # let it be told
        return {"file": "/x"}

    async def _for_ever(self, progress: Progress) -> JsonObject:
        progress(0.25, "asking")
        await asyncio.Event().wait()
        raise AssertionError

    async def _refused(self, progress: Progress) -> JsonObject:
        raise RefusedError("E_SPEED_TEST", "Nothing was measured.", remedy="Check the address.")

    async def _broken(self, progress: Progress) -> JsonObject:
        raise ZeroDivisionError("secret detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running server and what is behind it."""

    server: ApiServer
    stores: Stores
    hub: EventHub
    view: FakeView
    metrics: Metrics
    paths: Paths
    jobs: JobBoard

    @property
    def token(self) -> str:
        """The local token, from its file."""
        return self.paths.token.read_text().strip()


@asynccontextmanager
async def serve_api(
    folder: Path, *, clock: Clock | None = None, flags: Mapping[str, str] = {}
) -> AsyncIterator[Served]:
    """Serve an API from a folder on a free port."""
    clock = clock or SystemClock()
    paths = choose_paths(folder, environ={})
    paths.create()
    settings = load(file=None, environ={}, flags={"api.port": "0", **flags})
    async with open_stores(folder, clock=clock) as stores:
        hub, view, metrics = EventHub(clock=clock, boot=1), FakeView(), Metrics()
        kinds = JobKinds(
            paths=paths, settings=settings, stores=stores, view=view, clock=clock, random=seeded_randomness("jobs")
        )
        jobs = JobBoard(kinds=FakeJobs(kinds.all()).all(), clock=clock, hub=hub, show=present)
        server = ApiServer(
            clock=clock, settings=settings, paths=paths, stores=stores, hub=hub, view=view, metrics=metrics, jobs=jobs
        )
        await server.start()
        try:
            async with Background() as background:
                background.start(jobs.run(), name="jobs")
                yield Served(server=server, stores=stores, hub=hub, view=view, metrics=metrics, paths=paths, jobs=jobs)
        finally:
            await server.stop()


async def fill(served: Served, *, count: int = 3) -> None:
    """Store `count` rows of each kind, with ids such as p1, b1, w1, r1 and one device d1 that is up."""
    stores = served.stores
    await stores.devices.seen(
        DeviceRow(id="d1", kind="gwmp", name="roof", first_seen_ns=NOW_NS, last_seen_ns=NOW_NS, details={"fw": "1"})
    )
    served.view.live["d1"] = LiveDevice(
        id="d1", state=DeviceState.UP, reason="frames arrive", values={"temperature_c": 40}, as_of_ns=NOW_NS
    )
    for number in range(1, count + 1):
        at_ns = NOW_NS + number * NS_PER_S
        await stores.packets.add([_packet(number, at_ns)])
        await stores.beacons.add(
            BeaconRow(
                id=f"b{number}", hotspot="h1", device_id="d1", at_ns=at_ns, frequency_hz=868_100_000,
                datarate="SF12BW125", power_dbm=14, data=b"d", report=b"r", state=ReportState.KEPT,
            )
        )  # fmt: skip
        await stores.witnesses.add(
            WitnessRow(
                id=f"w{number}", hotspot="h1", device_id="d1", packet_id=f"p{number}", at_ns=at_ns,
                frequency_hz=868_100_000, datarate="SF12BW125", rssi_dbm=-110, snr_ddb=-50, data=b"d", report=b"r",
                state=ReportState.DELIVERED, verdict=Verdict.INVALID, reason="too_close", rule_set="iot/2024-01",
            )
        )  # fmt: skip
        await stores.rewards.put(
            [
                RewardRow(
                    id=f"r{number}", network="demo", epoch=number, at_ns=at_ns, hotspot="h1", owner="o",
                    token="demo-IOT", amount=1 << 60, kind="witness", state=RewardState.PAID, manifest_hash="ab",
                    transaction="sig", cause={"reports": [f"w{number}"]},
                )
            ]
        )  # fmt: skip
    served.jobs.start("backup", {}, account="local")
    await stores.outbox.put(OutboxItem(id="o1", class_="witness", body=b"m", created_ns=NOW_NS, deadline_ns=NOW_NS * 2))


def _packet(number: int, at_ns: int) -> PacketRow:
    return PacketRow(
        id=f"p{number}", device_id="d1", hotspot="h1", at_ns=at_ns, frequency_hz=868_100_000, datarate="SF7BW125",
        rssi_dbm=-100, snr_ddb=-75, crc="ok", phy=b"\x40", kind="data_up", address="26011BDA", stage="sent",
        sent_to=["lns"], source="udp 127.0.0.1:1",
    )  # fmt: skip
