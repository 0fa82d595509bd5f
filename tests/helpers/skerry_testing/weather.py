"""What the weather tests share: an agent under load, and waiting for a status."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from skerry_agent.background import Background
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.models import Status
from skerry_core.clock import SystemClock, io_timeout
from skerry_testing.agents import AgentProcess, create_agent
from skerry_testing.kill_loop import LoadedDevice

__all__ = ["loaded", "until"]

WAIT_S = 60.0


@asynccontextmanager
async def loaded(folder: Path) -> AsyncIterator[tuple[AgentProcess, AgentClient]]:
    """Run an agent with an operator of its own under load until its device is up."""
    port = await create_agent(folder)
    agent = AgentProcess(folder)
    try:
        await agent.ready()
        async with agent.client() as client, Background() as load:
            load.start(LoadedDevice(port).play(), name="load")
            await until(client, lambda status: status.state == "up" and status.devices.up == 1)
            yield agent, client
    finally:
        code = agent.stop()
    assert code == 0, agent.log()[-3000:]


async def until(client: AgentClient, wanted: Callable[[Status], bool]) -> Status:
    """Return the first status that is as wanted. Raises `AssertionError` with the last one."""
    status = await client.call(calls.status())
    try:
        async with io_timeout(WAIT_S):
            while not wanted(status):
                await SystemClock().sleep(0.05)
                status = await client.call(calls.status())
    except TimeoutError:
        raise AssertionError(f"it stays {status}") from None
    return status
