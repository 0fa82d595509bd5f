"""Two agents with one set of keys, and a restored older copy of a whole folder: no epoch is paid twice.

The chain is what all copies share, as they would share a public cluster: money lies on it and not in a folder.
"""

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

from skerry_agent.background import Background
from skerry_agent.operator.house import OperatorHouse
from skerry_agent.operator.treasury import PaymentWaits
from skerry_core.clock import SystemClock
from skerry_testing.agents import NETWORK, AgentProcess, FastClock, create_agent, opened_house, stated_payments
from skerry_testing.cli import skerry
from skerry_testing.kill_loop import LoadedDevice
from skerry_wallet.chain.embedded import EmbeddedCluster
from skerry_wallet.tokens import read_mint

LIVE_S = 4.0
DUE_S = 5.0  # by then the last epoch that carried anything may be closed: an epoch, its lateness, the ripening


def copied(home: Path, copy: Path) -> None:
    """Copy a folder in which no agent runs."""
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("api.*"))


async def live(folder: Path, port: int) -> None:
    """Let an agent carry packets and pay for some seconds, then kill it and its chain, which would tidy up first."""
    agent = AgentProcess(folder)
    try:
        await agent.ready()
        async with Background() as load:
            load.start(LoadedDevice(port).play(), name="load")
            await SystemClock().sleep(LIVE_S)
    finally:
        agent.kill(with_chain=True)


async def test_a_second_agent_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    await create_agent(tmp_path)
    agent = AgentProcess(tmp_path)
    try:
        await agent.ready()
        twin = await asyncio.to_thread(skerry, tmp_path, "run")
        assert (twin.code, "E_RUNNING" in twin.err) == (5, True)
        assert str(agent.process.pid) in twin.err
    finally:
        assert agent.stop() == 0


async def test_an_agent_with_a_copy_of_the_keys_cannot_open_the_others_chain(tmp_path: Path) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    await create_agent(home)
    copied(home, twin)
    shutil.rmtree(twin / "operator" / "chain")
    (twin / "operator" / "chain").symlink_to(home / "operator" / "chain")
    agent = AgentProcess(home)
    try:
        await agent.ready()
        second = AgentProcess(twin, "--set", "gwmp.listen=")
        await asyncio.to_thread(second.process.join, 30)
        assert second.stop() == 1
        assert "E_CHAIN_IN_USE" in second.log()
    finally:
        assert agent.stop() == 0


async def test_two_copies_of_a_folder_pay_every_epoch_once_between_them(tmp_path: Path) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    await live(home, await create_agent(home))
    await SystemClock().sleep(DUE_S)
    copied(home, twin)
    clock = FastClock(home, system=SystemClock())
    chain = home / "operator" / "chain"
    async with (
        EmbeddedCluster(chain, network=NETWORK, clock=clock) as cluster,
        opened_house(home, clock=clock, cluster=cluster) as (one, _),
        opened_house(twin, clock=clock, cluster=cluster) as (other, _),
    ):
        before = await supply(one)
        async with asyncio.TaskGroup() as group:
            for house in (one, other):
                group.create_task(house.oracle.advance(), name="test: close and pay")
        stated = await stated_by(one)
        assert stated == await stated_by(other)
        assert stated > before, "nothing was left to pay"
        assert await supply(one) == stated
        for house in (one, other):
            assert (await house.treasury.compare()).differences == ()


async def test_a_restored_older_copy_of_the_folder_pays_nothing_twice(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    port = await create_agent(home)
    await live(home, port)
    copied(home, copy)
    await live(home, port)
    await SystemClock().sleep(DUE_S)
    clock = FastClock(home, system=SystemClock())
    async with EmbeddedCluster(home / "operator" / "chain", network=NETWORK, clock=clock) as cluster:
        async with opened_house(home, clock=clock, cluster=cluster) as (house, _):
            await house.oracle.advance()
            paid, burned = await supply(house), await supply(house, "demo-DC")
            assert paid == await stated_by(house) > 0
        async with opened_house(copy, clock=clock, cluster=cluster) as (house, _):
            remembered = await stated_by(house)
            assert remembered < paid, "the copy is not older"
            with suppress(PaymentWaits):  # an epoch of which the copy knows only a part waits for a person
                await house.oracle.advance()
            assert await supply(house) == paid
            assert await supply(house, "demo-DC") == burned


async def supply(house: OperatorHouse, token: str = "demo-IOT") -> int:
    """Return how many units of a token exist."""
    return (await read_mint(house.treasury.cluster, house.treasury.tokens.tokens[token].mint))[0]


async def stated_by(house: OperatorHouse) -> int:
    """Return what the manifests of all paid epochs give away."""
    return sum(payments.total() for _, payments in await stated_payments(house))
