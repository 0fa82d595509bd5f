"""The running demo: real agents, oracle and chain on simulated time, joined by the RF medium to emulated radios."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skerry_agent.app import App, compose
from skerry_agent.background import Background
from skerry_agent.demo.network_server import DemoNetworkServer, demo_network_server
from skerry_agent.demo.plan import REGION, Fraud, NeighbourhoodPlan, PlannedHotspot, RadioKind
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.operator.house import OperatorHouse, open_house
from skerry_agent.operator.network_file import ROLES, NetworkFile, OperatorFolder
from skerry_agent.operator.treasury import TREASURY
from skerry_agent.runtime.operator import Operator
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import Settings, load
from skerry_agent.settings.edit import set_in_file
from skerry_agent.settings.setting import Setting
from skerry_agent.settings.table import ANTENNA_GAIN_DDBI, LOCATION_CELL, LOCATION_ELEVATION_M, OWNER
from skerry_agent.settings.table import REGION as REGION_SETTING
from skerry_agent.store import Stores
from skerry_client.paths import choose_paths
from skerry_core.clock import NS_PER_MS
from skerry_core.files import write_atomic
from skerry_coverage.evidence.entry import TimeSource
from skerry_coverage.lorawan.routing import Route
from skerry_coverage.records import Location, Registration, sign_record
from skerry_keys.public_key import PublicKey
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_simulate.at_radio import AtRadioEmulator
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import RfMedium
from skerry_wallet.chain.embedded import EmbeddedCluster

__all__ = ["DEMO_ROUTE", "NETWORK", "World", "open_world"]

NETWORK = "skerry-demo"
EPOCH_S = 3600
BEACON_INTERVAL_S = 600
LATENESS_S = 300
CLOCK_ERROR_NS = 5 * NS_PER_MS
TOKENS = {"demo-HNT": 8, "demo-IOT": 6, "demo-MOBILE": 6, "demo-ENERGY": 6, "demo-DC": 0}
OPERATOR_LAMPORTS = 100_000_000_000
DATA_CREDITS = 1_000_000
# The devices of the demo have addresses of Helium's own NetID.
DEMO_ROUTE = Route(id="demo", oui=1, net_id=0x00003C, max_copies=3, dev_addr_ranges=((0x78000000, 0x79FFFFFF),))
_KEPT_SETTINGS: tuple[Setting[Any], ...] = (
    OWNER, REGION_SETTING, LOCATION_CELL, LOCATION_ELEVATION_M, ANTENNA_GAIN_DDBI,
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that runs; apps are in the order of the plan's hotspots."""

    plan: NeighbourhoodPlan
    clock: SimulatedClock
    medium: RfMedium
    house: OperatorHouse
    network_server: DemoNetworkServer
    apps: list[App] = field(default_factory=list)


