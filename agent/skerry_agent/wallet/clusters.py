"""Which cluster a wallet command talks to: a JSON-RPC server, or the chain of the operator in this folder."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from skerry_agent.operator.network_file import OperatorFolder
from skerry_client.paths import Paths
from skerry_core.clock import Clock
from skerry_core.errors import NotFoundError
from skerry_wallet.cluster import Cluster
from skerry_wallet.errors import WrongCluster

__all__ = ["chain_folder", "open_cluster", "open_clusters", "operator_folder"]


def operator_folder(paths: Paths) -> OperatorFolder:
    """Return the operator's folder below an agent's state; whether one exists is for the caller to ask."""
    return OperatorFolder(paths.state / "operator")


def chain_folder(folder: Path) -> Path:
    """Return the embedded chain of a folder: an agent's or operator's folder has it inside, else the folder itself."""
    for inner in (folder / "operator", folder):
        if OperatorFolder(inner).exists:
            return OperatorFolder(inner).chain
    return folder


@asynccontextmanager
async def open_cluster(paths: Paths, *, url: str | None, clock: Clock) -> AsyncIterator[Cluster]:
    """Open `url`, or without one the local operator's embedded chain. Raises `NotFoundError`, `ClusterError`."""
    if url is not None:
        from skerry_wallet.rpc.client import JsonRpcCluster

        async with JsonRpcCluster(url, clock=clock, random=random.random) as remote:
            yield remote
        return
    folder = operator_folder(paths)
    if not folder.exists:
        raise NotFoundError(
            "E_NO_CLUSTER",
            f"No network is operated in {paths.state}, so there is no chain to ask.",
            remedy="Name a cluster with --cluster URL, or a demo's folder with `skerry --dir FOLDER ...`.",
        )
    from skerry_wallet.chain.embedded import EmbeddedCluster

    async with EmbeddedCluster(folder.chain, network=folder.read().network, clock=clock) as embedded:
        yield embedded


@asynccontextmanager
async def open_clusters(
    paths: Paths, *, url: str | None, second_url: str, clock: Clock
) -> AsyncIterator[tuple[Cluster, Cluster | None]]:
    """Open a cluster and, beside a JSON-RPC server, the second one that must agree with it ("" for none).

    Raises as `open_cluster`, and `WrongCluster` when the two are not of one chain.
    """
    async with open_cluster(paths, url=url, clock=clock) as first:
        if url is None or not second_url:
            yield first, None
            return
        async with open_cluster(paths, url=second_url, clock=clock) as second:
            expected, got = await first.genesis_hash(), await second.genesis_hash()
            if expected != got:
                raise WrongCluster(expected=expected, got=got)
            yield first, second
