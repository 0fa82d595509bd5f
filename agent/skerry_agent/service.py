"""One agent as a service: opens what is in its folder, composes it, serves it, stops it. Called by `skerry run`."""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils.migrations import Migrations

from skerry_agent.alerts.channels import Channels
from skerry_agent.alerts.conditions import Limits
from skerry_agent.alerts.credits import CreditWatch
from skerry_agent.alerts.loop import Alerts, parse_quiet
from skerry_agent.api.guard import is_loopback
from skerry_agent.app import App, compose
from skerry_agent.background import Background, Replaceable
from skerry_agent.discovery.records import Service
from skerry_agent.discovery.responder import own_addresses, respond
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.evidence.ntp import boot_id, kernel_error_ns
from skerry_agent.housekeeping import keep_house
from skerry_agent.lifetime import Lifetimes
from skerry_agent.logs import set_level
from skerry_agent.mqtt.broker import Broker
from skerry_agent.mqtt.link import MqttLink
from skerry_agent.mqtt.telemetry import telemetry
from skerry_agent.operator.network_file import OperatorFolder
from skerry_agent.runtime.clock_watch import watch_clock
from skerry_agent.runtime.operator import NoOperator, Operator
from skerry_agent.runtime.port_watch import PortWatch
from skerry_agent.runtime.randomness import system_randomness
from skerry_agent.runtime.steady_time import SteadyTime
from skerry_agent.settings import Settings
from skerry_agent.settings.live import LiveSettings
from skerry_agent.settings.table import (
    ALERTS_QUIET_HOURS,
    ALERTS_SILENT_HOURS,
    API_HOST,
    API_MDNS,
    BEACON_INTERVAL_S,
    CLUSTER,
    GATEWAY_KEY,
    LOG_LEVEL,
    METRICS_OPEN,
    MQTT_HOME_ASSISTANT,
    MQTT_INTERVAL_S,
    OPERATOR_INGEST,
    OPERATOR_PROFILE,
    TIME_TRUSTED,
)
from skerry_agent.store import Facts, Stores
from skerry_client.paths import Paths
from skerry_core import __version__
from skerry_core.clock import Clock
from skerry_core.errors import UserError
from skerry_firmware_bridge.discovery.hotplug import watch_ports
from skerry_keys.signer import Signer
from skerry_wallet.keyfile.gateway import open_or_create_gateway_key

if TYPE_CHECKING:
    from skerry_agent.operator.house import OperatorHouse

__all__ = ["run_agent"]

Started = Callable[[str, list[str]], None]
_log = logging.getLogger(__name__)


