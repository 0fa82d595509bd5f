"""Uplinks of the operator's own hotspots take its stored routes: delivered, each copy counted once, answered."""

import asyncio
import base64
from pathlib import Path

import pytest

from skerry_agent.operator.router import EmbeddedRouter
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import ROUTE
from skerry_testing.network_server import PacketPort, packet_port
from skerry_testing.oracle import START_S, make_oracle, signer, simulated
from skerry_testing.runtime import UPLINK, frame
from skerry_testing.village import Village
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1

REGION = "EU868"
DOWNLINK = b"\x60downlink"


class Bench:
    """An oracle, its router with one stored route, and the network server at its end."""

    def __init__(self, oracle: EmbeddedOracle, router: PacketRouter, lns: PacketPort) -> None:
        self.oracle = oracle
        self.router = router
        self.lns = lns

    @classmethod
    async def open(cls, folder: Path, clock: SimulatedClock, lns: PacketPort) -> "Bench":
        oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock)
        await oracle.open()
        router = PacketRouter(oracle)
        await router.open()
        return cls(oracle, router, lns)

    async def add_route(self) -> None:
        await self.router.book.put(RouteRecord(route=ROUTE, server=GwmpServer(host="127.0.0.1", port=self.lns.port)))

    async def credits(self) -> dict[bytes, int]:
        return await self.oracle.packets.data_credits(self.oracle.driver.current.epoch)

    async def close(self) -> None:
        self.router.close()
        await self.oracle.close()


def test_copies_are_delivered_up_to_the_routes_limit_and_strangers_are_not(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with packet_port(downlink=DOWNLINK) as lns:
            bench = await Bench.open(tmp_path, clock, lns)
            await bench.add_route()
            village = Village(3)
            await village.join(bench.oracle.registry)
            hotspots = [person.gateway.public_key for person in village.people]
            agent = EmbeddedRouter(bench.oracle, bench.router, peer="test")
            taken = [await agent.carry(one, frame(clock=clock), packet_id="p", region=REGION) for one in hotspots]
            assert taken == [True, True, False]
            foreign = UPLINK[:1] + bytes.fromhex("00000026") + UPLINK[5:]
            assert not await agent.carry(hotspots[0], frame(foreign, clock=clock), packet_id="q", region=REGION)
            assert not await agent.carry(hotspots[0], frame(b"\xff", clock=clock), packet_id="r", region=REGION)
            stranger = signer("stranger").public_key
            assert not await agent.carry(stranger, frame(clock=clock), packet_id="s", region=REGION)
            assert await bench.credits() == {hotspots[0]: 1, hotspots[1]: 1}
            await clock.sleep(1)
            assert [base64.b64decode(lns.uplinks.get_nowait()["data"]) for _ in range(2)] == [UPLINK] * 2
            assert lns.uplinks.empty()
            counts = await bench.oracle.counts()
            assert counts["packet"] == {"gateway_not_found": 1, "invalid_packet_type": 1}
            await bench.close()

    simulated(main, start_s=START_S + 1)


def test_a_route_counts_from_the_next_packet_on_and_ends_with_its_removal(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with packet_port(downlink=DOWNLINK) as lns:
            bench = await Bench.open(tmp_path, clock, lns)
            village = Village(1)
            await village.join(bench.oracle.registry)
            gateway = village.people[0].gateway.public_key
            agent = EmbeddedRouter(bench.oracle, bench.router, peer="test")
            taken: list[bool] = []
            for step in (None, bench.add_route(), bench.router.book.delete(ROUTE.id)):
                if step is not None:
                    await step
                phy = UPLINK[:-1] + bytes([len(taken)])
                taken.append(await agent.carry(gateway, frame(phy, clock=clock), packet_id=str(phy), region=REGION))
            assert taken == [False, True, False]
            await bench.close()

    simulated(main, start_s=START_S + 1)


def test_the_same_packet_of_the_same_hotspot_is_one_row_across_a_restart(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with packet_port(downlink=DOWNLINK) as lns:
            for number in range(2):  # a restart forgets the copies, the table and the routes are there
                bench = await Bench.open(tmp_path, clock, lns)
                village = Village(1)
                if number == 0:
                    await village.join(bench.oracle.registry)
                    await bench.add_route()
                gateway = village.people[0].gateway.public_key
                agent = EmbeddedRouter(bench.oracle, bench.router, peer="test")
                assert await agent.carry(gateway, frame(clock=clock), packet_id="p", region=REGION)
                assert await bench.credits() == {gateway: 1}
                await bench.close()

    simulated(main, start_s=START_S + 1)


def test_the_network_servers_answer_reaches_the_agent_until_it_closes(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        got: asyncio.Queue[packet_router_packet_down_v1] = asyncio.Queue()
        async with packet_port(downlink=DOWNLINK) as lns:
            bench = await Bench.open(tmp_path, clock, lns)
            await bench.add_route()
            village = Village(1)
            await village.join(bench.oracle.registry)
            gateway = village.people[0].gateway.public_key
            agent = EmbeddedRouter(bench.oracle, bench.router, peer="test")
            async with asyncio.TaskGroup() as group:
                running = group.create_task(agent.run(got.put))
                assert await agent.carry(gateway, frame(clock=clock), packet_id="p", region=REGION)
                await clock.sleep(1)
                running.cancel()
            assert got.get_nowait().payload == DOWNLINK
            assert b"NONE" in lns.tx_acks.get_nowait()
            agent.close()
            other = UPLINK[:-1] + b"\x00"
            assert await EmbeddedRouter(bench.oracle, bench.router, peer="b").carry(
                gateway, frame(other, clock=clock), packet_id="o", region=REGION
            )
            await clock.sleep(1)
            with pytest.raises(asyncio.QueueEmpty):
                got.get_nowait()
            await bench.close()

    simulated(main, start_s=START_S + 1)
