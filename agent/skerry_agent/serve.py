"""Runs one agent of a folder in real time: what `skerry run` does after lock, log and signals are in place."""

import asyncio
import logging
from collections.abc import Callable

from skerry_agent.app import App, compose
from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.evidence.ntp import boot_id, kernel_error_ns
from skerry_agent.identity import open_identity
from skerry_agent.lifetime import Lifetimes
from skerry_agent.operator.house import OperatorHouse, open_house
from skerry_agent.operator.network_file import OperatorFolder
from skerry_agent.operator.treasury import TREASURY
from skerry_agent.runtime.clock_watch import watch_clock
from skerry_agent.runtime.operator import NoOperator, Operator
from skerry_agent.runtime.randomness import Randomness, system_randomness
from skerry_agent.settings import Settings
from skerry_agent.settings.table import OPERATOR_PROFILE, TIME_TRUSTED
from skerry_agent.store import Stores
from skerry_client.paths import Paths
from skerry_core.clock import Clock

__all__ = ["run_agent"]

_STARTS = "starts"  # the fact that counts starts: event ids of a later start are above those of an earlier one
_log = logging.getLogger(__name__)


async def run_agent(
    *, settings: Settings, paths: Paths, clock: Clock, started: Callable[[str, list[str]], None]
) -> None:
    """Run until cancelled; `started(address, notes)` is called once the API answers. Raises `UserError`."""
    random = system_randomness()
    async with Lifetimes() as lifetimes:
        stores = await Stores.open(paths.state, clock=clock, extra=(EVIDENCE, TREASURY))
        await lifetimes.start("stores", _nothing, stores.close)
        signer = await open_identity(settings=settings, paths=paths, facts=stores.facts)
        time = TimeKeeper(clock, boot_id=boot_id(signer.public_key))
        house = await _open_house(paths, stores, clock, random)
        if house is not None:
            await lifetimes.start("operator", _nothing, house.close)
        operator: Operator = house.operator("this agent") if house else NoOperator(profile=settings[OPERATOR_PROFILE])
        app = await compose(
            paths=paths,
            settings=settings,
            clock=clock,
            random=random,
            signer=signer,
            stores=stores,
            time=time,
            operator=operator,
            start_number=await _count_start(stores),
        )
        await lifetimes.start("api", app.api.start, app.api.stop)
        async with Background() as background:
            background.start(
                watch_clock(time, clock=clock, error_ns=kernel_error_ns, trusted=settings[TIME_TRUSTED]), name="clock"
            )
            if house is not None and not house.network.ended:
                background.start(house.oracle.run(), name="oracle")
            background.start(app.agent.run(), name="agent")
            started(app.api.address, _notes(app))
            await asyncio.Event().wait()  # until cancelled, or until a part fails


async def _open_house(paths: Paths, stores: Stores, clock: Clock, random: Randomness) -> OperatorHouse | None:
    """Open the operator that lives in this folder, None when none was ever made here."""
    folder = OperatorFolder(paths.state / "operator")
    if not folder.exists:
        return None
    from skerry_wallet.chain.embedded import EmbeddedCluster

    cluster = EmbeddedCluster(folder.chain, network=folder.read().network, clock=clock)
    return await open_house(folder, db=stores.main, cluster=cluster, clock=clock, random_bytes=random.token_bytes)


async def _count_start(stores: Stores) -> int:
    number = int(await stores.facts.get(_STARTS) or 0) + 1
    await stores.facts.set(_STARTS, str(number))
    return number


async def _nothing() -> None:
    """Already started; only its end is left to do."""


def _notes(app: App) -> list[str]:
    operator = app.agent.operator.status()
    notes = [f"hotspot     {hotspot.identity.name} ({hotspot.identity.key.address})" for hotspot in app.agent.hotspots]
    return [*notes, f"operator    {operator.reason}"]
