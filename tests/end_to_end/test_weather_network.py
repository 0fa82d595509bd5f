"""No names, a network that comes and goes, a device that floods, a hostile neighbour: the agent lives and tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

from skerry_agent.background import Background
from skerry_agent.settings.edit import set_in_file
from skerry_agent.settings.setting import Setting
from skerry_agent.settings.table import (
    API_PORT,
    GWMP_LISTEN,
    OPERATOR_CONFIG,
    OPERATOR_ENTROPY,
    OPERATOR_INGEST,
    OPERATOR_KEY,
    REGION,
    TIME_TRUSTED,
)
from skerry_agent.store.devices import MAX_DEVICES
from skerry_client import calls
from skerry_client.http import AgentClient
from skerry_client.paths import choose_paths
from skerry_core.clock import SystemClock, io_timeout
from skerry_keys.public_key import PublicKey
from skerry_oracle.services.server import OracleServer
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_testing.agents import AgentProcess, FastClock, begin_fast_time, free_udp_port
from skerry_testing.flapping import FlappingProxy
from skerry_testing.gwmp import pull_data, push_data
from skerry_testing.kill_loop import LoadedDevice
from skerry_testing.oracle import make_oracle, signer
from skerry_testing.village import Village
from skerry_testing.weather import until

FLAPPING_S = 4.0
DRAINED_S = 40.0
FLOOD = 30_000
STRANGERS = 500


@asynccontextmanager
async def hotspot(
    folder: Path, *, operator: str = "", port: int = 0
) -> AsyncIterator[tuple[AgentProcess, AgentClient]]:
    """Run an agent whose operator is at an address, with the village's first key, thirty times as fast as time."""
    paths = choose_paths(folder, environ={})
    paths.create()
    begin_fast_time(folder)
    paths.gateway_key.write_bytes(Village(1).people[0].gateway.to_key_file())
    paths.gateway_key.chmod(0o600)
    values: list[tuple[Setting[Any], Any]] = [
        (GWMP_LISTEN, f"127.0.0.1:{port or free_udp_port()}"),
        (API_PORT, 0),
        (REGION, "EU868"),
        (TIME_TRUSTED, True),
    ]  # fmt: skip
    if operator:
        values += [(setting, operator) for setting in (OPERATOR_INGEST, OPERATOR_ENTROPY, OPERATOR_CONFIG)]
        values.append((OPERATOR_KEY, PublicKey.from_binary(signer("oracle").public_key).address))
    for setting, value in values:
        set_in_file(paths.config, setting, value)
    agent = AgentProcess(folder)
    try:
        await agent.ready()
        async with agent.client() as client:
            yield agent, client
    finally:
        code = agent.stop()
    assert code == 0, agent.log()[-3000:]


async def test_a_name_that_nobody_knows_is_told_and_everything_else_works(tmp_path: Path) -> None:
    port = free_udp_port()
    async with (
        hotspot(tmp_path, operator="http://no-such-host.invalid:9081", port=port) as (_, client),
        Background() as load,
    ):
        load.start(LoadedDevice(port).play(), name="load")
        status = await until(client, lambda status: status.operator.state == "down" and status.devices.up == 1)
        assert "Not connected" in status.operator.reason
        assert status.state == "down"
        assert "operator cannot be reached" in status.summary
        async with io_timeout(DRAINED_S):
            while not sum(one.waiting for one in (await client.call(calls.outbox())).items):
                await SystemClock().sleep(0.05)


async def test_over_a_flapping_network_every_report_arrives_and_counts_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    begin_fast_time(home)
    clock = FastClock(home, system=SystemClock())
    oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
    await oracle.open()
    await Village(1).join(oracle.registry)
    port = free_udp_port()
    async with (
        OracleServer(oracle, addresses=["127.0.0.1:0"]) as server,
        FlappingProxy.open(server.ports[0]) as proxy,
        hotspot(home, operator=f"http://127.0.0.1:{proxy.port}", port=port) as (_, client),
    ):
        async with Background() as load:
            load.start(LoadedDevice(port).play(), name="load")
            status = await until(client, lambda status: status.operator.state == "down")
            assert "operator cannot be reached" in status.summary
            await SystemClock().sleep(FLAPPING_S)
        proxy.flaps = False
        await until(client, lambda status: status.operator.state == "up")
        async with io_timeout(DRAINED_S):
            while (await client.call(calls.outbox())).items:
                await SystemClock().sleep(0.1)
        witnesses = (await client.call(calls.witnesses(limit=500))).items
    # What is sent again long after its receipt is kept as a copy, which can never become valid.
    rows = await oracle.database.fetch("SELECT count(*), count(DISTINCT content_id) FROM reports WHERE is_copy = 0")
    await oracle.close()
    assert proxy.cuts > 3
    assert len(witnesses) > 10
    assert {one.state for one in witnesses} == {"delivered"}
    assert rows[0] == (len(witnesses), len(witnesses))


async def test_a_device_that_floods_costs_frames_and_not_the_agent(tmp_path: Path) -> None:
    port = free_udp_port()
    async with hotspot(tmp_path, port=port) as (_, client):
        await _radio_side(port)
        await asyncio.to_thread(_flood, port)
        # What was too much is counted where it was dropped, or never reached the socket's buffer.
        status = await until(
            client,
            lambda status: status.devices.up == 1 and status.path[0].passed + status.path[0].stopped > 1000,
        )
        assert status.state == "up"
        assert status.path[0].passed > 0
        assert status.path[0].reason in {"queue_full", None}


async def _radio_side(port: int) -> None:
    """Return at the first PULL_ACK: an agent answers its API a moment before it hears its radios."""
    with socket(AF_INET, SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.setblocking(False)
        async with io_timeout(DRAINED_S):
            while True:
                try:
                    sock.send(pull_data())
                    await SystemClock().sleep(0.05)
                    sock.recv(64)
                    return
                except OSError:
                    await SystemClock().sleep(0.05)


def _flood(port: int) -> None:
    device = LoadedDevice(port)
    with socket(AF_INET, SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        for number in range(FLOOD):
            sock.send(push_data({"rxpk": [device.frame(number + 1)]}, token=number & 0xFFFF))


async def test_a_hostile_neighbour_on_the_udp_port_is_counted_and_survived(tmp_path: Path) -> None:
    port, random = free_udp_port(), Random(7)
    async with hotspot(tmp_path, port=port) as (agent, client):
        await _radio_side(port)
        with socket(AF_INET, SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            for _ in range(STRANGERS):
                sock.send(random.randbytes(random.randint(0, 200)))
                sock.send(b"\x02\x00\x01\x00" + random.randbytes(8) + random.randbytes(random.randint(0, 100)))
                sock.send(push_data(b'{"rxpk":' + b"[" * random.randint(1, 2000), eui=random.randbytes(8)))
                sock.send(push_data({"rxpk": [{"data": "!", "freq": 1e308}]}, eui=random.randbytes(8)))
            await SystemClock().sleep(0.5)
        async with Background() as load:
            load.start(LoadedDevice(port).play(), name="load")
            status = await until(client, lambda status: status.devices.up >= 1 and status.path[0].passed > 10)
        assert agent.process.is_alive()
        assert status.devices.up + status.devices.down + status.devices.unknown <= MAX_DEVICES
        assert "Traceback" not in agent.log()
