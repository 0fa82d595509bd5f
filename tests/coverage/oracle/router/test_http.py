"""Uplinks to a network server over real HTTP, its downlinks back, and what happens when it fails or lies."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skerry_keys.lns_mac import lns_mac
from skerry_keys.public_key import PublicKey
from skerry_oracle.admin.server import serving
from skerry_oracle.embedded import EmbeddedOracle
from skerry_oracle.limits import RateLimiter
from skerry_oracle.router.roaming import Copy, prstart_req, read_downlink
from skerry_oracle.router.roaming_errors import RoamingRejected
from skerry_oracle.router.roaming_listener import roaming_app
from skerry_oracle.router.roaming_token import UplinkToken
from skerry_oracle.router.router import PacketRouter
from skerry_oracle.router.routes import RouteRecord
from skerry_oracle.router.servers import HttpServer
from skerry_oracle.store.sqlite import SqliteDatabase
from skerry_simulate.clock import SimulatedClock
from skerry_testing.house import ROUTE
from skerry_testing.oracle import START_S, make_oracle, simulated
from skerry_testing.roaming_server import RoamingServer, roaming_server
from skerry_testing.runtime import UPLINK, frame
from skerry_testing.village import Village
from skerry_wire.generated.packet_router_pb2 import packet_router_packet_down_v1
from skerry_wire.uplink import packet_up

JOIN_ACCEPT = {
    "ProtocolVersion": "1.0", "MessageType": "PRStartAns", "SenderID": "0x00003C", "ReceiverID": "0xC00053",
    "Result": {"ResultCode": "Success"}, "PHYPayload": "0x20" + "AB" * 16, "DevEUI": "0x0000000000000001",
    "DLMetaData": {"DLFreq1": 868.1, "DataRate1": 3, "DLFreq2": 869.525, "DataRate2": 0},
}  # fmt: skip
SECRET = b"s" * 32


class Bench:
    """An oracle with two hotspots whose only route leads to the HTTP server."""

    def __init__(
        self, clock: SimulatedClock, oracle: EmbeddedOracle, router: PacketRouter, gateways: list[bytes]
    ) -> None:
        self.clock = clock
        self.oracle = oracle
        self.router = router
        self.gateways = gateways
        self.downlinks: list[packet_router_packet_down_v1] = []

    def take(self, downlink: packet_router_packet_down_v1) -> bool:
        self.downlinks.append(downlink)
        return True

    async def carry(self, index: int, *, last: int = 0, rssi_dbm: int = -100) -> tuple[str, ...]:
        gateway = self.gateways[index]
        heard = frame(UPLINK[:-1] + bytes([last]), clock=self.clock, rssi_dbm=rssi_dbm)
        packet = packet_up(heard, gateway=gateway, region="EU868", hold_ms=0)
        routed = await self.router.uplinks.route(packet, gateway=gateway, signer=None)
        return routed.route_ids


@asynccontextmanager
async def bench(folder: Path, clock: SimulatedClock, lns: RoamingServer, **server: Any) -> AsyncIterator[Bench]:
    oracle = make_oracle(SqliteDatabase(folder / "oracle.db", clock=clock), clock)
    await oracle.open()
    router = PacketRouter(oracle)
    await router.open()
    await router.book.put(RouteRecord(route=ROUTE, server=HttpServer(url=lns.url, **server)))
    village = Village(2)
    await village.join(oracle.registry)
    made = Bench(clock, oracle, router, [person.gateway.public_key for person in village.people])
    router.downlinks.attach(made.gateways[0], made.take)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(router.run())
        yield made
        running.cancel()
    router.close()
    await oracle.close()


def test_the_copies_of_an_uplink_go_out_as_one_message_and_the_answer_comes_back(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with roaming_server() as lns, bench(tmp_path, clock, lns, auth_header="Bearer abc") as on:
            lns.answer = JOIN_ACCEPT
            assert await on.carry(1, rssi_dbm=-110) == ("test",)
            assert await on.carry(0, rssi_dbm=-90) == ("test",)
            await clock.sleep(1)
            (message,), (headers,) = lns.messages, lns.headers
            assert headers["Authorization"] == "Bearer abc"
            assert (message["MessageType"], message["ReceiverID"]) == ("PRStartReq", "0x00003C")
            assert message["PHYPayload"] == "0x" + (UPLINK[:-1] + b"\x00").hex().upper()
            details = message["ULMetaData"]
            assert (details["GWCnt"], details["DataRate"], details["ULFreq"]) == (2, 3, 868.1)
            assert details["DevAddr"] == "0x78000100"
            macs = [f"0x{lns_mac(PublicKey(key)).hex().upper()}" for key in on.gateways]
            assert [one["ID"] for one in details["GWInfo"]] == macs[::-1]
            (downlink,) = on.downlinks  # of the hotspot that heard it best
            assert downlink.payload == bytes.fromhex("20" + "ab" * 16)
            assert downlink.rx1.timestamp == 1_000_000 + 5_000_000
            assert downlink.rx2.timestamp == 1_000_000 + 6_000_000
            assert (downlink.rx1.frequency, downlink.rx2.frequency) == (868_100_000, 869_525_000)
            usage = await on.oracle.packets.usage(on.oracle.driver.current.epoch)
            assert usage == {1: (2, 2)}

    simulated(main, start_s=START_S + 1)


def test_a_server_that_fails_is_asked_twice_then_left_alone_for_longer_and_longer(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with roaming_server() as lns, bench(tmp_path, clock, lns, dedupe_timeout_ms=0) as on:
            lns.status = 503
            assert await on.carry(0, last=1) == ("test",)
            await clock.sleep(0.9)
            assert len(lns.messages) == 2
            assert await on.carry(0, last=2) == ()  # left alone, and so not paid for
            await clock.sleep(1)
            assert await on.carry(0, last=3) == ("test",)
            await clock.sleep(1.5)
            assert await on.carry(0, last=4) == ()
            await clock.sleep(1)
            lns.status = 200
            assert await on.carry(0, last=5) == ("test",)
            await clock.sleep(1)
            assert await on.carry(0, last=6) == ("test",)
            await clock.sleep(1)
            assert len(lns.messages) == 6

    simulated(main, start_s=START_S + 1)


def test_a_slow_server_is_cut_off_and_a_redirect_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skerry_oracle.router.http.POST_TIMEOUT_S", 0.05)

    async def main(clock: SimulatedClock) -> None:
        deaf = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
        with closing(deaf):
            await fail_twice(clock, f"http://127.0.0.1:{deaf.getsockname()[1]}/")

    async def fail_twice(clock: SimulatedClock, address: str) -> None:
        async with roaming_server() as lns, bench(tmp_path, clock, lns, dedupe_timeout_ms=0) as on:
            await on.router.book.put(RouteRecord(route=ROUTE, server=HttpServer(url=address, dedupe_timeout_ms=0)))
            assert await on.carry(0, last=1) == ("test",)
            await clock.sleep(0.9)
            assert await on.carry(0, last=2) == ()
            async with roaming_server() as elsewhere:
                lns.location = elsewhere.url
                server = HttpServer(url=lns.url, dedupe_timeout_ms=0, auth_header="Bearer abc")
                await on.router.book.put(RouteRecord(route=ROUTE, server=server))
                assert await on.carry(0, last=3) == ("test",)
                await clock.sleep(0.9)
                assert await on.carry(0, last=4) == ()
                assert not elsewhere.messages

    simulated(main, start_s=START_S + 1)


def test_a_server_sends_downlinks_of_its_own_accord_with_a_token_of_ours_only(tmp_path: Path) -> None:
    async def main(clock: SimulatedClock) -> None:
        async with roaming_server() as lns, bench(tmp_path, clock, lns, is_async=True) as on:
            lns.answer = JOIN_ACCEPT  # in the asynchronous flow nobody looks at this
            await on.carry(0)
            await clock.sleep(1)
            assert not on.downlinks
            token = lns.messages[0]["ULMetaData"]["FNSULToken"]
            limiter = RateLimiter(clock=clock, per_s=1, burst=4, max_keys=1)
            app = roaming_app(on.router.downlinks, secret=on.router.http.secret, limiter=limiter)
            async with serving(app, "127.0.0.1:0", "--roaming") as port, aiohttp.ClientSession() as session:

                async def send(token: str, body: bytes | None = None) -> tuple[int, Any]:
                    request = {
                        "ProtocolVersion": "1.0", "MessageType": "XmitDataReq", "SenderID": "0x00003C",
                        "TransactionID": 7, "PHYPayload": "0x60AABB",
                        "DLMetaData": {"ClassMode": "A", "FNSULToken": token, "DataRate1": 5, "DLFreq1": 868.3,
                                       "RXDelay1": 0},
                    }  # fmt: skip
                    given = {"data": body} if body is not None else {"json": request}
                    with clock.hold("test"):
                        async with session.post(f"http://127.0.0.1:{port}/", **given) as answer:
                            return answer.status, await answer.json(content_type=None)

                status, answer = await send(token)
                assert status == 200
                assert (answer["MessageType"], answer["TransactionID"], answer["DLFreq1"]) == ("XmitDataAns", 7, 868.3)
                assert on.downlinks[0].rx1.timestamp == 2_000_000
                forged = "0x" + ("00" * 16) + token[34:]
                assert (await send(forged))[0] == 403
                assert (await send(token, b"{"))[0] == 400
                on.router.downlinks.detach(on.gateways[0], on.take)
                assert (await send(token))[0] == 404
                assert (await send(token))[0] == 429
            assert len(on.downlinks) == 1

    simulated(main, start_s=START_S + 1)


def test_class_c_goes_out_at_once_and_nothing_is_nothing() -> None:
    token = UplinkToken(gateway=b"\x01" * 33, region="US915", tmst_us=(1 << 32) - 1).to_text(SECRET)
    details = {"ClassMode": "C", "FNSULToken": token, "DLFreq2": 923.3, "DataRate2": 8, "RXDelay1": 1}
    message = {"MessageType": "XmitDataReq", "PHYPayload": "60AA", "DLMetaData": details}
    downlink = read_downlink(message, secret=SECRET)
    assert downlink is not None
    assert downlink.packet.rx1.immediate
    assert downlink.gateway == b"\x01" * 33
    refused = {"MessageType": "PRStartAns", "Result": {"ResultCode": "NoRoamingAgreement"}}
    assert read_downlink(refused, secret=SECRET) is None
    for wrong in ({"DataRate2": 7}, {"DLFreq2": -1}, {"RXDelay1": 99}, {"FNSULToken": "0x00"}, {"DLFreq2": True}):
        with pytest.raises(RoamingRejected):
            read_downlink(message | {"DLMetaData": details | wrong}, secret=SECRET)


def test_a_counter_near_its_end_wraps_around() -> None:
    token = UplinkToken(gateway=b"\x01" * 33, region="EU868", tmst_us=(1 << 32) - 1).to_text(SECRET)
    details = {"ClassMode": "A", "FNSULToken": token, "DLFreq1": 868.1, "DataRate1": 0, "RXDelay1": 1}
    message = {"MessageType": "XmitDataReq", "PHYPayload": "60AA", "DLMetaData": details}
    downlink = read_downlink(message, secret=SECRET)
    assert downlink is not None
    assert downlink.packet.rx1.timestamp == 999_999


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["MessageType", "Result", "ResultCode", "DLMetaData", "PHYPayload", "FNSULToken", "DLFreq1", "DataRate1"]
    ), inner, max_size=6),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200)
@given(JSON, st.sampled_from(["PRStartAns", "XmitDataReq"]))
def test_whatever_a_server_sends_gives_an_error_of_ours_at_most(content: Any, kind: str) -> None:
    message = content | {"MessageType": kind} if isinstance(content, dict) else content
    with suppress(RoamingRejected):
        assert read_downlink(message, secret=SECRET) is None


def test_a_data_rate_without_a_number_is_not_sent() -> None:
    packet = packet_up(frame(UPLINK), gateway=b"\x01" * 33, region="UNKNOWN", hold_ms=0)
    with pytest.raises(RoamingRejected, match="datarate"):
        prstart_req(
            [Copy(packet=packet, received_ms=0)], net_id=0, transaction=1, dedupe_ms=0, receiver_nsid="", secret=SECRET
        )
