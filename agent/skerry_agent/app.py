"""The composition root: builds every part of one agent and hands each only what it needs."""

from dataclasses import dataclass

from skerry_agent.api.present import present
from skerry_agent.api.server import ApiServer
from skerry_agent.events import EventHub
from skerry_agent.evidence import EvidenceLog, TimeKeeper
from skerry_agent.jobs.board import JobBoard
from skerry_agent.jobs.kinds import JobKinds
from skerry_agent.metrics import Metrics
from skerry_agent.runtime.agent import Agent
from skerry_agent.runtime.beacon_now import BeaconNow
from skerry_agent.runtime.delivery import Delivery
from skerry_agent.runtime.device_board import DeviceBoard
from skerry_agent.runtime.forwarding import ForwardTarget, forward_targets
from skerry_agent.runtime.hotspot import Hotspot
from skerry_agent.runtime.http_network import HttpTarget, http_targets
from skerry_agent.runtime.identity import HotspotIdentity
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.radio_settings import radio_settings
from skerry_agent.runtime.radio_watch import RadioWatch
from skerry_agent.runtime.radios import Radios
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.runtime.steady_time import SteadyTime
from skerry_agent.runtime.view import RuntimeView
from skerry_agent.settings import Settings
from skerry_agent.settings.secret import read_secret
from skerry_agent.settings.table import (
    BEACON_INTERVAL_S,
    DEVICES_ATTACHED,
    FORWARD_GWMP,
    FORWARD_HTTP,
    FORWARD_HTTP_SECRET_FILE,
)
from skerry_agent.store import Stores
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_firmware_bridge.guests import SETTLED_NS
from skerry_firmware_bridge.transmit import TransmitGate
from skerry_keys.signer import Signer

__all__ = ["App", "compose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One agent with its API; `agent.run()` runs it, `api` is served beside `jobs.run()` by whoever wants that."""

    agent: Agent
    api: ApiServer
    view: RuntimeView
    jobs: JobBoard


async def compose(
    *, paths: Paths, settings: Settings, clock: Clock, random: Randomness, signer: Signer,
    stores: Stores, time: TimeKeeper, operator: Operator, start_number: int,
) -> App:  # fmt: skip
    """Build one agent for one hotspot. Raises `UserError` for settings that contradict each other."""
    identity = HotspotIdentity.from_settings(settings, signer.public_key)
    hub, metrics = EventHub(clock=clock, boot=start_number), Metrics()
    evidence = await EvidenceLog.open(
        stores.main, signer=signer, network=operator.status().network or "none", clock=clock, time=time
    )
    gate = TransmitGate(clock=clock, store=stores.duty)
    await gate.load()
    delivery = Delivery(
        outbox=stores.outbox, clock=clock, jitter=random.random.random,
        believed_ns=SteadyTime(time, clock=clock).now_ns,
    )  # fmt: skip
    hotspot = await Hotspot.create(
        identity=identity, signer=signer, stores=stores, evidence=evidence, time=time, gate=gate, operator=operator,
        delivery=delivery, hub=hub, metrics=metrics, clock=clock, random=random,
        interval_s=settings[BEACON_INTERVAL_S], networks=_networks(settings),
    )  # fmt: skip
    board = DeviceBoard(clock=clock, hub=hub, frame_heard=hotspot.path.take, forgotten=metrics.forget_device)
    watch = await RadioWatch.open(
        facts=stores.facts, clock=clock, board=board, clock_is_right=lambda: time.is_synchronised
    )
    radios = Radios(
        settings=radio_settings(settings), clock=clock, sink=watch.pass_on, own=hotspot.radios, random=random.random,
        known=await stores.devices.settled(SETTLED_NS),
    )  # fmt: skip
    watch.repair_with(radios.repair)
    agent = Agent(
        clock=clock, stores=stores, hub=hub, board=board, hotspots=[hotspot], evidence=[evidence], delivery=delivery,
        radios=[radios], operator=operator, time=time, watch=watch, attached=settings[DEVICES_ATTACHED],
        random=random.random,
    )  # fmt: skip
    view = RuntimeView(agent, time=time)
    kinds = JobKinds(paths=paths, settings=settings, stores=stores, view=view, clock=clock, random=random)
    jobs = JobBoard(kinds=kinds.all(), clock=clock, hub=hub, show=present)
    api = ApiServer(
        clock=clock, settings=settings, paths=paths, stores=stores, hub=hub, view=view, metrics=metrics, jobs=jobs
    )
    api.serve_beacons(
        BeaconNow(
            hotspot=identity.key.address, region=identity.region, antenna_gain_ddbi=identity.antenna_gain_ddbi,
            beaconer=hotspot.beaconer, radio=lambda: hotspot.radios.first, gate=gate, time=time, clock=clock,
        )
    )  # fmt: skip
    return App(agent=agent, api=api, view=view, jobs=jobs)


def _networks(settings: Settings) -> list[ForwardTarget | HttpTarget]:
    secret = read_secret(settings, FORWARD_HTTP_SECRET_FILE)
    return [*forward_targets(settings[FORWARD_GWMP]), *http_targets(settings[FORWARD_HTTP], secret=secret)]