async def run_agent(
    *, read_settings: Callable[[], Settings], hangup: asyncio.Event, paths: Paths, clock: Clock, started: Started
) -> None:
    """Run until cancelled. `started` gets the API's address and what a person should know.

    The settings are read now, and again each time `hangup` is set.

    Raises `UserError` when the folder, the key, the settings or the port do not allow a start.
    """
    settings = read_settings()
    live = LiveSettings(settings, read=read_settings)
    folder = OperatorFolder(paths.state / "operator")
    async with Lifetimes() as lifetimes:
        stores = await Stores.open(paths.state, clock=clock, extra=_migrations(folder))
        lifetimes.add("stores", stores.close)
        signer = await asyncio.to_thread(_signer, settings, paths)
        time = TimeKeeper(clock, boot_id=boot_id(secrets.token_bytes(16)))
        house = await _house(folder, stores=stores, clock=clock, time=time, lifetimes=lifetimes)
        operator = _operator(house, settings=settings, signer=signer, clock=clock)
        lifetimes.add("operator connection", operator.close)
        app = await compose(
            paths=paths,
            settings=settings,
            clock=clock,
            random=system_randomness(),
            signer=signer,
            stores=stores,
            time=time,
            operator=operator,
            start_number=await _count_start(stores.facts),
        )
        async with Background() as background, Lifetimes() as serving:
            watching = watch_clock(time, clock=clock, error_ns=kernel_error_ns, trusted=settings[TIME_TRUSTED])
            background.start(watching, name="clock")
            make_alerts = partial(_alerts, app, stores=stores, clock=clock, credits=_credit_watch(house, clock))
            alerts = Replaceable(make_alerts(settings=settings).run, name="alerts")
            background.start(alerts.run(), name="alerts")
            mqtt = Replaceable(_mqtt(app, stores=stores, settings=settings, clock=clock), name="mqtt")
            background.start(mqtt.run(), name="mqtt")
            retention = keep_house(
                stores=stores, settings=lambda: live.now, clock=clock, time=SteadyTime(time, clock=clock)
            )
            background.start(retention, name="retention")
            live.tell(
                lambda new: partial(alerts.replace, make_alerts(settings=new).run),
                lambda new: partial(mqtt.replace, _mqtt(app, stores=stores, settings=new, clock=clock)),
                lambda new: partial(app.api.open_metrics, new[METRICS_OPEN]),
                lambda new: partial(set_level, new[LOG_LEVEL]),
            )
            app.api.serve_reload(live.reload)
            _serve_transactions(app, house, paths=paths, settings=settings, clock=clock)
            background.start(_reload_on(hangup, live), name="settings")
            if house is not None:
                await serving.start("operator admin", house.admin.start, house.admin.stop)
                background.start(house.run(), name="network operator")
            background.start(app.agent.run(), name="agent")
            background.start(_port_watch(app, clock).run(), name="ports")
            background.start(app.jobs.run(), name="jobs")
            await serving.start("api", app.api.start, app.api.stop)
            if not is_loopback(settings[API_HOST]) and settings[API_MDNS]:
                background.start(respond(await _service(app, stores.facts), clock=clock), name="mDNS")
            started(app.api.address, _notes(app, operator))
            await asyncio.Event().wait()


def _port_watch(app: App, clock: Clock) -> PortWatch:
    return PortWatch(hub=app.agent.hub, used=app.view.devices, changes=partial(watch_ports, clock=clock))


def _serve_transactions(
    app: App, house: "OperatorHouse | None", *, paths: Paths, settings: Settings, clock: Clock
) -> None:
    """Offer unsigned transactions where there is a chain: the operator's own, or the server that the settings name."""
    url = None if settings[CLUSTER] == "embedded" else settings[CLUSTER]
    if url is None and house is None:
        return
    from skerry_agent.wallet.unsigned_service import unsigned_desk

    cluster = house.cluster if house is not None and url is None else None
    app.api.serve_transactions(unsigned_desk(paths, cluster=cluster, url=url, clock=clock))


async def _reload_on(hangup: asyncio.Event, live: LiveSettings) -> None:
    while True:
        await hangup.wait()
        hangup.clear()
        try:
            await live.reload()
        except UserError as error:
            _log.error("settings: not read again, nothing has changed: %s", error)


def _alerts(app: App, *, stores: Stores, settings: Settings, clock: Clock, credits: CreditWatch | None) -> Alerts:
    return Alerts(
        view=app.view,
        stores=stores,
        channels=Channels.from_settings(settings),
        clock=clock,
        quiet=parse_quiet(settings[ALERTS_QUIET_HOURS]),
        limits=Limits(silent_hours=settings[ALERTS_SILENT_HOURS], beacon_interval_s=settings[BEACON_INTERVAL_S]),
        credits=credits,
    )


def _credit_watch(house: "OperatorHouse | None", clock: Clock) -> CreditWatch | None:
    """Return who watches the data credits of the operator in this folder; others' are not ours to buy."""
    if house is None or house.network.ended:
        return None
    from skerry_agent.wallet.credit_usage import usage_by_day
    from skerry_wallet.address import address_text
    from skerry_wallet.economy.dc_runway import DcRunway, dc_runway

    treasury = house.treasury
    owner = address_text(treasury.data_payer.public_key[1:])

    async def runway() -> DcRunway:
        return dc_runway(*await usage_by_day(treasury.ledger, owner, now_s=clock.wall_s()))

    return CreditWatch(runway)


