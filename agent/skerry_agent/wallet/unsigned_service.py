"""The unsigned-transaction desk of a running agent: on the operator's own chain, or on a server of its own session."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from skerry_agent.wallet.balances import HELIUM_TOKENS, tokens_of
from skerry_agent.wallet.clusters import open_cluster, operator_folder
from skerry_agent.wallet.unsigned import UnsignedDesk
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_wallet.cluster import Cluster

__all__ = ["unsigned_desk"]


def unsigned_desk(paths: Paths, *, cluster: Cluster | None, url: str | None, clock: Clock) -> UnsignedDesk:
    """Return a desk on an open `cluster`, which stays open, or on the server at `url`, opened for each request."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Cluster]:
        if cluster is not None:
            yield cluster
            return
        async with open_cluster(paths, url=url, clock=clock) as remote:
            yield remote

    tokens = HELIUM_TOKENS | tokens_of(operator_folder(paths))
    return UnsignedDesk(open_cluster=opened, tokens=tokens, url=url, clock=clock)