@asynccontextmanager
async def open_world(plan: NeighbourhoodPlan, *, folder: Path, clock: SimulatedClock) -> AsyncIterator[World]:
    """Build the world in an empty folder and run it for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        medium = RfMedium(clock=clock, seed=plan.seed)
        stores = [await _stores(stack, _folder(folder, hotspot), clock) for hotspot in plan.hotspots]
        house, lns = await _open_operator(stack, plan, folder, stores[0], clock)
        world = World(plan=plan, clock=clock, medium=medium, house=house, network_server=lns)
        await _register(plan, house, clock)
        background = await stack.enter_async_context(Background())
        background.start(house.run(), name="network operator")
        for hotspot, own in zip(plan.hotspots, stores, strict=True):
            app = await _start(stack, background, world, hotspot, stores=own, folder=folder)
            world.apps.append(app)
        yield world


async def _stores(stack: AsyncExitStack, folder: Path, clock: SimulatedClock) -> Stores:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240 - one folder, at the start
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE, TREASURY))
    stack.push_async_callback(stores.close)
    return stores


async def _open_operator(
    stack: AsyncExitStack, plan: NeighbourhoodPlan, folder: Path, stores: Stores, clock: SimulatedClock
) -> tuple[OperatorHouse, DemoNetworkServer]:
    files = OperatorFolder(folder / "operator")
    files.write(
        NetworkFile(
            network=NETWORK,
            profile="skerry-open",
            overrides={
                "network": NETWORK,
                "title": "Skerry demo: test tokens, worth nothing",
                "operator.oracle_keys": [PublicKey.from_binary(plan.operator_keys["oracle"].public_key).address],
                "operator.signatures_needed": 1,
                "tokens.iot.symbol": "demo-IOT",
                "iot.epoch_s": EPOCH_S,
                "iot.lateness_s": LATENESS_S,
                "iot.poc.beacon_interval_s": BEACON_INTERVAL_S,
            },
            reward_token="demo-IOT",  # noqa: S106 - the name of a currency
            credit_token="demo-DC",  # noqa: S106
            tokens=TOKENS,
            test_tokens=True,
            ended=False,
            minimum_dc=0,  # a day's traffic of the neighbourhood is all that the demo's payer holds
        )
    )
    for role in ROLES:
        files.keep_key(role, plan.operator_keys[role])
    cluster = EmbeddedCluster(files.chain, network=NETWORK, clock=clock)
    for role in ("payer", "mint_authority"):
        address = PublicKey.from_binary(plan.operator_keys[role].public_key).solana_address
        assert address is not None
        await cluster.airdrop(address, OPERATOR_LAMPORTS)
    house = await open_house(
        files,
        db=stores.main,
        cluster=cluster,
        clock=clock,
        random_bytes=seeded_randomness(f"{plan.seed} oracle").token_bytes,
    )
    stack.push_async_callback(house.close)
    lns = await stack.enter_async_context(demo_network_server())
    await house.router.book.put(RouteRecord(route=DEMO_ROUTE, server=GwmpServer(host="127.0.0.1", port=lns.port)))
    await house.treasury.issue_credits("demo start", DATA_CREDITS)
    return house, lns


async def _register(plan: NeighbourhoodPlan, house: OperatorHouse, clock: SimulatedClock) -> None:
    """Register, admit and place every hotspot but the one that the operator never admitted."""
    for hotspot in plan.hotspots:
        if hotspot.fraud is Fraud.NOT_ADMITTED:
            continue
        gateway, owner = hotspot.gateway.public_key, hotspot.owner.public_key
        registration = Registration(
            network=NETWORK, gateway=gateway, owner=owner, is_full=True, made_ms=clock.wall_ms()
        )
        await house.oracle.registry.register(
            registration,
            gateway_signature=sign_record(registration, hotspot.gateway),
            owner_signature=sign_record(registration, hotspot.owner),
        )
        await house.oracle.registry.admit(gateway, by="demo")
        location = Location(
            network=NETWORK,
            gateway=gateway,
            owner=owner,
            number=1,
            cell=hotspot.cell,
            region=REGION,
            gain_ddbi=hotspot.gain_ddbi,
            elevation_m=hotspot.height_m,
            made_ms=clock.wall_ms(),
        )
        await house.oracle.registry.assert_location(location, owner_signature=sign_record(location, hotspot.owner))


async def _start(
    stack: AsyncExitStack,
    background: Background,
    world: World,
    hotspot: PlannedHotspot,
    *,
    stores: Stores,
    folder: Path,
) -> App:
    """Start one hotspot's radio emulator and its agent."""
    clock, home = world.clock, _folder(folder, hotspot)
    emulator = None
    if hotspot.radio is not RadioKind.GWMP:
        emulator = AtRadioEmulator(
            kind=hotspot.radio.value,
            name=f"{hotspot.radio.value}-{hotspot.number}",
            cell=hotspot.cell,
            medium=world.medium,
            clock=clock,
            seed=world.plan.seed,
            folder=home,
            gain_dbi=hotspot.gain_ddbi / 10,
            height_m=hotspot.height_m,
        )
        await stack.enter_async_context(emulator)
    owner = PublicKey.from_binary(hotspot.owner.public_key).solana_address
    flags = {
        "hotspot.owner": owner or "",
        "hotspot.region": REGION,
        "hotspot.location": hotspot.cell,
        "hotspot.elevation_m": str(hotspot.height_m),
        "hotspot.antenna_gain_ddbi": str(hotspot.gain_ddbi),
        "gwmp.listen": "127.0.0.1:0" if emulator is None else "",
        **({} if emulator is None else {"serial.radios": f"{hotspot.radio.value}:{emulator.path}"}),
        "beacon.interval_s": str(BEACON_INTERVAL_S),
    }
    settings = load(file=None, environ={}, flags=flags)
    _keep(home, hotspot, settings)
    time = TimeKeeper(clock, boot_id=hotspot.eui.ljust(16, b"\0"))
    time.synchronised(TimeSource.SIMULATED, error_ns=CLOCK_ERROR_NS)
    operator: Operator = world.house.operator(f"hotspot {hotspot.number}")
    app = await compose(
        paths=choose_paths(home, environ={}),
        settings=settings,
        clock=clock,
        random=seeded_randomness(f"{world.plan.seed} agent {hotspot.number}"),
        signer=hotspot.gateway,
        stores=stores,
        time=time,
        operator=operator,
        start_number=1,
    )
    background.start(app.agent.run(), name=f"agent {hotspot.number}")
    if emulator is None:
        await _attach_forwarder(stack, hotspot, app, world)
    return app


async def _attach_forwarder(stack: AsyncExitStack, hotspot: PlannedHotspot, app: App, world: World) -> None:
    (radios,) = app.agent.radios
    await radios.listening.wait()
    assert radios.server is not None
    forwarder = PacketForwarderEmulator(
        eui=hotspot.eui,
        cell=hotspot.cell,
        medium=world.medium,
        clock=world.clock,
        server=radios.server.address,
        seed=world.plan.seed,
        gain_dbi=hotspot.gain_ddbi / 10,
        height_m=hotspot.height_m,
    )
    await stack.enter_async_context(forwarder)


def _folder(folder: Path, hotspot: PlannedHotspot) -> Path:
    """The first hotspot's agent is the operator's own and lives in the demo's folder itself."""
    return folder if hotspot.number == 0 else folder / "neighbours" / f"{hotspot.number:02d}"


def _keep(home: Path, hotspot: PlannedHotspot, settings: Settings) -> None:
    """Leave key and settings as an agent's folder has them, so that `skerry run --dir` can open a kept demo."""
    paths = choose_paths(home, environ={})
    paths.create()
    write_atomic(paths.gateway_key, hotspot.gateway.to_key_file())
    for setting in _KEPT_SETTINGS:
        set_in_file(paths.config, setting, settings[setting])
