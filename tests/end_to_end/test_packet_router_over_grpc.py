"""A hotspot, the packet router and a LoRaWAN network server, all over loopback: uplinks out, downlinks back."""

import asyncio
import base64
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from skerry_agent.grpc_client.router import PacketRouterClient
from skerry_coverage.lorawan.routing import Route
from skerry_firmware_bridge.gwmp.datagram import Datagram, Kind
from skerry_keys.lns_mac import lns_mac
from skerry_keys.public_key import PublicKey
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_oracle.services.packets import PacketService
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.lying_operator import until
from skerry_testing.oracle import START_S, SeededRandom, make_oracle, signer, simulated
from skerry_testing.village import Village
from skerry_wire.frames import Crc, ReceivedFrame
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1

UPLINK = (
    bytes.fromhex("40") + bytes.fromhex("78000001")[::-1] + bytes.fromhex("000100") + b"\x01" + b"payload" + b"MIC!"
)
STRAY = UPLINK[:1] + bytes.fromhex("11000001")[::-1] + UPLINK[5:]
DOWNLINK = {
    "imme": False, "tmst": 1_000_007, "freq": 868.1, "rfch": 0, "powe": 14, "modu": "LORA", "datr": "SF9BW125",
    "codr": "4/5", "ipol": True, "size": 3, "data": base64.b64encode(b"abc").decode(),
}  # fmt: skip


class NetworkServer(asyncio.DatagramProtocol):
    """A LoRaWAN network server's packet port: remembers datagrams, answers the first uplink with a downlink."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[Datagram] = asyncio.Queue()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        datagram = Datagram.from_bytes(data)
        self.got.put_nowait(datagram)
        if datagram.kind is Kind.PUSH_DATA:
            body = json.dumps({"txpk": DOWNLINK}).encode()
            self.transport.sendto(Datagram(kind=Kind.PULL_RESP, token=9, body=body).to_bytes(), addr)

    async def next(self, kind: Kind) -> Datagram:
        while (datagram := await self.got.get()).kind is not kind:
            pass
        return datagram


def frame(clock: SimulatedClock, phy: bytes) -> ReceivedFrame:
    return ReceivedFrame(
        phy=phy,
        frequency_hz=868_100_000,
        datarate="SF9BW125",
        rssi_dbm=-91,
        snr_db=7.5,
        tmst_us=7,
        crc=Crc.OK,
        received_wall_ns=clock.wall_ns(),
        received_monotonic_ns=clock.monotonic_ns(),
        source="test",
    )


def test_an_uplink_reaches_its_network_server_and_the_downlink_comes_back(tmp_path: Path) -> None:
    downlinks: asyncio.Queue[packet_router_packet_down_v1] = asyncio.Queue()

    async def main(clock: SimulatedClock) -> None:
        server = NetworkServer()
        with clock.hold("test"):
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: server, local_addr=("127.0.0.1", 0)
            )
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        village = Village(1)
        await village.join(oracle.registry)
        router, gateway = PacketRouter(oracle), village.people[0].gateway
        route = Route(id="r1", oui=7, net_id=0x3C, max_copies=1, dev_addr_ranges=((0x78000000, 0x78000007),))
        port = transport.get_extra_info("sockname")[1]
        await router.book.put(
            RouteRecord(route=route, server=GwmpServer(host="127.0.0.1", port=1, ports={"EU868": port}))
        )
        await router.open()
        service = PacketService(oracle, router=router, gate=StreamGate())
        async with (
            OracleServer(oracle, addresses=["127.0.0.1:0"], handlers=[service.handler()]) as grpc_server,
            asyncio.TaskGroup() as group,
        ):
            client = PacketRouterClient(
                f"127.0.0.1:{grpc_server.ports[0]}",
                signer=gateway,
                clock=clock,
                random_bytes=SeededRandom("router"),
                random=Random(1),
                on_downlink=downlinks.put,
            )
            await client.send(frame(clock, UPLINK), region="EU868")  # kept until there is a session
            await client.send(frame(clock, STRAY), region="EU868")  # nobody's device
            running = group.create_task(client.run())
            with clock.hold("test"):
                push = await server.next(Kind.PUSH_DATA)
                downlink = await downlinks.get()
                assert (await server.next(Kind.TX_ACK)).body == b'{"txpk_ack":{"error":"NONE"}}'
            assert push.eui == lns_mac(PublicKey(gateway.public_key))
            rxpk = json.loads(push.body)["rxpk"][0]
            assert (rxpk["freq"], rxpk["rssi"], rxpk["datr"]) == (868.1, -91, "SF9BW125")
            assert base64.b64decode(rxpk["data"]) == UPLINK
            assert rxpk["meta"]["gateway_id"] == PublicKey(gateway.public_key).address
            assert (downlink.payload, downlink.rx1.timestamp, downlink.rx1.frequency) == (
                b"abc",
                1_000_007,
                868_100_000,
            )
            with clock.hold("test"):
                while not (usage := await oracle.packets.usage(oracle.driver.current.epoch)):
                    await asyncio.to_thread(lambda: None)
            assert usage == {7: (1, 1)}  # one packet of 20 bytes is one data credit
            assert client.connected
            running.cancel()
            await client.close()
        router.close()
        transport.close()
        await oracle.close()

    simulated(main, start_s=START_S + 1)


@pytest.mark.parametrize("reason", ["gateway_not_found", "bad_signature"])
def test_a_stranger_is_refused_and_keeps_its_packets(tmp_path: Path, reason: str) -> None:
    async def main(clock: SimulatedClock) -> None:
        oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
        await oracle.open()
        router = PacketRouter(oracle)
        service = PacketService(oracle, router=router, gate=StreamGate())
        stranger = signer("stranger")
        if reason == "bad_signature":
            stranger.sign_helium = lambda message: b"x" * 64  # type: ignore[method-assign]
        async with (
            OracleServer(oracle, addresses=["127.0.0.1:0"], handlers=[service.handler()]) as server,
            asyncio.TaskGroup() as group,
        ):
            client = PacketRouterClient(
                f"127.0.0.1:{server.ports[0]}",
                signer=stranger,
                clock=clock,
                random_bytes=SeededRandom("router"),
                random=Random(1),
                on_downlink=asyncio.Queue[packet_router_packet_down_v1]().put,
            )
            running = group.create_task(client.run())
            await until(lambda: client.last_error is not None, clock)
            assert reason in (client.last_error or "")
            running.cancel()
            await client.close()
        assert (await oracle.counts())["packet"][reason] >= 1
        router.close()
        await oracle.close()

    simulated(main)