def _mqtt(app: App, *, stores: Stores, settings: Settings, clock: Clock) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return the work of the MQTT link; where no broker is set there is none to do."""
    broker = Broker.from_settings(settings)
    if broker is None:
        return _nothing
    link = MqttLink(
        broker=broker,
        view=app.view,
        telemetry=lambda: telemetry(app.view, stores, now_ns=clock.wall_ns()),
        clock=clock,
        jitter=random.random,
        interval_s=settings[MQTT_INTERVAL_S],
        discovery_prefix=settings[MQTT_HOME_ASSISTANT],
    )
    return link.run


async def _nothing() -> None:
    """Do nothing."""


def _migrations(folder: OperatorFolder) -> tuple[Migrations, ...]:
    if not folder.exists:
        return (EVIDENCE,)
    from skerry_agent.operator.treasury import TREASURY

    return (EVIDENCE, TREASURY)


def _signer(settings: Settings, paths: Paths) -> Signer:
    from skerry_keys.uri import EccLocation, TpmLocation

    def open_hardware(location: EccLocation | TpmLocation) -> Signer:
        from skerry_keys.hardware.open_key import open_hardware_key

        return open_hardware_key(location)

    return open_or_create_gateway_key(
        paths.keys,
        random_bytes=secrets.token_bytes,
        key_uri=settings[GATEWAY_KEY] or None,
        open_hardware=open_hardware,
    )


def _operator(house: "OperatorHouse | None", *, settings: Settings, signer: Signer, clock: Clock) -> Operator:
    """Return the operator in this folder, else the one that the settings name, else none."""
    if house is not None:
        return house.operator("local")
    if not settings[OPERATOR_INGEST]:
        return NoOperator(profile=settings[OPERATOR_PROFILE])
    from skerry_agent.runtime.remote_operator import RemoteOperator

    return RemoteOperator.from_settings(settings, signer=signer, clock=clock, random=system_randomness())


async def _house(
    folder: OperatorFolder, *, stores: Stores, clock: Clock, time: TimeKeeper, lifetimes: Lifetimes
) -> "OperatorHouse | None":
    """Open the operator whose files lie in the folder, None when none was ever made there."""
    if not folder.exists:
        return None
    from skerry_agent.operator.house import open_house
    from skerry_wallet.chain.embedded import EmbeddedCluster

    cluster = EmbeddedCluster(folder.chain, network=folder.read().network, clock=clock)
    house = await open_house(
        folder,
        db=stores.main,
        cluster=cluster,
        clock=clock,
        random_bytes=secrets.token_bytes,
        is_time_known=lambda: time.is_synchronised,
    )
    lifetimes.add("operator", house.close)
    return house


async def _service(app: App, facts: Facts) -> Service:
    """Return what is announced to the network; its id is random and kept, and says nothing about the hotspot."""
    name = await facts.get("discovery_id")
    if name is None:
        name = secrets.token_hex(3)
        await facts.set("discovery_id", name)
    port = int(app.api.address.rpartition(":")[2])
    tls = app.api.address.startswith("https:")
    return Service(id=name, port=port, version=__version__, tls=tls, addresses=own_addresses())


async def _count_start(facts: Facts) -> int:
    """Return a number above that of every earlier start, so that event ids rise for ever."""
    number = int(await facts.get("starts") or 0) + 1
    await facts.set("starts", str(number))
    return number


def _notes(app: App, operator: Operator) -> list[str]:
    notes = [f"hotspot     {hotspot.identity.key.address} ({hotspot.identity.name})" for hotspot in app.agent.hotspots]
    status = operator.status()
    return [*notes, f"operator    {status.reason}"]
