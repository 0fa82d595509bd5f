"""A hotspot made of npm's @grpc/grpc-js, @helium/proto and @helium/crypto talks to the oracle over loopback."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from skerry_core.clock import SystemClock, io_timeout
from skerry_coverage.lorawan.routing import Route
from skerry_keys.public_key import PublicKey
from skerry_keys.software import SoftwareSigner
from skerry_keys.tag import KeyType
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import GwmpServer
from skerry_oracle.services.packets import PacketService
from skerry_oracle.services.server import OracleServer
from skerry_oracle.services.streams import StreamGate
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_radio.regions import region_params
from skerry_testing.network_server import PacketPort, packet_port
from skerry_testing.node import need_node
from skerry_testing.oracle import SeededRandom, make_oracle, place, registration, signer

pytestmark = pytest.mark.peers

SCRIPT = Path(__file__).parents[1] / "peers" / "hotspot.cjs"
LIMIT_S = 60
CELL = "8c1f006863755ff"
DEV_ADDR = 0x78000001
DOWNLINK = b"\x60" + DEV_ADDR.to_bytes(4, "little") + b"\x00\x01\x00MIC!"
REFUSED = "INVALID_ARGUMENT"


def uplink(count: int) -> bytes:
    return b"\x40" + DEV_ADDR.to_bytes(4, "little") + b"\x00" + count.to_bytes(2, "little") + b"\x01payloadMIC!"


async def join(oracle: EmbeddedOracle, gateway: SoftwareSigner) -> None:
    owner = signer("owner")
    record, by_gateway, by_owner = registration(gateway, owner)
    await oracle.registry.register(record, gateway_signature=by_gateway, owner_signature=by_owner)
    location, signature = place(gateway, owner, cell=CELL, gain=12)
    await oracle.registry.assert_location(location, owner_signature=signature)
    await oracle.registry.admit(gateway.public_key, by="test")


async def packet_service(oracle: EmbeddedOracle, router: PacketRouter, lns: PacketPort) -> PacketService:
    route = Route(id="farm", oui=7, net_id=0x3C, max_copies=1, dev_addr_ranges=((0x78000000, 0x78000007),))
    await router.book.put(RouteRecord(route=route, server=GwmpServer(host="127.0.0.1", port=lns.port, ports={})))
    await router.open()
    return PacketService(oracle, router=router, gate=StreamGate())


async def node(question: dict[str, Any]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        "node", str(SCRIPT), json.dumps(question), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with io_timeout(LIMIT_S):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    answer: dict[str, Any] = json.loads(out)
    return answer


@pytest.mark.parametrize("key_type", [KeyType.ED25519, KeyType.ECC_COMPACT])
async def test_a_javascript_hotspot_joins_reports_and_routes(tmp_path: Path, key_type: KeyType) -> None:
    need_node("@grpc/grpc-js", "@helium/address", "@helium/crypto", "@helium/proto", "protobufjs")
    clock = SystemClock()
    gateway = SoftwareSigner.generate(SeededRandom("javascript"), key_type=key_type)
    oracle = make_oracle(SqliteDatabase(tmp_path / "oracle.db", clock=clock), clock)
    await oracle.open()
    await join(oracle, gateway)
    router = PacketRouter(oracle)
    async with packet_port(downlink=DOWNLINK) as lns:
        packets = await packet_service(oracle, router, lns)
        async with OracleServer(oracle, addresses=["127.0.0.1:0"], handlers=[packets.handler()]) as server:
            answer = await node(
                {
                    "oracle": f"127.0.0.1:{server.ports[0]}",
                    "config_key": PublicKey(oracle.signer.public_key).address,
                    "key_file": gateway.to_key_file().hex(),
                    "uplinks": [uplink(1).hex(), uplink(2).hex()],
                    "payload": bytes(range(51)).hex(),
                }
            )
        assert [lns.uplinks.get_nowait()["rssi"] for _ in range(2)] == [-91, -91]
    router.close()

    assert answer["gateway"] == PublicKey(gateway.public_key).address
    assert answer["entropy"]["bytes"] == 32
    assert answer["entropy"]["ageS"] < 600
    channels = list(region_params("EU868").channels_hz)
    assert answer["region"] == {
        "region": 1, "channels": channels, "gain": 12, "signed": True, "signedAfterAChange": False,
    }  # fmt: skip
    assert answer["forgedRegion"] == f"{REFUSED} bad_signature"
    assert abs(answer["ingest"].pop("single") - clock.wall_ms()) < LIMIT_S * 1000
    assert answer["ingest"] == {
        "session": "OK ", "wrongNonce": f"{REFUSED} bad_nonce", "gatewayKeyInSession": f"{REFUSED} bad_signature",
    }  # fmt: skip
    for way in ("routed", "routedWithoutSession"):
        assert answer[way] == {"payload": DOWNLINK.hex(), "tmst": 2_000_007, "end": "OK "}
    assert await oracle.reports.counts() == {"beacon": 2, "witness": 1}
    counts = await oracle.counts()
    assert (counts["stream"], counts["config"]) == ({"bad_nonce": 1, "bad_signature": 1}, {"bad_signature": 1})
    await oracle.close()
