"""Whole agents with emulated radios join an oracle by the five settings and talk nothing but gRPC with it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import h3

from skerry_agent.app import App, compose
from skerry_agent.background import Background
from skerry_agent.evidence import EVIDENCE, TimeKeeper
from skerry_agent.runtime.randomness import Randomness
from skerry_agent.runtime.remote_operator import RemoteOperator
from skerry_agent.settings import load
from skerry_agent.store import ReportState, Stores
from skerry_client.paths import choose_paths
from skerry_coverage.evidence.entry import EntryKind, TimeSource
from skerry_firmware_bridge.radio import DeviceState
from skerry_keys.public_key import PublicKey
from skerry_oracle.services.server import OracleServer
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_simulate.forwarder import PacketForwarderEmulator
from skerry_simulate.medium import RfMedium
from skerry_testing.oracle import OncePayer, SeededRandom, make_oracle, simulated
from skerry_testing.village import Village, Villager

INTERVAL_S = 21_600


@contextlib.asynccontextmanager
async def agent(person: Villager, folder: Path, clock: SimulatedClock, operator: dict[str, str]) -> AsyncIterator[App]:
    settings = load(
        file=None,
        environ={},
        flags=operator
        | {
            "hotspot.region": "EU868",
            "hotspot.location": person.cell,
            "gwmp.listen": "127.0.0.1:0",
            "beacon.interval_s": str(INTERVAL_S),
        },
    )
    folder.mkdir(parents=True)
    stores = await Stores.open(folder, clock=clock, extra=(EVIDENCE,))
    time = TimeKeeper(clock, boot_id=bytes(16))
    time.synchronised(TimeSource.SIMULATED, error_ns=0)
    random = Randomness(token_bytes=SeededRandom(person.name), random=Random(person.name))
    remote = RemoteOperator.from_settings(settings, signer=person.gateway, clock=clock, random=random)
    app = await compose(
        paths=choose_paths(folder, environ={}), settings=settings, clock=clock, random=random, signer=person.gateway,
        stores=stores, time=time, operator=remote, start_number=1,
    )  # fmt: skip
    async with Background() as background:
        background.start(app.agent.run(), name=person.name)
        await app.agent.radios[0].listening.wait()
        yield app
    await remote.close()
    await stores.close()


def test_agents_join_by_settings_and_their_beacons_are_witnessed_and_judged(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock, payer=OncePayer())
        await oracle.open()
        village = Village(3)
        await village.join(oracle.registry)
        medium = RfMedium(clock=clock, seed=1)
        async with OracleServer(oracle, addresses=["127.0.0.1:0"]) as server, contextlib.AsyncExitStack() as stack:
            address = f"http://127.0.0.1:{server.ports[0]}"
            operator = {f"operator.{name}": address for name in ("ingest", "entropy", "config")}
            operator["operator.key"] = PublicKey.from_binary(oracle.signer.public_key).address
            background = await stack.enter_async_context(Background())
            background.start(oracle.run(), name="oracle")
            apps = []
            for number, person in enumerate(village.people):
                app = await stack.enter_async_context(agent(person, tmp_path / person.name, clock, operator))
                apps.append(app)
                server_of_agent = app.agent.radios[0].server
                assert server_of_agent is not None
                forwarder = PacketForwarderEmulator(
                    eui=bytes(7) + bytes([number + 1]), cell=h3.cell_to_center_child(person.cell, 13), medium=medium,
                    clock=clock, server=server_of_agent.address, seed=number, keepalive_s=30,
                )  # fmt: skip
                await stack.enter_async_context(forwarder)
            await clock.sleep(2 * INTERVAL_S)
            counts = await oracle.counts()
            assert counts["beacon"]["valid"] >= 2, counts
            assert counts["witness"]["valid"] >= 2, counts
            for app in apps:
                await check(app)

    simulated(main)


async def check(app: App) -> None:
    beacons = await app.agent.stores.beacons.page()
    witnesses = await app.agent.stores.witnesses.page()
    assert beacons.rows
    assert witnesses.rows
    assert {row.state for row in beacons.rows} | {row.state for row in witnesses.rows} == {ReportState.DELIVERED}
    assert app.agent.operator.status().state is DeviceState.UP
    (log,) = app.agent.evidence
    assert await log.find(EntryKind.SESSION_INIT)
    assert await log.find(EntryKind.SESSION_OFFER)
