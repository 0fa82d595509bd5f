"""A clock that jumps by a year, either way: nothing is signed by it, the status says so, and all goes on afterwards."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

import pytest

from skerry_agent.api.view import DeviceState
from skerry_agent.app import App, compose
from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.runtime.clock_watch import watch_clock
from skerry_agent.runtime.operator import NoOperator
from skerry_agent.runtime.randomness import seeded_randomness
from skerry_agent.settings import load
from skerry_agent.store import OutboxItem, Stores
from skerry_client.paths import choose_paths
from skerry_core.clock import NS_PER_S, io_timeout
from skerry_oracle.epochs.driver import EpochState
from skerry_simulate.clock import SimulatedClock
from skerry_testing.agents import AgentProcess, create_agent, opened_house
from skerry_testing.evidence import BOOT, signer_of
from skerry_testing.gwmp import push_data, rxpk
from skerry_testing.kill_loop import LoadedDevice
from skerry_testing.simulated import simulated
from skerry_testing.weather import until

YEAR_S = 365 * 86_400
JUMPS = (YEAR_S, -YEAR_S)
FLAGS = {"gwmp.listen": "127.0.0.1:0", "api.port": "0", "hotspot.region": "EU868", "time.trusted": "true"}


@pytest.mark.parametrize("jump_s", JUMPS, ids=("ahead", "back"))
def test_a_year_on_the_clock_stops_signing_until_it_is_undone(tmp_path: Path, jump_s: int) -> None:
    async def main(clock: SimulatedClock) -> None:
        stores = await Stores.open(tmp_path, clock=clock, extra=(EVIDENCE,))
        time = TimeKeeper(clock, boot_id=BOOT)
        app = await compose(
            paths=choose_paths(tmp_path, environ={}),
            settings=load(file=None, environ={}, flags=FLAGS),
            clock=clock,
            random=seeded_randomness("clock"),
            signer=signer_of(),
            stores=stores,
            time=time,
            operator=NoOperator(profile="skerry-open"),
            start_number=1,
        )
        async with Background() as background:
            background.start(watch_clock(time, clock=clock, error_ns=lambda: None, trusted=True), name="clock")
            background.start(app.agent.run(), name="agent")
            await live_through(app, clock, jump_s)
        await stores.close()

    simulated(main)


async def live_through(app: App, clock: SimulatedClock, jump_s: int) -> None:
    beacons = fresh_beacons()
    (radios,) = app.agent.radios
    await radios.listening.wait()
    assert radios.server is not None
    with socket(AF_INET, SOCK_DGRAM) as radio:
        radio.connect(radios.server.address)
        radio.send(next(beacons))
        await clock.sleep(90)
        assert await witnesses(app) == 1
        clock.jump_wall(jump_s)
        await clock.sleep(10)
        status = app.view.status()
        assert status.state is DeviceState.DOWN
        assert status.clock.synchronised is False
        assert f"365 days {'ahead' if jump_s > 0 else 'back'}" in status.summary
        assert status.next_step == "timedatectl set-ntp true"
        radio.send(next(beacons))
        await clock.sleep(300)
        assert await witnesses(app) == 1  # heard and kept, not signed
        clock.jump_wall(-jump_s)
        await clock.sleep(10)
        assert app.view.status().clock.synchronised is True
        radio.send(next(beacons))
        await clock.sleep(10)
        assert await witnesses(app) == 3  # the one that waited is signed now


async def witnesses(app: App) -> int:
    return len((await app.agent.stores.witnesses.page(limit=50)).rows)


def fresh_beacons() -> Iterator[bytes]:
    """Yield datagrams, each with a beacon never heard before."""
    for number in range(1, 200):
        phy = b"\xe0" + bytes([number]) * 51
        yield push_data({"rxpk": [rxpk(tmst=number * 1000, size=len(phy), data=b64encode(phy).decode())]})


def test_what_was_put_off_by_a_clock_ahead_is_sent_when_it_is_right(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        stores = await Stores.open(tmp_path, clock=clock)
        now_ns = clock.wall_ns()
        item = OutboxItem(id="w", class_="witness", body=b"r", created_ns=now_ns, deadline_ns=now_ns + 2700 * NS_PER_S)
        await stores.outbox.put(item)
        await stores.outbox.retry("w", next_try_ns=now_ns + YEAR_S * NS_PER_S, reason="the clock was ahead")
        assert [one.id for one in await stores.outbox.due(now_ns)] == ["w"]
        assert await stores.outbox.due(now_ns + 2 * YEAR_S * NS_PER_S) == []
        overdue = await stores.outbox.overdue(now_ns + 2 * YEAR_S * NS_PER_S)
        assert [one.id for one in overdue] == ["w"]
        await stores.close()

    simulated(main)


@pytest.mark.parametrize("jump_s", JUMPS, ids=("ahead", "back"))
async def test_a_running_agent_pays_nothing_by_a_wrong_clock_and_goes_on_with_the_right_one(
    tmp_path: Path, jump_s: int
) -> None:
    port = await create_agent(tmp_path)
    agent = AgentProcess(tmp_path, clock_shift=tmp_path / "shift")
    try:
        await agent.ready()
        async with agent.client() as client, Background() as load:
            load.start(LoadedDevice(port).play(), name="load")
            await until(client, lambda status: status.state == "up")
            (tmp_path / "shift").write_text(str(jump_s))
            status = await until(client, lambda status: status.clock.synchronised is False)
            assert "The clock is not right: it jumped by 365 days" in status.summary
            assert status.state == "down"
            (tmp_path / "shift").write_text("0")
            await until(client, lambda status: status.state == "up" and status.clock.synchronised is True)
            paid = agent.log().count(": paid")
            async with io_timeout(60):
                while agent.log().count(": paid") < paid + 2:
                    await asyncio.to_thread(agent.process.join, 0.05)
    finally:
        code = agent.stop()
    assert code == 0, agent.log()[-3000:]
    async with opened_house(tmp_path) as (house, _):
        closed = [row for row in await house.oracle.epochs.all() if EpochState(row.state).is_final]
    assert len(closed) >= 2
    early_or_late = [row for row in closed if not row.end_ms <= row.changed_ms < row.end_ms + YEAR_S * 500]
    assert early_or_late == []  # none was closed by the wrong clock, not even in the moment before it was noticed
