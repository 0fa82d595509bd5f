"""Opens the operator of a folder for one command, while no agent runs there: claims, data credits, reconciliation."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from skerry_agent.evidence import EVIDENCE
from skerry_agent.instance_lock import InstanceLock
from skerry_agent.operator.house import OperatorHouse, open_house
from skerry_agent.operator.network_file import OperatorFolder
from skerry_agent.operator.treasury import TREASURY
from skerry_agent.store import Database
from skerry_agent.store.schema import SKERRY
from skerry_agent.wallet.clusters import operator_folder
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError

__all__ = ["open_local_house", "require_operator"]


def require_operator(paths: Paths) -> OperatorFolder:
    """Return the operator's folder. Raises `NotFoundError` E_NO_OPERATOR where no network was ever made."""
    folder = operator_folder(paths)
    if not folder.exists:
        raise NotFoundError(
            "E_NO_OPERATOR",
            f"No network is operated in {paths.state}.",
            remedy="Name a kept demo with `skerry --dir FOLDER ...`, or Helium with --network helium.",
        )
    return folder


@asynccontextmanager
async def open_local_house(paths: Paths, *, clock: Clock) -> AsyncIterator[OperatorHouse]:
    """Open it under the folder's lock. Raises `NotFoundError`, `RefusedError` E_RUNNING, as `open_house`."""
    folder = require_operator(paths)
    async with AsyncExitStack() as stack:
        stack.enter_context(InstanceLock(paths.lock))
        db = await Database.open(paths.database, clock=clock, migrations=(SKERRY, EVIDENCE, TREASURY))
        stack.push_async_callback(db.close)
        from skerry_wallet.chain.embedded import EmbeddedCluster

        cluster = EmbeddedCluster(folder.chain, network=folder.read().network, clock=clock)
        stack.push_async_callback(cluster.close)
        house = await open_house(folder, db=db, cluster=cluster, clock=clock, random_bytes=secrets.token_bytes)
        stack.push_async_callback(house.oracle.close)
        yield house
