"""Opening an operator's folder: a kept network, and rules that must exist for the present time."""

from pathlib import Path

import pytest

from skerry_agent.operator.house import open_house
from skerry_agent.operator.network_file import ROLES, OperatorFolder
from skerry_core.errors import UserError
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import network_file, open_test_house
from skerry_testing.oracle import SeededRandom, signer, simulated
from skerry_testing.stores import open_stores
from skerry_wallet.chain.embedded import EmbeddedCluster


def test_an_ended_network_can_be_read_and_takes_nothing_new(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with open_test_house(tmp_path, clock):
            pass
        files = OperatorFolder(tmp_path / "operator")
        files.write(network_file(ended=True))
        async with open_stores(tmp_path, clock=clock) as stores:
            cluster = EmbeddedCluster(files.chain, network="test-open", clock=clock)
            house = await open_house(
                files, db=stores.main, cluster=cluster, clock=clock, random_bytes=SeededRandom("again")
            )
            client = house.operator("test")
            assert (client.status().pays, client.sink(signer("x").public_key)) == (False, None)
            await house.close()

    simulated(main)


def test_a_profile_without_rules_for_now_is_refused(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        files = OperatorFolder(tmp_path / "operator")
        files.write(network_file(profile="helium-iot", overrides={}))
        for role in ROLES:
            files.keep_key(role, signer(role))
        async with open_stores(tmp_path, clock=clock) as stores:
            cluster = EmbeddedCluster(files.chain, network="test-open", clock=clock)
            with pytest.raises(UserError, match="E_PROFILE_TIME"):
                await open_house(
                    files, db=stores.main, cluster=cluster, clock=clock, random_bytes=SeededRandom("again")
                )
            await cluster.close()

    simulated(main)
