"""The oracle and packet router of an operator's folder, without its money: the house and offline commands open it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from skerry_agent.operator.chain_credits import ClosedCredits
from skerry_agent.operator.network_file import NetworkFile, OperatorFolder
from skerry_core.clock import Clock
from skerry_coverage.profile.loader import load_profile, with_overrides
from skerry_coverage.profile.model import Profile
from skerry_oracle.admin.server import AdminServer
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.network import OracleNetwork
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.store.sqlite import SqliteDatabase

__all__ = ["ADMIN_ADDRESS", "profile_of", "served_offline"]

ADMIN_ADDRESS = "127.0.0.1:0"  # commands of this machine find it by the operator's folder


def profile_of(network: NetworkFile) -> Profile:
    """Return the profile with what this network sets differently. Raises `ProfileRejected`."""
    return with_overrides(load_profile(network.profile), network.overrides)


@asynccontextmanager
async def served_offline(
    folder: OperatorFolder, *, clock: Clock, random_bytes: Callable[[int], bytes]
) -> AsyncIterator[None]:
    """Serve the admin API of an operator whose agent does not run, for one command; nothing is judged or paid.

    The caller holds the agent's lock. Raises `UserError` E_OPERATOR_FOLDER, E_PROFILE_TIME, `ProfileRejected`.
    """
    network = folder.read()
    rules = OracleNetwork.of_profile(profile_of(network), at_s=clock.wall_s(), test_tokens=network.test_tokens)
    oracle = EmbeddedOracle(
        SqliteDatabase(folder.database, clock=clock),
        network=rules,
        signer=folder.key("oracle"),
        clock=clock,
        random_bytes=random_bytes,
    )
    await oracle.open()
    try:
        router = PacketRouter(oracle, credits=ClosedCredits())
        await router.open()
        async with AdminServer(oracle, router=router, folder=folder.path, address=ADMIN_ADDRESS):
            yield
    finally:
        await oracle.close()
